package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"
)

// trimMax bounds the records that one trim takes away, so that commands do not
// wait long for it.
const trimMax = 512

// trim takes away what rooms hold beyond Options.Keep, as far as the views
// file already knows it. Each call is one commit; due tells whether there is
// more to do.
func (c *committer) trim() {
	if c.Failed() != nil || len(c.over) == 0 || c.w.active.Len() >= 4*c.o.FlushRows {
		return // in the last case the end of the flush makes it due again
	}
	tx, err := c.Store.log.Begin(true)
	if err != nil {
		c.fail(fmt.Errorf("trim: %w", err))
		return
	}
	txid, over := tx.ID(), len(c.over)
	rooms, err := c.trimIn(tx)
	if err != nil || len(rooms) == 0 { // with no error the rest is newer than the checkpoint
		rollback(tx)
		if err != nil { // nothing is written; the room is tried again when it grows
			c.o.Logger.Error("chat room could not be trimmed", "file", c.path, "error", err)
			c.due = 0 < len(c.over) && len(c.over) < over // the others
		}
		return
	}
	if err := commitTx(tx); err != nil {
		_ = c.refusal(fmt.Errorf("trim: %w", err), txid)
		return
	}
	err = c.inViews(func() error {
		for _, r := range rooms {
			c.trimRows(r)
		}
		c.w.settle()
		return nil
	})
	if err != nil {
		c.fail(fmt.Errorf("trim: %w", err))
		return
	}
	c.trims++
	active := c.w.active.Copy()
	c.publish(func(r *root) { r.active = active })
	if !c.timerSet {
		c.arm(c.o.FlushEvery)
	}
	c.due = len(c.over) > 0
}

// trimIn moves records of rooms from the log into the base, and returns the
// rooms as they are in the base now.
// After an error the room that it came from is no longer in c.over.
func (c *committer) trimIn(tx *bolt.Tx) (rooms []Room, err error) {
	var id string
	defer func() {
		if err != nil {
			err = fmt.Errorf("room %q: %w", id, err)
			delete(c.over, id)
		}
	}()
	defer guard(c.path, &err)
	log := tx.Bucket(bucketLog)
	log.FillPercent = 1
	base := &baseRows{bucket: tx.Bucket(bucketBase), log: log}
	if err := c.w.begin(log); err != nil {
		return nil, err
	}
	defer c.w.end()
	budget := trimMax
	for id = range c.over {
		if budget == 0 {
			break
		}
		room, _ := c.w.Room(id)
		excess := int(room.Events) - c.o.Keep
		if excess <= 0 {
			delete(c.over, id)
			continue
		}
		ids := c.oldest(room, min(excess, budget))
		if len(ids) == 0 {
			continue // until the next flush
		}
		budget -= len(ids)
		r, err := base.take(&c.o, room, ids)
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, r)
	}
	if len(rooms) == 0 {
		return nil, nil
	}
	c.backups.trimmed() // before the commit: a backup that reads what it leaves must know of it
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], c.trims+1)
	return rooms, tx.Bucket(bucketMeta).Put(keyTrims, n[:])
}

// oldest returns up to n ids of a room that the views file holds, oldest
// first, but never the checkpoint's own record: it proves that log and views
// belong together.
func (c *committer) oldest(room Room, n int) []ID {
	ids := make([]ID, 0, n)
	for len(ids) < n {
		var page [pageRecords]ID
		after := room.Floor
		if len(ids) > 0 {
			after = ids[len(ids)-1]
		}
		got := nextIDs(&c.w.layers, page[:min(n-len(ids), pageRecords)], room, after, c.checkpoint)
		for _, id := range page[:got] {
			if id == c.checkpoint {
				return ids
			}
			ids = append(ids, id)
		}
		if got == 0 {
			break
		}
	}
	return ids
}

// trimRows removes from the views what speaks of records at or below the
// floor that the base has for a room.
func (c *committer) trimRows(base Room) {
	room := c.w.open(base.ID)
	room.Floor = base.Floor
	room.Events = room.Total - base.Total
	c.w.dirty[base.ID] = room
	for _, lane := range []Lane{Messages, Others} {
		for k := range c.w.Ascend(indexKey(room.Number, lane, ID{}), indexKey(room.Number, lane, room.Floor)+"\x00") {
			c.w.Delete(k)
		}
	}
	if c.o.Trim != nil {
		c.o.Trim(c.w, *room)
	}
}

