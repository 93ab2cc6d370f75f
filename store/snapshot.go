package store

import (
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// A Snapshot is a View at one durable position of the log. It is for one
// goroutine. While it is open the files may grow: close it within
// milliseconds, and before anything is written to a network.
type Snapshot struct {
	layers
	store *Store
	root  *root
	views *bolt.Tx
	logTx *bolt.Tx // begun when first needed
	err   error
	fault bool // SetPanicOnFault as it was
	past  *past
	met   Room // of the record that was read last
}

// Snapshot opens a consistent view of rows and log.
func (s *Store) Snapshot() (*Snapshot, error) {
	for {
		r := s.root.Load()
		tx, err := s.views.Begin(false)
		if err != nil {
			return nil, closedErr(err)
		}
		// The tables must lie over the very state of the file that they were made
		// for. A flush that ended between the two lines above has moved both.
		if id := tx.ID(); id == r.viewsTx || r.frozen != nil && id == r.viewsTx+1 {
			sn := &Snapshot{store: s, root: r, views: tx, fault: debug.SetPanicOnFault(true)}
			sn.active, sn.frozen = r.active, r.frozen
			func() {
				defer guard(viewsPath(s.path), &sn.err)
				sn.file(tx)
			}()
			return sn, nil
		}
		_ = tx.Rollback()
	}
}

func closedErr(err error) error { return fmt.Errorf("%w: %w", ErrClosed, err) }

// Close ends the snapshot. It must be called, by the goroutine that opened it.
func (sn *Snapshot) Close() {
	rollback(sn.views)
	if sn.logTx != nil {
		rollback(sn.logTx)
	}
	debug.SetPanicOnFault(sn.fault)
}

// Head is the position of the snapshot: it shows all records up to this one.
func (sn *Snapshot) Head() ID { return sn.root.head }

// Err returns the first error that a read has met. Reads that have no error of
// their own to return end early then.
func (sn *Snapshot) Err() error { return sn.err }

// caught notes a panic on a damaged page. Deferred by every read.
func (sn *Snapshot) caught(file string) {
	if p := recover(); p != nil && sn.err == nil {
		sn.err = fmt.Errorf("%s: %w: %v", file, ErrDamaged, p)
	}
}

// Get returns the value of a row.
func (sn *Snapshot) Get(key string) (value string, ok bool) {
	defer sn.caught(viewsPath(sn.store.path))
	return sn.get(key)
}

// Ascend yields the rows in [from, to), in key order.
func (sn *Snapshot) Ascend(from, to string) iter.Seq2[string, string] {
	return sn.rowsOf(from, to, false)
}

// Descend yields the rows in [from, to), last first.
func (sn *Snapshot) Descend(from, to string) iter.Seq2[string, string] {
	return sn.rowsOf(from, to, true)
}

func (sn *Snapshot) rowsOf(from, to string, back bool) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		s := sn.start(&sn.layers, from, to, back)
		for {
			k, v, ok := sn.step(s)
			if !ok || !yield(string(bytesOf(k)), string(bytesOf(v))) {
				return
			}
		}
	}
}

func (sn *Snapshot) start(l *layers, from, to string, back bool) (s *scan) {
	s = &scan{}
	defer sn.caught(viewsPath(sn.store.path))
	return l.scan(from, to, back)
}

func (sn *Snapshot) step(s *scan) (key, value string, ok bool) {
	defer sn.caught(viewsPath(sn.store.path))
	return s.next()
}

// Room returns what the store knows of a room.
func (sn *Snapshot) Room(id string) (Room, bool) {
	if sn.past != nil && id != sn.past.room {
		return Room{}, false
	}
	v, ok := sn.Get(roomKey(id))
	if !ok {
		return Room{}, false
	}
	return sn.room(id, v)
}

func (sn *Snapshot) room(id, v string) (Room, bool) {
	r, err := decodeRoom(id, v)
	if err != nil {
		sn.err = errors.Join(sn.err, err)
		return Room{}, false
	}
	return r, true
}

// RoomByNumber returns the room of a number that a row names.
func (sn *Snapshot) RoomByNumber(n uint32) (Room, bool) {
	id, ok := sn.Get(numberKey(n))
	if !ok {
		return Room{}, false
	}
	return sn.Room(id)
}

