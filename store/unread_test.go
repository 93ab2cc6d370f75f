package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/roomlog/chat/store"
)

// A posted is a message as the reference knows it.
type posted struct {
	store.Record
	hidden bool
}

// countOthers is the definition of Snapshot.CountOthers.
func countOthers(all []*posted, room store.Room, after store.ID, user string, atMost int) (n int) {
	for _, m := range all {
		if m.Room == room.ID && m.ID.Compare(after) > 0 && m.ID.Compare(room.Floor) > 0 && m.UserID != user && !m.hidden {
			n++
		}
	}
	return min(n, atMost)
}

// checkCounts compares the counts of a store with the definition, at ids of the
// store and at none.
func checkCounts(t *testing.T, s *store.Store, rng *rand.Rand, all []*posted) {
	t.Helper()
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	for room := range sn.Rooms("") {
		for _, user := range []string{"u0", "u1", "u2", "nobody"} {
			afters := []store.ID{{}, sn.Head(), room.Floor}
			for range 4 {
				if len(all) > 0 {
					afters = append(afters, all[len(all)-1-rng.IntN(min(len(all), 60))].ID)
				}
			}
			for _, after := range afters {
				for _, atMost := range []int{0, 1, 5, 1000} {
					want := countOthers(all, room, after, user, atMost)
					if got := sn.CountOthers(room, after, user, atMost); got != want {
						t.Fatalf("room %s behind %s for %s at most %d: %d, want %d", room.ID, after, user, atMost, got, want)
					}
				}
			}
		}
	}
	if sn.Err() != nil {
		t.Fatal(sn.Err())
	}
}

func TestCountOthers_equalsTheDefinition(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 11))
			o := testOptions()
			o.FlushRows, o.FlushEvery = 30, 10*time.Millisecond
			if seed%2 == 1 {
				o.Keep = 20
			}
			if seed >= 3 {
				o.Steps(3, 2)
			}
			s, path := create(t, o)
			var all []*posted
			user := "u0"
			for round := range 12 {
				for range 60 {
					if rng.IntN(4) == 0 { // else the run goes on
						user = fmt.Sprint("u", rng.IntN(3))
					}
					n := note{room: fmt.Sprint("r", rng.IntN(2)), user: user}
					var hides *posted
					switch rng.IntN(8) {
					case 0, 1:
						if len(all) > 0 {
							hides = all[len(all)-1-rng.IntN(min(len(all), 30))]
							n.room, n.kind, n.lane, n.name = hides.Room, "Gone", store.Others, hides.ID.String()
						}
					case 2:
						n.lane, n.kind = store.Others, "Other"
					case 3:
						if rng.IntN(12) == 0 {
							n.kind, n.ends, n.lane = "End", true, store.Lane(rng.IntN(2))
						}
					}
					r := put(t, s, n)
					if hides != nil {
						hides.hidden = true
					}
					if r.Lane == store.Messages {
						all = append(all, &posted{Record: r})
					}
				}
				checkCounts(t, s, rng, all)
				switch round % 4 {
				case 0:
					frozen(t, s, func() { path = crashed(t, path) })
					closeStore(t, s)
				case 1:
					closeStore(t, s)
				case 2:
					frozen(t, s, func() { path = crashed(t, path) })
					closeStore(t, s)
					removeViews(t, path)
				case 3:
					continue
				}
				s = open(t, path, o)
				checkCounts(t, s, rng, all)
				settle(t, s, o.Keep)
				checkCounts(t, s, rng, all)
			}
			settle(t, s, o.Keep)
			same(t, s)
		})
	}
}

