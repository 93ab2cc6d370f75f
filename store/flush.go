package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A flushJob is a table on its way to the views file, and what the file holds
// once it is there.
type flushJob struct {
	table      *table
	checkpoint checkpoint
}

// A checkpoint says what a views file is the fold of. A file whose checkpoint
// does not stand in the log, or was made by another fold, is rebuilt.
type checkpoint struct {
	store string
	fold  string
	head  ID     // every record up to here is folded
	link  uint32 // that record's link
	next  uint32 // see workspace.next
	trims uint64 // trims of the log that are in the rows
}

var keyCheckpoint = []byte("checkpoint")

const viewsVersion = 4

// encode: version u8 ‖ head 16 ‖ link u32 ‖ next u32 ‖ trims u64 ‖ store id 32 ‖ fold.
func (c checkpoint) encode() []byte {
	b := append([]byte{viewsVersion}, c.head[:]...)
	b = binary.BigEndian.AppendUint32(b, c.link)
	b = binary.BigEndian.AppendUint32(b, c.next)
	b = binary.BigEndian.AppendUint64(b, c.trims)
	b = append(b, c.store...)
	return append(b, c.fold...)
}

func decodeCheckpoint(b []byte) (c checkpoint, ok bool) {
	if len(b) < 65 || b[0] != viewsVersion {
		return c, false
	}
	copy(c.head[:], b[1:])
	c.link = binary.BigEndian.Uint32(b[17:])
	c.next = binary.BigEndian.Uint32(b[21:])
	c.trims = binary.BigEndian.Uint64(b[25:])
	c.store, c.fold = string(b[33:65]), string(b[65:])
	return c, true
}

// foldName is the identity of the fold: the host's, and what of the options
// shapes the store's own rows.
func (o *Options) foldName() string { return fmt.Sprintf("%s/key-ttl=%s", o.Fold, o.KeyTTL) }

// housekeeping does what is due between two batches.
func (c *committer) housekeeping() {
	select {
	case err := <-c.flushed:
		c.flushEnded(err)
	default:
	}
	if c.w.active.Len() >= c.o.FlushRows {
		c.freeze()
	}
	if c.due {
		c.due = false
		c.trim()
	}
}

// freeze hands the table of the newest rows to the flusher and starts a new
// one. While an older table is on its way it does nothing; one that could not
// be written is tried again.
func (c *committer) freeze() {
	if c.flushing || c.Failed() != nil || c.flushErr != nil && time.Since(c.flushFailed) < idle {
		return
	}
	if c.w.frozen == nil {
		if c.w.active.Len() == 0 {
			return
		}
		c.w.frozen, c.w.active = c.w.active, newTable()
		c.job = flushJob{c.w.frozen, checkpoint{
			store: c.id, fold: c.o.foldName(), head: c.head, link: c.headLink, next: c.w.sure, trims: c.trims,
		}}
		active := c.w.active.Copy()
		c.publish(func(r *root) { r.frozen, r.active = c.job.table, active })
	}
	c.flushing = true
	c.flush <- c.job
}

// flushEnded takes note of what the flusher did.
func (c *committer) flushEnded(err error) {
	c.flushing, c.flushErr = false, err
	if err != nil {
		c.o.Logger.Warn("chat views could not be written, trying again", "file", viewsPath(c.path), "error", err)
		c.flushFailed = time.Now()
		c.arm(idle)
		return
	}
	c.w.frozen = nil
	c.checkpoint = c.job.checkpoint.head
	c.due = len(c.over)+len(c.ending) > 0
	c.counts.flushes.Add(1)
	if c.w.active.Len() > 0 {
		c.arm(c.o.FlushEvery)
	}
}

func (c *committer) arm(d time.Duration) {
	c.timerSet = true
	c.timer.Reset(d)
}

// roomInMemory waits while both tables are full, and refuses if the views
// file cannot be written.
func (c *committer) roomInMemory() error {
	for c.w.active.Len() >= 4*c.o.FlushRows {
		if !c.flushing {
			if errors.Is(c.flushErr, ErrDamaged) {
				c.fail(c.flushErr) // trying again does not help; reopening rebuilds
				return fmt.Errorf("%w: views: %w", ErrFailed, c.flushErr)
			} else if c.flushErr != nil {
				return fmt.Errorf("%w: views: %w", ErrFull, c.flushErr)
			}
			c.freeze()
			continue
		}
		c.flushEnded(<-c.flushed)
	}
	return nil
}