// Rooms yields the rooms of the store in the order of their ids, from the
// first that is greater than after.
func (sn *Snapshot) Rooms(after string) iter.Seq[Room] {
	return func(yield func(Room) bool) {
		from := rowRoom
		if after != "" {
			from = roomKey(after) + "\x00"
		}
		for k, v := range sn.Ascend(from, successor(rowRoom)) {
			if sn.past != nil && k[1:] != sn.past.room {
				continue
			}
			if r, ok := sn.room(k[1:], v); !ok || !yield(r) {
				return
			}
		}
	}
}

// Index yields the ids of a lane of a room in (after, before), in rising
// order, or in falling order with back. A zero before is no bound.
func (sn *Snapshot) Index(room Room, lane Lane, after, before ID, back bool) iter.Seq[ID] {
	return func(yield func(ID) bool) {
		s := sn.index(room, lane, after, before, back)
		for {
			k, _, ok := sn.step(s)
			if !ok || !yield(indexID(k)) {
				return
			}
		}
	}
}

func (sn *Snapshot) index(room Room, lane Lane, after, before ID, back bool) *scan {
	from := indexKey(room.Number, lane, later(after, room.Floor)) + "\x00"
	to := indexKey(room.Number, lane, maxID) + "\x00"
	if !before.IsZero() {
		to = indexKey(room.Number, lane, before)
	}
	if from > to {
		from = to
	}
	if sn.past != nil {
		return sn.past.index(sn, from, to, back)
	}
	return sn.start(&sn.layers, from, to, back)
}

// Record returns a record of the log. It is a copy, and checked.
func (sn *Snapshot) Record(id ID) (Record, error) {
	if id.Compare(sn.Head()) > 0 {
		return Record{}, ErrNotFound // it may be in the file, and not yet durable
	}
	b, err := sn.log()
	if err != nil {
		return Record{}, err
	}
	r, err := readGuarded(sn.store.path, b, id)
	if err != nil {
		return Record{}, err
	}
	if floor, err := sn.floorOf(r.Room); err != nil {
		return Record{}, err
	} else if id.Compare(floor) <= 0 {
		return Record{}, ErrNotFound // its room has ended, and it is yet to be removed
	}
	return r.keep(), nil
}

// floorOf is the floor of a room. A room that the snapshot does not show has all
// of its records below it.
func (sn *Snapshot) floorOf(room string) (ID, error) {
	if sn.met.ID != room {
		met, ok := sn.Room(strings.Clone(room)) // it may lie in a page
		if !ok {
			return maxID, sn.err
		}
		sn.met = met
	}
	return sn.met.Floor, nil
}

func readGuarded(path string, b *bolt.Bucket, id ID) (r Record, err error) {
	defer guard(path, &err)
	return readRecord(b, id)
}

// keep returns a copy that does not share memory with a page of the file.
func (r *Record) keep() Record {
	n := len(r.Room) + len(r.Type) + len(r.UserID) + len(r.Key) + len(r.UserName)
	buf := make([]byte, 0, n+len(r.Body))
	buf = append(buf, r.Room...)
	buf = append(buf, r.Type...)
	buf = append(buf, r.UserID...)
	buf = append(buf, r.Key...)
	buf = append(buf, r.UserName...)
	k := *r
	s := stringOf(buf)
	k.Room, s = s[:len(r.Room)], s[len(r.Room):]
	k.Type, s = s[:len(r.Type)], s[len(r.Type):]
	k.UserID, s = s[:len(r.UserID)], s[len(r.UserID):]
	k.Key, s = s[:len(r.Key)], s[len(r.Key):]
	k.UserName = s
	k.Body = slices.Clip(append(buf, r.Body...)[n:])
	return k
}

// log returns the log as of the snapshot's position or later.
func (sn *Snapshot) log() (*bolt.Bucket, error) {
	if sn.logTx == nil {
		tx, err := sn.store.log.Begin(false)
		if err != nil {
			return nil, closedErr(err)
		}
		sn.logTx = tx
	}
	b := logBucket(sn.logTx, sn.store.path, &sn.err)
	if b == nil {
		return nil, sn.err
	}
	return b, nil
}

func logBucket(tx *bolt.Tx, path string, err *error) (b *bolt.Bucket) {
	defer guard(path, err)
	return tx.Bucket(bucketLog)
}
