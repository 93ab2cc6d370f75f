package store

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/tidwall/btree"
)

// Rows of the store itself. Keys begin with a byte below 0x20; numbers are
// big-endian.
//
//	01 ‖ room id                              → room (see encodeRoom)
//	02 ‖ number u32 ‖ lane u8 ‖ id            → of a message, see encodeIndex; else nothing: the index of a room
//	03 ‖ generation u32 ‖ key ‖ 0 ‖ number u32 ‖ user id → id ‖ at i64 ‖ type
//	04 ‖ number u32                           → room id
//	05 ‖ number u32                           → nothing: a room that ended and whose records are yet to be removed
const (
	rowRoom   = "\x01"
	rowIndex  = "\x02"
	rowKey    = "\x03"
	rowNumber = "\x04"
	rowEnding = "\x05"
)

// A cell is the value of a row in memory; dead marks one that was deleted
// and may still stand in the layer below.
type cell struct {
	value string
	dead  bool
}

// A table is one layer of rows in memory.
type table = btree.Map[string, cell]

func newTable() *table { return btree.NewMap[string, cell](32) }

func roomKey(id string) string { return rowRoom + id }

func numberKey(n uint32) string { return underNumber(rowNumber, n) }
func endingKey(n uint32) string { return underNumber(rowEnding, n) }

func underNumber(row string, n uint32) string {
	var k [5]byte
	k[0] = row[0]
	binary.BigEndian.PutUint32(k[1:], n)
	return string(k[:])
}

// numberIn is the room number in a key that underNumber has made.
func numberIn(key string) uint32 { return binary.BigEndian.Uint32([]byte(key[1:5])) }

func indexKey(n uint32, lane Lane, id ID) string {
	var k [22]byte
	k[0] = rowIndex[0]
	binary.BigEndian.PutUint32(k[1:], n)
	k[5] = byte(lane)
	copy(k[6:], id[:])
	return string(k[:])
}

// indexID is the id in a key of the index.
func indexID(key string) (id ID) {
	copy(id[:], key[6:])
	return id
}

// successor is the smallest key greater than every key that begins with prefix.
func successor(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		b[i]++
		if b[i] != 0 {
			return string(b[:i+1])
		}
	}
	return "" // no bound
}

const (
	roomRow = 4 + 16 + 4 + 16 + 8 + 8 // and end and tag behind it
	runRow  = 8 + 16
	hasEnd  = 1 << 63
	hasRun  = 1 << 62
)

// encodeRoom: number u32 ‖ last 16 ‖ link u32 ‖ floor 16 ‖ total u64 ‖ gone u64 ‖ end 16 ‖
// author u64 ‖ run 16 ‖ tag. gone counts the records at or below the floor; end
// is there only where the highest bit of gone is set, author and run, which are
// of the newest run of messages, only where the next one is.
func encodeRoom(r *Room) string {
	v := make([]byte, roomRow, roomRow+len(r.end)+runRow+len(r.Tag))
	binary.BigEndian.PutUint32(v, r.Number)
	copy(v[4:], r.Last[:])
	binary.BigEndian.PutUint32(v[20:], r.link)
	copy(v[24:], r.Floor[:])
	binary.BigEndian.PutUint64(v[40:], r.Total)
	gone := r.Total - r.Events
	if !r.end.IsZero() {
		gone |= hasEnd
		v = append(v, r.end[:]...)
	}
	if !r.run.start.IsZero() {
		gone |= hasRun
		v = binary.BigEndian.AppendUint64(v, r.run.author)
		v = append(v, r.run.start[:]...)
	}
	binary.BigEndian.PutUint64(v[48:], gone)
	return stringOf(append(v, r.Tag...))
}

var errRoomRow = errors.Join(ErrDamaged, errors.New("room row has a wrong length"))

func decodeRoom(id, v string) (r Room, err error) {
	if len(v) < roomRow {
		return r, errRoomRow
	}
	b := []byte(v)
	r.ID = id
	r.Number = binary.BigEndian.Uint32(b)
	copy(r.Last[:], b[4:])
	r.link = binary.BigEndian.Uint32(b[20:])
	copy(r.Floor[:], b[24:])
	r.Total = binary.BigEndian.Uint64(b[40:])
	gone, tag := binary.BigEndian.Uint64(b[48:]), roomRow
	if gone&hasEnd != 0 {
		if tag += copy(r.end[:], b[tag:]); tag < roomRow+len(r.end) {
			return r, errRoomRow
		}
	}
	if gone&hasRun != 0 {
		if len(b) < tag+runRow {
			return r, errRoomRow
		}
		r.run.author = binary.BigEndian.Uint64(b[tag:])
		tag += 8
		tag += copy(r.run.start[:], b[tag:])
	}
	gone &^= hasEnd | hasRun
	r.Events = r.Total - gone
	r.Tag = v[tag:]
	return r, nil
}

// Idempotency keys live in generations, so that expiry drops whole
// generations instead of rows. A generation is as long as a key lives: a live
// key stands in the present one or in the one before. The time is that of ids,
// which never goes back: a wall clock that does would lose live keys.
func keyGeneration(at time.Time, ttl time.Duration) uint32 {
	return uint32(max(at.UnixMilli(), 0) / max(ttl.Milliseconds(), 1))
}

// timeOf is the time in an id.
func timeOf(id ID) time.Time { return time.UnixMilli(int64(id.Time())) }

// keyTime is the time that keys expire by while the log stands at head.
func keyTime(now time.Time, head ID) time.Time {
	if t := timeOf(head); t.After(now) {
		return t
	}
	return now
}

func generationKey(generation uint32) string {
	var k [5]byte
	k[0] = rowKey[0]
	binary.BigEndian.PutUint32(k[1:], generation)
	return string(k[:])
}

// roomInKey is the number of the room in the key of an idempotency key's row.
func roomInKey(key string) (number uint32, ok bool) {
	i := strings.IndexByte(key[5:], 0) // a key has no NUL
	if i < 0 || len(key) < 5+i+5 {
		return 0, false
	}
	return binary.BigEndian.Uint32([]byte(key[5+i+1:])), true
}

func keyKey(generation uint32, key string, room uint32, user string) string {
	k := make([]byte, 0, 5+len(key)+5+len(user))
	k = append(k, rowKey[0])
	k = binary.BigEndian.AppendUint32(k, generation)
	k = append(k, key...)
	k = append(k, 0)
	k = binary.BigEndian.AppendUint32(k, room)
	k = append(k, user...)
	return string(k)
}

// A keyed is what an idempotency key stands for.
type keyed struct {
	id   ID
	at   time.Time
	kind string
}

func encodeKeyed(r *Record) string {
	v := make([]byte, 0, 24+len(r.Type))
	v = append(v, r.ID[:]...)
	v = binary.BigEndian.AppendUint64(v, uint64(r.At.UnixMilli()))
	return string(append(v, r.Type...))
}

func decodeKeyed(v string) (k keyed, ok bool) {
	if len(v) < 24 {
		return k, false
	}
	copy(k.id[:], v)
	k.at = time.UnixMilli(int64(binary.BigEndian.Uint64([]byte(v[16:24])))).UTC()
	k.kind = v[24:]
	return k, true
}
