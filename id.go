package chat

import "github.com/oklog/ulid/v2"

// ID is the identity of an event, its place in the order of the store and the
// cursor of a reader: a ULID. IDs of one store rise strictly in the order of
// commits, across rooms, steps of the clock and restarts.
type ID = ulid.ULID

// Positions that stand for a cursor.
var (
	// Start is before everything: the zero ID. As a cursor it means "from the
	// oldest event that is kept" and never expires.
	Start ID
	// End is behind everything. As a cursor it means "from now on".
	End = ID{
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	}
)

// successor returns the smallest ID greater than id, or End for End.
func successor(id ID) ID {
	if id == End {
		return id
	}
	for i := len(id) - 1; i >= 0; i-- {
		id[i]++
		if id[i] != 0 {
			break
		}
	}
	return id
}

// predecessor returns the greatest ID smaller than id, or Start for Start.
func predecessor(id ID) ID {
	if id == Start {
		return id
	}
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id
}
