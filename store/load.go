package store

import (
	"bytes"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	bolt "go.etcd.io/bbolt"
)

// load brings the views to the head of the log and publishes the first root.
func (c *committer) load() error {
	if err := c.loadHead(); err != nil {
		return err
	}
	at, err := c.openViews()
	if err != nil {
		return err
	}
	err = c.bringUp(at)
	if errors.Is(err, ErrDamaged) && !at.head.IsZero() {
		// The log does not continue these rows: they are damaged, or older than
		// what retention took. What is wrong with the log itself, the rebuild meets.
		c.o.Logger.Warn("chat views are rebuilt from the log", "file", viewsPath(c.path), "reason", err)
		if err = c.views.Close(); err == nil {
			err = c.newViews()
		}
		if err == nil {
			err = c.bringUp(checkpoint{})
		}
	}
	if err != nil {
		return err
	}
	txid, err := newestTx(c.views)
	if err != nil {
		return err
	}
	c.live.reached = c.head
	c.root.Store(&root{head: c.head, active: c.w.active.Copy(), viewsTx: txid})
	if c.w.active.Len() > 0 {
		c.arm(c.o.FlushEvery)
	} else {
		c.due = len(c.over)+len(c.ending) > 0
	}
	return nil
}

// bringUp folds into the views what the log holds behind a checkpoint of theirs.
func (c *committer) bringUp(at checkpoint) (err error) {
	defer guard(viewsPath(c.path), &err)
	c.w = newWorkspace(c.Store)
	c.w.next, c.w.sure = max(at.next, 1), max(at.next, 1)
	c.checkpoint = at.head
	if at.head.IsZero() {
		err = c.loadBase()
	} else if at.trims != c.trims {
		err = c.catchUpTrims()
	}
	if err == nil {
		err = c.foldFrom(at.head)
	}
	if err == nil && c.o.Keep > 0 {
		err = c.findOver()
	}
	if err == nil {
		err = c.findEnding()
		c.counts.removing.Store(int64(len(c.ending)))
	}
	return err
}

// loadHead reads where the log ends.
func (c *committer) loadHead() error {
	err := c.Store.log.View(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketMeta).Get(keyTrims); len(b) == 8 {
			c.trims = binary.BigEndian.Uint64(b)
		}
		copy(c.lost[:], tx.Bucket(bucketMeta).Get(keyLost))
		k, v := tx.Bucket(bucketLog).Cursor().Last()
		if k == nil {
			return nil
		}
		if len(k) != len(c.head) {
			return fmt.Errorf("key %x of the log: %w", k, ErrDamaged)
		}
		var r Record
		copy(c.head[:], k)
		err := decode(&r, c.head, v)
		c.headLink = r.link
		return err
	})
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails
	c.mint = newMint(c.head, seed)
	return err
}

// openViews opens the views file, or begins a new one where there is none that
// belongs to this log.
func (c *committer) openViews() (checkpoint, error) {
	path := viewsPath(c.path)
	db, err := openFile(path, 0, c.o.Progress)
	if err == nil {
		at, why := c.readCheckpoint(db)
		if why == nil {
			c.views = db
			return at, nil
		}
		err = errors.Join(why, db.Close())
	}
	switch {
	case errors.Is(err, ErrLocked):
		return checkpoint{}, err
	case !errors.Is(err, fs.ErrNotExist):
		c.o.Logger.Warn("chat views are rebuilt from the log", "file", path, "reason", err)
	}
	return checkpoint{}, c.newViews()
}

