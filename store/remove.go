package store

import (
	"bytes"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// An ending is a room that has ended and whose earlier records are still in
// the log. They are removed in batches, oldest first, and what the base holds of
// the room goes with them. How far that has come is in the room's row of the
// base: its end says that the rows of the host are gone, its last which record
// was the last to go. Its keys and markers go before the first record does, so that a row
// whose last is its end says that all is done.
type ending struct {
	end      ID     // which one the base knows of
	swept    bool   // the base holds no keys of what it takes
	unmarked bool   // nor the log file markers
	user     string // whose marker is the next to look at
}

// A sweep is a walk over the keys of the base, a page a transaction.
type sweep struct {
	at    []byte          // the next key to look at
	rooms map[uint32]Room // ended, by number; nil between two walks
}

// Bounds of one transaction: the keys and the rooms that are looked at.
const (
	sweepMax  = 8192
	endingMax = 256
)

// A trimmed room is as the base has it now. Its records in (after, Floor] have
// just gone.
type trimmed struct {
	Room
	after ID
	n     int // that many
}

// findEnding notes the rooms that have ended and still hold records.
func (c *committer) findEnding() error {
	return c.inViews(func() error {
		for k := range c.w.Ascend(rowEnding, successor(rowEnding)) {
			if room, ok := c.w.RoomByNumber(numberIn(k)); ok {
				c.ending[room.ID] = &ending{}
			}
		}
		return nil
	})
}

// removeIn removes from the log and the base what ended rooms have left there,
// up to budget records. It returns the rooms that it has changed, the rows of
// keys that went, and whether it has got on at all: it may have done so without
// a change. at is the room in work.
func (c *committer) removeIn(base *baseRows, budget int, at *string) (rooms []trimmed, keys []string, on bool, err error) {
	ready := map[string]Room{}
	looked := 0
	for id, e := range c.ending {
		if looked++; looked > endingMax {
			break
		}
		*at = id
		room, ok := c.w.Room(id)
		if _, is := c.w.Get(endingKey(room.Number)); !ok || !is {
			delete(c.ending, id)
			continue
		}
		var next [1]ID // the record that ended the room must be in the views file
		if allIDs(&c.w.layers, next[:], room, room.end, c.checkpoint) == 0 {
			continue
		}
		if base.end(&c.o, room, e) {
			on = true
		}
		ready[id] = room
	}
	swept, more := c.sweepKeys(base, ready)
	keys = append(keys, swept...)
	on = on || more || len(swept) > 0
	looks := c.o.sweepMax
	for id, room := range ready {
		e := c.ending[id]
		if *at = id; !e.unmarked && looks > 0 {
			n, err := e.removeMarkers(base.log.Tx(), id, room.end, looks)
			if err != nil {
				return nil, nil, false, err
			}
			looks, on = looks-n, true
		}
		if !e.swept || !e.unmarked || budget == 0 {
			continue
		}
		r, gone, err := c.remove(base, room, budget)
		if err != nil {
			return nil, nil, false, err
		}
		rooms, keys, on = append(rooms, r), append(keys, gone...), true
		budget -= r.n
	}
	return rooms, keys, on, base.err
}

// end marks a room in the base as one whose rows are gone, and removes them,
// unless that has been done. Its keys are yet to be swept.
func (b *baseRows) end(o *Options, now Room, e *ending) (changed bool) {
	room, ok := b.Room(now.ID)
	if ok && room.end == now.end {
		if e.end != now.end { // begun before the store was opened
			*e = ending{end: now.end}
		}
		return false
	}
	*e = ending{end: now.end}
	switch {
	case !ok:
		room = Room{ID: now.ID, Number: now.Number}
		b.Set(numberKey(room.Number), room.ID)
		e.swept = true
	case room.Last == now.end: // Compact has removed records and keys
		e.swept = true
		fallthrough
	default:
		if o.Drop != nil {
			o.Drop(b, room)
		}
	}
	room.Tag, room.end = "", now.end
	b.Set(roomKey(room.ID), encodeRoom(&room))
	return true
}

// sweepKeys goes on with a walk over the keys of the base and removes those of
// ended rooms. It returns their rows, and whether the walk was under way.
func (c *committer) sweepKeys(base *baseRows, ready map[string]Room) (gone []string, on bool) {
	if c.sweep.rooms == nil {
		for id, room := range ready {
			if !c.ending[id].swept {
				if c.sweep.rooms == nil {
					c.sweep = sweep{at: []byte(rowKey), rooms: map[uint32]Room{}}
				}
				c.sweep.rooms[room.Number] = room
			}
		}
	}
	if c.sweep.rooms == nil {
		return nil, false
	}
	cur := base.bucket.Cursor()
	k, v := cur.Seek(c.sweep.at)
	for n := 0; n < c.o.sweepMax && bytes.HasPrefix(k, []byte(rowKey)); n++ {
		if number, ok := roomInKey(stringOf(k)); ok {
			room, ended := c.sweep.rooms[number]
			if kept, ok := decodeKeyed(string(v)); ok && ended && kept.id.Compare(room.end) <= 0 {
				gone = append(gone, string(k))
			}
		}
		k, v = cur.Next()
	}
	if bytes.HasPrefix(k, []byte(rowKey)) {
		c.sweep.at = bytes.Clone(k)
	} else {
		for _, room := range c.sweep.rooms {
			if e := c.ending[room.ID]; e != nil && e.end == room.end { // it may have ended again
				e.swept = true
			}
		}
		c.sweep = sweep{}
	}
	for _, key := range gone {
		base.Delete(key)
	}
	return gone, true
}

// removeMarkers removes markers that the end of a room has taken, and looks at
// up to max. Those that are greater belong to what came after the end.
func (e *ending) removeMarkers(tx *bolt.Tx, room string, end ID, max int) (n int, err error) {
	e.unmarked = true
	b := tx.Bucket(bucketMarker)
	if b == nil {
		return 0, nil
	}
	var gone [][]byte
	prefix := markerKey(room, "")
	cur := b.Cursor()
	for k, v := cur.Seek([]byte(prefix + e.user)); strings.HasPrefix(stringOf(k), prefix); k, v = cur.Next() {
		if n == max {
			e.unmarked, e.user = false, string(k[len(prefix):])
			break
		}
		if n++; len(v) != len(end) || ID(v).Compare(end) <= 0 {
			gone = append(gone, bytes.Clone(k))
		}
	}
	for _, k := range gone {
		err = firstError(err, b.Delete(k))
	}
	return n, err
}

// remove takes up to max records at or below the end of a room out of the log.
// Nothing of them is folded. It returns the room as the base has it then, the
// rows of their keys.
func (c *committer) remove(base *baseRows, now Room, max int) (t trimmed, keys []string, err error) {
	room, _ := base.Room(now.ID)
	t.after = room.Last
	ids := make([]ID, max)
	ids = ids[:allIDs(&c.w.layers, ids, now, room.Last, now.end)]
	if len(ids) == 0 && room.Last != now.end {
		return t, nil, fmt.Errorf("its record %s is not in the index: %w", now.end, ErrDamaged)
	}
	for _, id := range ids {
		r, err := readRecord(base.log, id)
		if err != nil {
			return t, nil, err
		}
		if r.Prev != room.Last || r.link != r.linkAfter(room.link) {
			return t, nil, fmt.Errorf("record %s does not follow %s: %w", id, room.Last, ErrDamaged)
		}
		if r.Key != "" {
			keys = append(keys, keyKey(keyGeneration(timeOf(id), c.o.KeyTTL), r.Key, room.Number, r.UserID))
		}
		room.move(&r)
		if err := base.log.Delete(id[:]); err != nil {
			return t, nil, err
		}
	}
	room.Floor, room.Events = room.Last, 0
	base.Set(roomKey(room.ID), encodeRoom(&room))
	t.Room, t.n = room, len(ids)
	return t, keys, nil
}

// endedKey reports whether the row of a key stands for a record that an end of its
// room has taken: then it stands for nothing.
func endedKey(v View, key, value string) bool {
	number, ok := roomInKey(key)
	if !ok {
		return false
	}
	kept, ok := decodeKeyed(value)
	if !ok {
		return false
	}
	room, ok := v.RoomByNumber(number)
	return ok && kept.id.Compare(room.end) <= 0
}

// endedKey is that for a row as it is now.
func (w *workspace) endedKey(key string) bool {
	value, ok := w.Get(key)
	return ok && endedKey(w, key, value)
}

// removed reports whether a room, as the base has it, holds nothing any more
// of what its end took from it.
func (base *Room) removed(room *Room) bool {
	return base.end == room.end && base.Last.Compare(room.end) >= 0
}
