package store

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/oklog/ulid/v2"
)

// A million ids, from a clock that runs, stands, and jumps to anywhere, by a mint
// that is made anew from its last id now and then, as after a restart, and that
// is put before the end of a millisecond's ids, of a byte and of all there are but
// some: each is greater than the one before.
func TestMint_neverFalls(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	const ids, perCourse = 1_000_000, 1000 // a far jump forward would leave the clock behind for all that follow
	carries, overflows, restarts, behind := 0, 0, 0, 0
	for range ids / perCourse {
		m := newMint(ID{}, [32]byte{})
		now := int64(1_700_000_000_000)
		for i := range perCourse {
			switch rnd.IntN(12) {
			case 0, 1, 2:
				now += rnd.Int64N(3)
			case 3:
				now -= rnd.Int64N(1 << rnd.IntN(40))
			case 4:
				now += rnd.Int64N(1 << rnd.IntN(30))
			case 5: // anywhere, before 1970 and behind the last time of an id
				if rnd.IntN(50) == 0 {
					now = rnd.Int64() - rnd.Int64()
				} else {
					now = 1_700_000_000_000 + rnd.Int64N(1_000_000)
				}
			case 6:
				if rnd.IntN(10) == 0 && m.last.Time() < ulid.MaxTime() { // that many are left of the millisecond
					for j := 6 + rnd.IntN(10)*rnd.IntN(2); j < len(m.last); j++ {
						m.last[j] = 0xff
					}
					now = int64(m.last.Time())
				}
			case 7:
				if rnd.IntN(10) == 0 {
					m = newMint(m.last, [32]byte{byte(i)})
					restarts++
				}
			}
			last, was := m.last, now
			if now <= int64(last.Time()) {
				behind++
			}
			id := m.next(now)
			if bytes.Compare(id[:], last[:]) <= 0 {
				t.Fatalf("id %s after %s, at %d", id, last, was)
			}
			if last[15] == 0xff && id[14] == last[14]+1 {
				carries++
			}
			if id.Time() > last.Time() && int64(id.Time()) != now {
				overflows++
			}
		}
	}
	t.Logf("%d ids, %d with a clock that was not ahead, %d carries, %d overflows of a millisecond, %d restarts", ids, behind, carries, overflows, restarts)
	if behind < ids/10 || carries < 1000 || overflows < 100 || restarts < 1000 {
		t.Error("void: too little of what is hard has come")
	}
}
