package store

import (
	"encoding/binary"
	"fmt"
)

// The index row of a message says who wrote it and since when, so that what
// others have written is counted without reading records, and without a step
// for each message of one's own:
//
//	flags u8 ‖ hash of the user id u64 ‖ first message of the run 16
//
// A run is made of consecutive messages of a room by one user; the message that
// begins it has no third part. The rows of lane Others are empty.
const (
	indexRow = 1 + 8

	flagHidden = 1 // the message does not count
)

// A run is the newest run of messages of a room.
type run struct {
	author uint64 // hash of the user id
	start  ID     // its first message, zero if the room has none yet
}

// move takes the run on by a message.
func (r *run) move(id ID, author uint64) {
	if r.start.IsZero() || r.author != author {
		*r = run{author, id}
	}
}

// hashUser is FNV-1a of a user id. Two users of one hash count as one: each
// would not see the messages of the other counted.
func hashUser(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}

// encodeIndex is the value of the index row of a record. r is its run, which is
// of no account in lane Others.
func encodeIndex(lane Lane, id ID, r run) string {
	if lane != Messages {
		return ""
	}
	var v [indexRow + len(ID{})]byte
	binary.BigEndian.PutUint64(v[1:], r.author)
	n := indexRow
	if r.start != id {
		n += copy(v[n:], r.start[:])
	}
	return string(v[:n])
}

// decodeIndex reads the value of the index row of a message.
func decodeIndex(v string) (r run, hidden, ok bool) {
	switch len(v) {
	case indexRow:
	case indexRow + len(ID{}):
		copy(r.start[:], v[indexRow:])
	default:
		return r, false, false
	}
	r.author = binary.BigEndian.Uint64(bytesOf(v[1:indexRow]))
	return r, v[0]&flagHidden != 0, true
}

// Hide takes a message out of what CountOthers counts. number is that of its
// room. It is for Options.Apply, at the record that deletes the message. It
// changes a row that is there, so that it does nothing for a message that
// retention has taken, and nothing the second time.
func Hide(rows Rows, number uint32, id ID) {
	key := indexKey(number, Messages, id)
	v, ok := rows.Get(key)
	if !ok || v == "" || v[0]&flagHidden != 0 {
		return
	}
	b := []byte(v)
	b[0] |= flagHidden
	rows.Set(key, stringOf(b))
}

// PostedBy reports whether a message is by the user, as CountOthers sees it. number
// is that of its room. It is for Options.Apply, and false for a message that
// retention has taken.
func PostedBy(rows Rows, number uint32, id ID, user string) bool {
	v, ok := rows.Get(indexKey(number, Messages, id))
	if !ok {
		return false
	}
	r, _, ok := decodeIndex(v)
	return ok && r.author == hashUser(user)
}

// CountOthers counts the messages of a room behind an id that are neither by
// the user nor hidden: the records of lane Messages, up to atMost of them. The
// zero id counts all. It reads no record, and passes over the user's own
// messages a run at a time: it takes about two steps for each message that it
// counts, and one for each hidden one among them.
func (sn *Snapshot) CountOthers(room Room, after ID, user string, atMost int) (n int) {
	own := hashUser(user)
	s := sn.index(room, Messages, after, ID{}, true)
	for n < atMost {
		k, v, ok := sn.step(s)
		if !ok {
			break
		}
		r, hidden, ok := decodeIndex(v)
		switch {
		case !ok:
			if sn.err == nil {
				sn.err = fmt.Errorf("%s: index row of message %s: %w", viewsPath(sn.store.path), indexID(k), ErrDamaged)
			}
			return n
		case r.author != own:
			if !hidden {
				n++
			}
		case !r.start.IsZero():
			s = sn.index(room, Messages, after, r.start, true)
		}
	}
	return n
}
