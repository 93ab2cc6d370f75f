package chat

import (
	"encoding/binary"
	"time"

	"github.com/roomlog/chat/store"
)

// rules are what every decision about a room needs. They stand in the room's
// Tag, so that a post looks up nothing else:
//
//	byte 0   kind: 0 public, 1 private, 2 direct; bits 4 archived, 5 deleted, 6 history from one's join,
//	         7 begun anew after a deletion
//	         seconds of slow mode, members, owners, bans, mutings: each a uvarint
//
// No tag at all is a public room with nobody in it.
type rules struct {
	kind     RoomKind
	archived bool
	deleted  bool // by a RoomDeleted, and not begun anew
	again    bool // begun anew after a RoomDeleted
	joined   bool // members see from their join on
	slow     int  // seconds
	members  uint64
	owners   uint64
	banned   uint64
	muted    uint64
}

const (
	tagArchived = 1 << 4
	tagDeleted  = 1 << 5
	tagJoined   = 1 << 6
	tagAgain    = 1 << 7
)

// kinds of rooms by their number in a tag.
var tagKinds = [...]RoomKind{Public, Private, Direct}

func rulesOf(room store.Room) rules {
	r := rules{kind: Public}
	tag := room.Tag
	if tag == "" {
		return r
	}
	if k := int(tag[0] & 0xf); k < len(tagKinds) {
		r.kind = tagKinds[k]
	}
	r.archived, r.deleted, r.joined = tag[0]&tagArchived != 0, tag[0]&tagDeleted != 0, tag[0]&tagJoined != 0
	r.again = tag[0]&tagAgain != 0
	slow, rest := cutUvarint(tag[1:])
	r.slow = int(slow)
	r.members, rest = cutUvarint(rest)
	r.owners, rest = cutUvarint(rest)
	r.banned, rest = cutUvarint(rest)
	r.muted, _ = cutUvarint(rest)
	return r
}

// cutUvarint cuts a uvarint off the front of s; 0 where there is none.
func cutUvarint(s string) (n uint64, rest string) {
	for i := 0; i < len(s) && i < binary.MaxVarintLen64; i++ {
		n |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return n, s[i+1:]
		}
	}
	return 0, ""
}

func (r rules) tag() string {
	if r == (rules{kind: Public}) {
		return ""
	}
	var b [1 + 5*binary.MaxVarintLen64]byte
	for i, k := range tagKinds {
		if k == r.kind {
			b[0] = byte(i)
		}
	}
	if r.archived {
		b[0] |= tagArchived
	}
	if r.deleted {
		b[0] |= tagDeleted
	}
	if r.joined {
		b[0] |= tagJoined
	}
	if r.again {
		b[0] |= tagAgain
	}
	out := b[:1]
	for _, n := range [...]uint64{uint64(r.slow), r.members, r.owners, r.banned, r.muted} {
		out = binary.AppendUvarint(out, n)
	}
	return string(out)
}

// findRoom returns a room and its rules. It is not there before its first fact,
// nor after its deletion.
func findRoom(v store.View, id string) (room store.Room, r rules, ok bool) {
	room, ok = v.Room(id)
	if !ok {
		room.ID = id
	}
	r = rulesOf(room)
	return room, r, ok && !r.deleted
}

// untilValue is the row of a ban or a muting: when it ends in Unix
// milliseconds, 0 for never.
func untilValue(until time.Time) string {
	var b [8]byte
	if !until.IsZero() {
		binary.BigEndian.PutUint64(b[:], uint64(until.UnixMilli()))
	}
	return string(b[:])
}

func parseUntil(value string) time.Time {
	if len(value) != 8 {
		return time.Time{}
	}
	ms := int64(binary.BigEndian.Uint64([]byte(value)))
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
