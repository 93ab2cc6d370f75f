package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// trimMax bounds the records that one trim takes away, so that commands do not
// wait long for it.
const trimMax = 512

// trim takes away what rooms hold beyond Options.Keep, and what ended rooms
// have left, as far as the views file already knows it. Each call is one commit;
// due tells whether there is more to do.
func (c *committer) trim() {
	defer func() { c.counts.removing.Store(int64(len(c.ending))) }()
	if c.Failed() != nil || len(c.over)+len(c.ending) == 0 || c.w.active.Len() >= 4*c.o.FlushRows {
		return // in the last case the end of the flush makes it due again
	}
	tx, err := c.Store.log.Begin(true)
	if err != nil {
		c.fail(fmt.Errorf("trim: %w", err))
		return
	}
	txid, waiting := tx.ID(), len(c.over)+len(c.ending)
	rooms, keys, on, err := c.trimIn(tx)
	if err != nil || !on { // with no error the rest is newer than the checkpoint
		rollback(tx)
		if err != nil { // nothing is written; the room is tried again when it grows, or at the next open
			c.o.Logger.Error("chat room could not be trimmed", "file", c.path, "error", err)
			left := len(c.over) + len(c.ending)
			c.due = 0 < left && left < waiting // the others
			c.sweepAgain()
		}
		return
	}
	if err := commitTx(tx); err != nil {
		c.sweepAgain()
		_ = c.refusal(fmt.Errorf("trim: %w", err), txid)
		return
	}
	err = c.inViews(func() error {
		for _, r := range rooms {
			c.trimRows(r)
		}
		for _, k := range keys {
			if c.w.endedKey(k) { // else a command has used it again since
				c.w.Delete(k)
			}
		}
		c.w.settle()
		return nil
	})
	if err != nil {
		c.fail(fmt.Errorf("trim: %w", err))
		return
	}
	c.trims++
	for _, r := range rooms {
		if r.Floor.Compare(r.end) > 0 {
			c.lost = later(c.lost, r.Floor)
		}
	}
	active := c.w.active.Copy()
	c.publish(func(r *root) { r.active = active })
	if !c.timerSet {
		c.arm(c.o.FlushEvery)
	}
	c.due = len(c.over)+len(c.ending) > 0
}

// sweepAgain forgets what a transaction that was not committed has done to the
// keys of ended rooms.
func (c *committer) sweepAgain() {
	c.sweep = sweep{}
	for _, e := range c.ending {
		*e = ending{}
	}
}

// trimIn moves records of rooms from the log into the base, and removes those
// of ended rooms. It returns the rooms that have changed, the rows of keys that
// are to go from the views as they went from log and base, and whether there was
// anything to do.
// After an error the room that it came from is in neither c.over nor c.ending.
func (c *committer) trimIn(tx *bolt.Tx) (rooms []trimmed, keys []string, on bool, err error) {
	var id string
	defer func() {
		if err != nil {
			err = fmt.Errorf("room %q: %w", id, err)
			delete(c.over, id)
			delete(c.ending, id)
		}
	}()
	defer guard(c.path, &err)
	log := tx.Bucket(bucketLog)
	log.FillPercent = 1
	base := &baseRows{bucket: tx.Bucket(bucketBase), log: log}
	if err := c.w.begin(log); err != nil {
		return nil, nil, false, err
	}
	defer c.w.end()
	if rooms, keys, on, err = c.removeIn(base, c.o.trimMax, &id); err != nil {
		return nil, nil, false, err
	}
	budget, lost := c.o.trimMax, c.lost
	for _, r := range rooms {
		budget -= r.n
	}
	for id = range c.over {
		if budget == 0 {
			break
		}
		if c.ending[id] != nil {
			continue // the base knows nothing yet of what it would have to follow
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
			return nil, nil, false, err
		}
		rooms, on = append(rooms, trimmed{r, room.Floor, len(ids)}), true
		lost = later(lost, r.Floor)
	}
	if !on {
		return nil, nil, false, nil
	}
	c.backups.trimmed() // before the commit: a backup that reads what it leaves must know of it
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], c.trims+1)
	meta := tx.Bucket(bucketMeta)
	if lost != c.lost {
		if err := meta.Put(keyLost, lost[:]); err != nil {
			return nil, nil, false, err
		}
	}
	return rooms, keys, true, meta.Put(keyTrims, n[:])
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
// floor that the base has for a room, but for the keys of an ended one. Rows of
// records up to base.after have been removed before.
func (c *committer) trimRows(base trimmed) {
	room := c.w.open(base.ID)
	if room.Floor.Compare(base.Floor) < 0 {
		room.Floor = base.Floor
		room.Events = room.Total - base.Total
	}
	room.end = later(room.end, base.end)
	c.w.dirty[base.ID] = room
	for _, lane := range []Lane{Messages, Others} {
		for k := range c.w.Ascend(indexKey(room.Number, lane, base.after), indexKey(room.Number, lane, base.Floor)+"\x00") {
			c.w.Delete(k)
		}
	}
	if base.removed(room) {
		if _, ok := c.w.Get(endingKey(room.Number)); ok {
			c.w.Delete(endingKey(room.Number))
		}
	}
	if c.o.Trim != nil && base.Floor.Compare(base.end) > 0 { // else an end has taken the host's rows
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
		ended := map[uint32]Room{}
		for _, r := range rooms {
			now, ok := c.w.Room(r.ID)
			if !ok {
				continue
			}
			_, pending := c.w.Get(endingKey(now.Number))
			if pending || now.Floor.Compare(r.Floor) < 0 {
				c.trimRows(trimmed{Room: r})
			}
			if r.end = later(r.end, now.end); pending || now.end != r.end {
				ended[r.Number] = r
			}
		}
		c.w.settle()
		return c.catchUpKeys(ended)
	})
	return err
}

// catchUpKeys does to the keys of a checkpoint what the removal of ended rooms
// did after it. Which they were is not known any more: all keys are walked, and
// those stay that the base has too.
func (c *committer) catchUpKeys(ended map[uint32]Room) error {
	if len(ended) == 0 || c.w.keys == nil {
		return nil
	}
	return c.Store.log.View(func(tx *bolt.Tx) error {
		base := tx.Bucket(bucketBase)
		return c.w.keys.ForEachBucket(func(g []byte) error {
			return c.w.keys.Bucket(g).ForEach(func(k, v []byte) error {
				key := rowKey + string(g) + string(k)
				number, _ := roomInKey(key)
				room, is := ended[number]
				v, err := unseal(key, v)
				if err != nil {
					return err
				}
				kept, ok := decodeKeyed(string(v))
				if is && ok && kept.id.Compare(room.end) <= 0 && kept.id.Compare(room.Floor) <= 0 && base.Get([]byte(key)) == nil {
					c.w.Delete(key)
				}
				return nil
			})
		})
	})
}
