package store

import (
	"bytes"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// An AllReader is a cursor over the log of the whole store: the records of all
// rooms in the order of their ids. It is for one goroutine at a time. It keeps
// nothing in memory between two polls, and reads from the file: it is meant for
// the few that follow everything, as durable observers do.
type AllReader struct {
	store  *Store
	bell   *Bell
	cursor ID
	lost   ID // losses up to here have been told
	closed bool
}

// scanMax bounds the records that are passed over under one transaction.
const scanMax = 4096

// ReadAll opens a reader of all records behind the cursor after, which may be
// greater than any id: then it begins at the present head. The zero id begins
// with the oldest record that is kept. It rings bell (its own if nil) at every
// commit of records. Close it after use.
func (s *Store) ReadAll(after ID, bell *Bell) *AllReader {
	if bell == nil {
		bell = NewBell()
	}
	s.live.all.add(bell) // listen first, then look: else what comes between is not heard
	if head := s.Head(); after.Compare(head) > 0 {
		after = head
	}
	return &AllReader{store: s, bell: bell, cursor: after}
}

// Poll returns what follows the cursor, at most 256 records and about 1 MiB,
// and moves the cursor behind it. It never blocks for more to be written. An
// empty batch means that the reader has caught up: it has seen all up to head,
// and its cursor is head. Records at or below the floor of their room are
// passed over: those of a room that ended are gone without a word.
//
// It fails with ErrExpired when retention has taken records behind the cursor,
// once for each stretch of the log: it then goes on with what is left, so call
// it again. Lost is up to where records may be missing. It fails with
// ErrDamaged, and with ErrClosed once there is nothing more.
func (r *AllReader) Poll() (batch []*Entry, head ID, err error) {
	if r.closed {
		return nil, ID{}, ErrClosed
	}
	for {
		if head = r.store.Head(); head.Compare(r.cursor) <= 0 {
			if r.store.ended.Load() {
				return nil, ID{}, ErrClosed
			}
			return nil, r.cursor, nil
		}
		batch, head, err = r.page()
		if err != nil || len(batch) > 0 {
			return batch, head, err
		}
		if r.cursor == head {
			return nil, head, nil
		}
	}
}

// page reads on from the cursor and moves it. An empty page has passed over
// records, up to the head or not.
func (r *AllReader) page() (es []*Entry, head ID, err error) {
	sn, err := r.store.Snapshot()
	if err != nil {
		return nil, ID{}, err
	}
	defer sn.Close()
	defer guard(r.store.path, &err)
	log, err := sn.log()
	if err != nil {
		return nil, ID{}, err
	}
	head = sn.Head()
	if err := r.expired(sn.logTx); err != nil {
		return nil, ID{}, err
	}
	to, floors, size := r.cursor, map[string]ID{}, 0
	cur := log.Cursor()
	k, v := cur.Seek(to[:])
	if bytes.Equal(k, to[:]) {
		k, v = cur.Next()
	}
	for n := 0; ; n++ {
		if k == nil || bytes.Compare(k, head[:]) > 0 {
			to = head
			break
		}
		if n == scanMax || len(es) == pageRecords || len(es) > 0 && size+len(v) > pageBytes {
			break
		}
		id := ID(k)
		if err := checkRecord(id, v); err != nil {
			return nil, ID{}, err
		}
		room := v[recordHeader : recordHeader+int(v[34])]
		floor, known := floors[string(room)]
		if !known {
			if floor, err = sn.floorOf(string(room)); err != nil {
				return nil, ID{}, err
			}
			floors[string(room)] = floor
		}
		if id.Compare(floor) > 0 {
			es, size = append(es, &Entry{ID: id, rec: bytes.Clone(v)}), size+len(v)
		}
		to = id
		k, v = cur.Next()
	}
	if len(es) > 0 {
		to = es[len(es)-1].ID
	}
	r.cursor = to
	return es, head, nil
}

// expired tells, once, that retention has taken records behind the cursor. The
// log says so in the transaction that they are missing from.
func (r *AllReader) expired(tx *bolt.Tx) error {
	var lost ID
	copy(lost[:], tx.Bucket(bucketMeta).Get(keyLost))
	fresh := lost.Compare(r.cursor) > 0 && lost.Compare(r.lost) > 0
	if !fresh {
		return nil
	}
	r.lost = lost
	if r.cursor.IsZero() {
		return nil // it asked for what is kept
	}
	return fmt.Errorf("records from %s to %s are not all kept: %w", r.cursor, lost, ErrExpired)
}

// Lost is the greatest id that the reader knows retention to have taken. After
// ErrExpired some of the records between the cursor and it are gone.
func (r *AllReader) Lost() ID { return r.lost }

// Pending reports, without reading, whether Poll may have something.
func (r *AllReader) Pending() bool {
	return !r.closed && r.store.Head().Compare(r.cursor) > 0
}

// Bell is the bell of the reader.
func (r *AllReader) Bell() *Bell { return r.bell }

// Cursor is the position of the reader: all up to it has been returned.
func (r *AllReader) Cursor() ID { return r.cursor }

// Close takes the reader's bell off the store. It may be called twice.
func (r *AllReader) Close() {
	if !r.closed {
		r.closed = true
		r.store.live.all.remove(r.bell)
	}
}