// In a past the same holds of what stood then.
func TestCountOthers_ofAPastCountsWhatStoodThen(t *testing.T) {
	s, _ := create(t, testOptions())
	var all []*posted
	for i := range 40 {
		all = append(all, &posted{Record: put(t, s, note{room: "a", user: fmt.Sprint("u", i/3%2)})})
	}
	all[4].hidden = true
	put(t, s, note{room: "a", kind: "Gone", name: all[4].ID.String(), lane: store.Others})
	for i := range all {
		sn, err := s.At(t.Context(), "a", all[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		room, _ := sn.Room("a")
		if got, want := sn.CountOthers(room, store.ID{}, "u0", 100), countOthers(all[:i+1], room, store.ID{}, "u0", 100); got != want {
			t.Errorf("at %d: %d, want %d", i, got, want)
		}
		sn.Close()
	}
}

// What retention folded before rooms knew their runs.
func TestCountOthers_overABaseOfAnEarlierVersion(t *testing.T) {
	o := testOptions()
	o.Keep, o.FlushEvery = 20, 10*time.Millisecond
	s, path := create(t, o)
	rng := rand.New(rand.NewPCG(1, 2))
	var all []*posted
	post := func(n int) {
		for i := range n {
			all = append(all, &posted{Record: put(t, s, note{room: "a", user: fmt.Sprint("u", i/13%2)})})
		}
		settle(t, s, o.Keep)
		checkCounts(t, s, rng, all)
	}
	post(60)
	closeStore(t, s)
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		base := tx.Bucket([]byte("base"))
		row := bytes.Clone(base.Get([]byte("\x01a")))
		if row[48] != 0x40 {
			t.Fatalf("void: the row is %x", row)
		}
		row[48] = 0
		return base.Put([]byte("\x01a"), slices.Delete(row, 56, 56+24))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	removeViews(t, path)
	s = open(t, path, o)
	checkCounts(t, s, rng, all)
	same(t, s)
	post(7)
	post(40)
	verify(t, s)
	same(t, s)
}

// bulk appends n messages of a user in one command.
func bulk(t testing.TB, s *store.Store, room, user string, n int) {
	t.Helper()
	for n > 0 {
		some := min(n, 2000)
		_, err := s.Propose(t.Context(), &store.Proposal{Room: room, UserID: user, Decide: func(store.View, time.Time) (ds []*store.Draft, _ error) {
			for range some {
				ds = append(ds, note{room: room, kind: "Bulk", user: user}.draft())
			}
			return ds, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		n -= some
	}
}

// One's own messages cost nothing, in memory and in the views file.
func TestCountOthers_doesNotWalkOnesOwnMessages(t *testing.T) {
	const much, little = 200_000, 200
	s, path := create(t, testOptions())
	for room, n := range map[string]int{"much": much, "little": little} {
		bulk(t, s, room, "bob", 10)
		bulk(t, s, room, "ann", n)
		bulk(t, s, room, "bob", 10)
	}
	cost := func(room, user string, want int) time.Duration {
		t.Helper()
		sn, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer sn.Close()
		r, _ := sn.Room(room)
		best := time.Hour
		for range 50 {
			start := time.Now()
			if n := sn.CountOthers(r, store.ID{}, user, 1000); n != want {
				t.Fatalf("%d, want %d", n, want)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	for range 2 {
		few, many, walk := cost("little", "ann", 20), cost("much", "ann", 20), cost("much", "bob", 1000)
		t.Logf("20 messages of others around %d own ones: %s, around %d: %s; 1000 of others: %s", little, few, much, many, walk)
		if many > 20*few+100*time.Microsecond {
			t.Errorf("%d own messages cost %s, %d cost %s", much, many, little, few)
		}
		closeStore(t, s)
		s = open(t, path, testOptions())
	}
}

func TestHide_ofWhatIsNotThereWritesNothing(t *testing.T) {
	s, _ := create(t, testOptions())
	r := put(t, s, note{room: "a"})
	other := put(t, s, note{room: "a", lane: store.Others, kind: "Other"})
	room, err := snapshotRoom(t, s, "a")
	if err != nil {
		t.Fatal(err)
	}
	set := 0
	inDecision(t, s, "a", func(v store.View) {
		rows := &countedRows{View: v, set: &set}
		store.Hide(rows, room.Number, other.ID)
		store.Hide(rows, room.Number, store.ID{})
		store.Hide(rows, room.Number+1, r.ID)
	})
	if set != 0 {
		t.Errorf("%d rows were set", set)
	}
	put(t, s, note{room: "a", kind: "Gone", name: r.ID.String(), lane: store.Others})
	inDecision(t, s, "a", func(v store.View) { store.Hide(&countedRows{View: v, set: &set}, room.Number, r.ID) })
	if set != 0 {
		t.Errorf("hiding again sets %d rows", set)
	}
}

type countedRows struct {
	store.View
	set *int
}

func (c *countedRows) Set(string, string) { *c.set++ }
func (c *countedRows) Delete(string)      { *c.set++ }
