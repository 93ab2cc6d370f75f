package store

import (
	"math/rand/v2"

	"github.com/oklog/ulid/v2"
)

// A mint makes the ids of a store. Each is greater than the one before,
// whatever the clock does: within a millisecond, or when the clock has
// stepped back, the next id is the last one plus one.
//
// ulid.Monotonic is not used: it fails on overflow, and forgets the last id
// when the clock steps back.
type mint struct {
	last ID
	rand *rand.ChaCha8
}

// next returns the id of a record that is committed at now, in Unix milliseconds.
func (m *mint) next(now int64) ID {
	if now > 0 && uint64(now) > m.last.Time() && uint64(now) <= ulid.MaxTime() {
		_ = m.last.SetTime(uint64(now)) // fails above MaxTime only
		_, _ = m.rand.Read(m.last[6:])
		m.last[6] &= 0x7f // leave half of the millisecond's ids to count up in
		return m.last
	}
	for i := len(m.last) - 1; i >= 0; i-- { // a carry may reach the time, and then borrows from the future
		m.last[i]++
		if m.last[i] != 0 {
			break
		}
	}
	return m.last
}
