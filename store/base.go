package store

import (
	"bytes"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"
)

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

// loadBase writes the rows of trimmed rooms into new views.
func (c *committer) loadBase() error {
	if err := c.renewKeys(); err != nil {
		return err
	}
	from := []byte{}
	for from != nil {
		t := newTable()
		err := c.Store.log.View(func(tx *bolt.Tx) error {
			cur := tx.Bucket(bucketBase).Cursor()
			k, v := cur.Seek(from)
			for ; k != nil && t.Len() < c.o.FlushRows; k, v = cur.Next() {
				t.Set(string(k), cell{value: string(v)})
			}
			from = bytes.Clone(k)
			return nil
		})
		if err != nil {
			return err
		}
		if err := c.updateViews(func(tx *bolt.Tx) error { return putRows(tx, t) }); err != nil {
			return err
		}
	}
	return nil
}

// renewKeys puts the keys of the base under the generations of the present
// KeyTTL. Another one makes another fold, so that new views are begun and this
// is done. Some that stay behind after a crash are met the next time.
func (c *committer) renewKeys() error {
	for at := []byte(rowKey); at != nil; {
		type row struct{ old, new, value []byte }
		var rows []row
		err := c.Store.log.View(func(tx *bolt.Tx) error {
			cur := tx.Bucket(bucketBase).Cursor()
			k, v := cur.Seek(at)
			for n := 0; n < sweepMax && bytes.HasPrefix(k, []byte(rowKey)); n++ {
				if kept, ok := decodeKeyed(string(v)); ok && len(k) > 5 {
					key := generationKey(keyGeneration(timeOf(kept.id), c.o.KeyTTL)) + string(k[5:])
					if key != string(k) {
						rows = append(rows, row{bytes.Clone(k), []byte(key), bytes.Clone(v)})
					}
				}
				k, v = cur.Next()
			}
			if at = nil; bytes.HasPrefix(k, []byte(rowKey)) {
				at = bytes.Clone(k)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		err = c.Store.log.Update(func(tx *bolt.Tx) error {
			base := tx.Bucket(bucketBase)
			for _, r := range rows {
				if err := base.Delete(r.old); err != nil {
					return err
				}
				if err := base.Put(r.new, r.value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