// newViews begins a new views file in the place of what is there.
func (c *committer) newViews() error {
	path := viewsPath(c.path)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := newFile(path, func(tx *bolt.Tx) error {
		for _, b := range [][]byte{bucketRows, bucketKeys, bucketMeta} {
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		c.views, err = openFile(path, 0, c.o.Progress)
	}
	return err
}

// readCheckpoint says what the views in db are the fold of, or why they are
// not those of this log.
func (c *committer) readCheckpoint(db *bolt.DB) (at checkpoint, err error) {
	defer guard(db.Path(), &err)
	err = db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil || tx.Bucket(bucketRows) == nil || tx.Bucket(bucketKeys) == nil {
			return errors.New("not a views file")
		}
		b := meta.Get(keyCheckpoint)
		if b == nil {
			return errors.New("not finished")
		}
		b, err := unseal(string(keyCheckpoint), b)
		if err != nil {
			return err
		}
		var ok bool
		if at, ok = decodeCheckpoint(b); !ok {
			return errors.New("checkpoint of another version")
		}
		if tx.Size() > fullCheck {
			return nil // rows are checked as they are read
		}
		return checkSeals(tx)
	})
	switch {
	case err != nil:
		return at, err
	case at.store != c.id:
		return at, errors.New("views of another store")
	case at.trims > c.trims:
		return at, errors.New("views of another course of the log: it has been trimmed less")
	case at.fold != c.o.foldName():
		return at, fmt.Errorf("views of another fold: %q", at.fold)
	}
	return at, c.Store.log.View(func(tx *bolt.Tx) error {
		r, err := readRecord(tx.Bucket(bucketLog), at.head)
		if err != nil || r.link != at.link {
			return fmt.Errorf("views of another course of the log: checkpoint %s", at.head)
		}
		return nil
	})
}

// foldPage is how many records are folded under one transaction, if tests do not
// say otherwise.
const foldPage = 4096

// foldFrom folds the log behind a position, writing the views as it goes.
func (c *committer) foldFrom(after ID) error {
	var done, size int64
	progress := func(total int64) {
		if done > 0 {
			c.o.Progress(Progress{Phase: "rebuild", Done: done, Total: total})
		}
	}
	for after != c.head {
		err := c.Store.log.View(func(tx *bolt.Tx) error {
			log := tx.Bucket(bucketLog)
			if err := c.w.begin(log); err != nil {
				return err
			}
			defer c.w.end()
			cur := log.Cursor()
			k, v := cur.Seek(after[:])
			if bytes.Equal(k, after[:]) {
				k, v = cur.Next()
			}
			for n := 0; k != nil && n < c.o.foldPage; n++ {
				var r Record
				copy(after[:], k)
				if err := decode(&r, after, v); err != nil {
					return err
				}
				r = r.keep()
				if err := c.follows(&r); err != nil {
					return err
				}
				c.w.fold(&r)
				done, size = done+1, size+int64(len(k)+len(v))
				k, v = cur.Next()
			}
			progress(max(tx.Size()*done/max(size, 1), done))
			return nil
		})
		if err != nil {
			return err
		}
		if err := c.writeFolded(after); err != nil {
			return err
		}
	}
	progress(done)
	return nil
}

// follows checks that a record continues its room.
func (c *committer) follows(r *Record) error {
	var last ID
	var link uint32
	if room := c.w.find(r.Room); room != nil {
		last, link = room.Last, room.link
	}
	if r.Prev != last || r.link != r.linkAfter(link) {
		return fmt.Errorf("room %q: record %s does not follow %s: %w", r.Room, r.ID, last, ErrDamaged)
	}
	return nil
}

// writeFolded writes what has been folded up to a record, if it is much.
func (c *committer) writeFolded(upTo ID) error {
	c.w.settle()
	c.w.sure = c.w.next
	if c.w.active.Len() < c.o.FlushRows {
		return nil
	}
	var link uint32
	err := c.Store.log.View(func(tx *bolt.Tx) error {
		r, err := readRecord(tx.Bucket(bucketLog), upTo)
		link = r.link
		return err
	})
	if err != nil {
		return err
	}
	job := flushJob{c.w.active, checkpoint{
		store: c.id, fold: c.o.foldName(), head: upTo, link: link, next: c.w.sure, trims: c.trims,
	}}
	if _, err := c.writeViews(job); err != nil {
		return err
	}
	c.w.active, c.checkpoint = newTable(), upTo
	c.w.forget()
	return nil
}

// findOver notes the rooms that hold more than is kept.
func (c *committer) findOver() error {
	return c.inViews(func() error {
		for k, v := range c.w.Ascend(rowRoom, successor(rowRoom)) {
			r, err := decodeRoom(k[1:], v)
			if err != nil {
				return err
			}
			if r.Events > uint64(c.o.Keep) {
				c.over[r.ID] = struct{}{}
			}
		}
		return nil
	})
}

// inViews runs f with the views' transaction open.
func (c *committer) inViews(f func() error) (err error) {
	defer guard(viewsPath(c.path), &err)
	if err := c.w.begin(nil); err != nil {
		return err
	}
	defer c.w.end()
	return f()
}