// finish writes what is left when the store closes.
func (c *committer) finish() {
	c.timer.Stop()
	for _, a := range c.asides {
		a.close()
	}
	c.saveAsides()
	c.saveTimer.Stop()
	for _, a := range c.asides {
		a.refuse(ErrClosed) // what a full disk has kept from being written
	}
	for range 2 { // the table on its way, and the newest
		if c.flushing {
			c.flushEnded(<-c.flushed)
		}
		c.freeze()
	}
	if c.flushing {
		c.flushEnded(<-c.flushed)
	}
	close(c.flush)
}

// runFlusher writes tables to the views file, one after the other.
func (s *Store) runFlusher() {
	debug.SetPanicOnFault(true)
	for job := range s.flush {
		start := time.Now()
		txid, err := s.writeViews(job)
		s.counts.flushTook.Add(int64(time.Since(start)))
		s.publish(func(r *root) {
			r.viewsTx = txid
			if err == nil {
				r.frozen = nil
			}
		})
		s.flushed <- err
	}
}

// writeViews writes a table and its checkpoint in one transaction, in key
// order, and drops the idempotency keys that have expired. It returns the
// newest transaction of the file, whether it succeeded or not.
func (s *Store) writeViews(job flushJob) (txid int, err error) {
	err = s.updateViews(func(tx *bolt.Tx) error {
		if err := putRows(tx, job.table); err != nil {
			return err
		}
		if err := s.dropKeys(tx, job.checkpoint.head); err != nil {
			return err
		}
		return tx.Bucket(bucketMeta).Put(keyCheckpoint, sealed(string(keyCheckpoint), string(job.checkpoint.encode())))
	})
	txid, viewErr := newestTx(s.views)
	return txid, errors.Join(err, viewErr)
}

// newestTx is the newest committed transaction of a file.
func newestTx(db *bolt.DB) (txid int, err error) {
	defer guard(db.Path(), &err)
	err = db.View(func(tx *bolt.Tx) error { txid = tx.ID(); return nil })
	return txid, err
}

// updateViews runs a transaction on the views file.
func (s *Store) updateViews(change func(tx *bolt.Tx) error) error {
	tx, err := s.views.Begin(true)
	if err != nil {
		return fmt.Errorf("%s: %w", viewsPath(s.path), err)
	}
	defer rollback(tx) // does nothing after a commit
	err = func() (err error) {
		defer guard(viewsPath(s.path), &err)
		return change(tx)
	}()
	if err != nil {
		return err
	}
	return commitTx(tx)
}

// putRows writes a table in key order.
func putRows(tx *bolt.Tx, t *table) (err error) {
	rows, keys := tx.Bucket(bucketRows), tx.Bucket(bucketKeys)
	var generation string
	var bucket *bolt.Bucket
	t.Scan(func(key string, c cell) bool {
		b, k := rows, key
		if key[0] == rowKey[0] {
			if key[1:5] != generation {
				generation = key[1:5]
				if bucket, err = keys.CreateBucketIfNotExists([]byte(generation)); err != nil {
					return false
				}
			}
			b, k = bucket, key[5:]
		}
		if c.dead {
			err = b.Delete([]byte(k))
		} else {
			err = b.Put([]byte(k), sealed(key, c.value))
		}
		return err == nil
	})
	return err
}

// dropKeys removes the generations of idempotency keys that no command at or
// after head looks into. What is dropped follows from the log alone.
func (s *Store) dropKeys(tx *bolt.Tx, head ID) error {
	live := keyGeneration(timeOf(head), s.o.KeyTTL)
	keys := tx.Bucket(bucketKeys)
	var old [][]byte
	c := keys.Cursor()
	for k, _ := c.First(); k != nil && uint64(binary.BigEndian.Uint32(k))+1 < uint64(live); k, _ = c.Next() {
		old = append(old, append([]byte(nil), k...))
	}
	for _, k := range old {
		if err := keys.DeleteBucket(k); err != nil {
			return err
		}
	}
	return nil
}