// catchUpTrims does to the rows of a checkpoint what trims after it did.
func (c *committer) catchUpTrims() error {
	var rooms []Room
	err := c.Store.log.View(func(tx *bolt.Tx) error {
		cur := tx.Bucket(bucketBase).Cursor()
		for k, v := cur.Seek([]byte(rowRoom)); bytes.HasPrefix(k, []byte(rowRoom)); k, v = cur.Next() {
			r, err := decodeRoom(string(k[1:]), string(v))
			if err != nil {
				return err
			}
			rooms = append(rooms, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = c.inViews(func() error {
		for _, r := range rooms {
			if now, ok := c.w.Room(r.ID); ok && now.Floor.Compare(r.Floor) < 0 {
				c.trimRows(r)
			}
		}
		c.w.settle()
		return nil
	})
	return err
}

// baseRows are the rows of rooms as they were at their floors. They stand in
// the log file and change with it.
type baseRows struct {
	bucket *bolt.Bucket
	log    *bolt.Bucket
	err    error
}

// take folds records into the base and removes them from the log. It returns
// the room as it is at its new floor.
func (b *baseRows) take(o *Options, now Room, ids []ID) (Room, error) {
	room, ok := b.Room(now.ID)
	if !ok {
		room = Room{ID: now.ID, Number: now.Number}
		b.Set(numberKey(room.Number), room.ID)
	}
	for _, id := range ids {
		r, err := readRecord(b.log, id)
		if err != nil {
			return room, err
		}
		if r.Prev != room.Last || r.link != r.linkAfter(room.link) {
			return room, fmt.Errorf("record %s does not follow %s: %w", id, room.Last, ErrDamaged)
		}
		r = r.keep()
		fold(b, o, &room, &r, false)
		if err := b.log.Delete(id[:]); err != nil {
			return room, err
		}
	}
	room.Floor, room.Events = ids[len(ids)-1], 0
	b.Set(roomKey(room.ID), encodeRoom(&room))
	if o.Trim != nil {
		o.Trim(b, room)
	}
	b.dropKeys(keyGeneration(timeOf(room.Last), o.KeyTTL))
	return room, b.err
}

// dropKeys removes some of the idempotency keys whose generation is long over.
func (b *baseRows) dropKeys(generation uint32) {
	if generation < 2 {
		return
	}
	var old [][]byte
	cur, end := b.bucket.Cursor(), []byte(generationKey(generation-1))
	for k, _ := cur.Seek([]byte(rowKey)); k != nil && bytes.Compare(k, end) < 0 && len(old) < 2*trimMax; k, _ = cur.Next() {
		old = append(old, bytes.Clone(k))
	}
	for _, k := range old {
		b.err = firstError(b.err, b.bucket.Delete(k))
	}
}

func (b *baseRows) Get(key string) (string, bool) {
	v := b.bucket.Get([]byte(key))
	return string(v), v != nil
}

func (b *baseRows) Set(key, value string) {
	b.err = firstError(b.err, b.bucket.Put([]byte(key), []byte(value)))
}

func (b *baseRows) Delete(key string) { b.err = firstError(b.err, b.bucket.Delete([]byte(key))) }

func (b *baseRows) Room(id string) (Room, bool) {
	v, ok := b.Get(roomKey(id))
	if !ok {
		return Room{}, false
	}
	r, err := decodeRoom(id, v)
	b.err = firstError(b.err, err)
	return r, err == nil
}

func (b *baseRows) RoomByNumber(n uint32) (Room, bool) {
	id, ok := b.Get(numberKey(n))
	if !ok {
		return Room{}, false
	}
	return b.Room(id)
}

func (b *baseRows) Record(id ID) (Record, error) {
	r, err := readRecord(b.log, id)
	return r.keep(), err
}

func (b *baseRows) Ascend(from, to string) iter.Seq2[string, string] {
	return rowsOf(&layers{active: newTable(), rows: b.bucket}, from, to, false)
}

func (b *baseRows) Descend(from, to string) iter.Seq2[string, string] {
	return rowsOf(&layers{active: newTable(), rows: b.bucket}, from, to, true)
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
