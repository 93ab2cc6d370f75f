package store

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Stats tells how a store is doing.
type Stats struct {
	Head       ID            // newest durable record
	Commits    int64         // since open
	Records    int64         // appended since open
	Replayed   int64         // commands answered from their idempotency key
	Refused    int64         // commands that ended with an error
	CommitTook time.Duration // in all commits together
	Marks      int64         // read markers moved since open
	MarkWrites int64         // commits that some of them went with, or made
	Flushes    int64         // of rows to the views file
	FlushTook  time.Duration // in all flushes together
	Rows       int           // rows in memory, waiting to be flushed
	LiveRooms  int           // rooms that are being read
	Removing   int           // rooms that have ended and are yet to be removed from the files
	LogBytes   int64         // size of the log file
	ViewsBytes int64         // size of the views file
}

// Stats may be called at any time; it costs two looks at the file system.
func (s *Store) Stats() Stats {
	r := s.root.Load()
	st := Stats{
		Head: r.head, Commits: s.counts.commits.Load(), Records: s.counts.records.Load(),
		Replayed: s.counts.replayed.Load(), Refused: s.counts.refused.Load(),
		CommitTook: time.Duration(s.counts.commitTook.Load()),
		Flushes:    s.counts.flushes.Load(), FlushTook: time.Duration(s.counts.flushTook.Load()),
		Rows: r.active.Len(),
	}
	if r.frozen != nil {
		st.Rows += r.frozen.Len()
	}
	st.Marks, st.MarkWrites = s.markers.moved.Load(), s.markers.commits.Load()
	st.Removing = int(s.counts.removing.Load())
	s.live.mu.RLock()
	st.LiveRooms = len(s.live.rooms)
	s.live.mu.RUnlock()
	if i, err := os.Stat(s.path); err == nil {
		st.LogBytes = i.Size()
	}
	if i, err := os.Stat(viewsPath(s.path)); err == nil {
		st.ViewsBytes = i.Size()
	}
	return st
}

// DumpViews writes all rows in key order, then nothing: two stores with the
// same log dump the same, whatever way their views were made. Expired
// idempotency keys and those of ended rooms are left out, and so are the values of index rows that wait to
// be removed with an ended room: what was hidden there a rebuild does not find
// out any more. It is for tests and for finding faults.
func (s *Store) DumpViews(w io.Writer) error {
	sn, err := s.Snapshot()
	if err != nil {
		return err
	}
	defer sn.Close()
	live := keyGeneration(timeOf(sn.Head()), s.o.KeyTTL)
	keys := newTable() // the file's and the memory's, merged
	if err := copyKeys(keys, sn.layers.keys); err != nil {
		return err
	}
	for _, t := range []*table{sn.frozen, sn.active} {
		if t == nil {
			continue
		}
		t.Ascend(rowKey, func(k string, c cell) bool {
			if k[0] == rowKey[0] && c.dead {
				keys.Delete(k)
			} else if k[0] == rowKey[0] {
				keys.Set(k, c)
			}
			return k[0] == rowKey[0]
		})
	}
	if _, err := fmt.Fprintf(w, "head %s\n", sn.Head()); err != nil {
		return err
	}
	var room Room // of the last row of an index
	for k, v := range sn.Ascend("\x00", "") {
		if k[0] == rowKey[0] {
			continue // in memory; the file's stand elsewhere
		}
		if k[0] == rowIndex[0] && len(k) == 22 {
			number := binary.BigEndian.Uint32(bytesOf(k[1:5]))
			if number != room.Number {
				room, _ = sn.RoomByNumber(number)
			}
			if indexID(k).Compare(room.end) <= 0 {
				v = ""
			}
		}
		if _, err := fmt.Fprintf(w, "%x %x\n", k, v); err != nil {
			return err
		}
	}
	from := rowKey
	if live > 0 {
		from = generationKey(live - 1)
	}
	keys.Ascend(from, func(k string, c cell) bool {
		if !endedKey(sn, k, c.value) {
			_, err = fmt.Fprintf(w, "%x %x\n", k, c.value)
		}
		return err == nil
	})
	if err == nil {
		err = sn.Err()
	}
	return err
}

func copyKeys(t *table, keys *bolt.Bucket) error {
	if keys == nil {
		return nil
	}
	return keys.ForEachBucket(func(g []byte) error {
		return keys.Bucket(g).ForEach(func(k, v []byte) error {
			key := rowKey + string(g) + string(k)
			v, err := unseal(key, v)
			t.Set(key, cell{value: string(v)})
			return err
		})
	})
}
