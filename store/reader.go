package store

import (
	"fmt"
)

// Bounds of a page: what a reader takes from the file at once.
const (
	pageRecords = 256
	pageBytes   = 1 << 20
)

// A Reader is a cursor over the log of one room or of several, in one order.
// It is for one goroutine at a time.
type Reader struct {
	store  *Store
	bell   *Bell
	rooms  []readerRoom
	cursor ID
	closed bool

	erasures uint64 // as of the root that the buffers were read at
}

// A readerRoom is one of the rooms of a reader.
type readerRoom struct {
	live   *liveRoom
	upTo   ID       // read up to here
	buffer []*Entry // read, and not yet returned: where rooms are merged
	page   pager
}

// Read opens a reader of the rooms behind the cursor after, which may be
// greater than any id: then it begins at the present head. It rings bell (its
// own if nil) when one of the rooms may have more. Close it after use.
func (s *Store) Read(rooms []string, after ID, bell *Bell) *Reader {
	if bell == nil {
		bell = NewBell()
	}
	r := &Reader{store: s, bell: bell, rooms: make([]readerRoom, len(rooms))}
	for i, id := range rooms {
		r.rooms[i].live = s.live.join(id, bell) // listen first, then look: else what comes between is not heard
	}
	root := s.root.Load()
	if head := root.head; after.Compare(head) > 0 {
		after = head
	}
	r.cursor, r.erasures = after, root.erasures
	for i := range r.rooms {
		r.rooms[i].upTo = after
	}
	return r
}

// Poll returns what follows the cursor, at most 256 records and about 1 MiB,
// and moves the cursor behind it. It never blocks for more to be written. An
// empty batch means that the reader has caught up: it has seen all up to head,
// and its cursor is head.
//
// It fails with ErrExpired when retention, or the end of a room, has taken
// records that the reader has not seen, with ErrDamaged, and with ErrClosed once there is nothing more.
func (r *Reader) Poll() (batch []*Entry, head ID, err error) {
	if r.closed {
		return nil, ID{}, ErrClosed
	}
	root := r.store.root.Load() // everything durable up to its head is in tails and file
	if root.head.Compare(r.cursor) <= 0 {
		if r.store.ended.Load() {
			return nil, ID{}, ErrClosed
		}
		return nil, r.cursor, nil
	}
	if root.erasures != r.erasures {
		r.erasures = root.erasures
		for i := range r.rooms { // buffers may hold what has been erased since
			r.rooms[i].upTo, r.rooms[i].buffer = r.cursor, nil
		}
	}
	if len(r.rooms) == 1 {
		batch, err = r.store.after(&r.rooms[0], root.head)
	} else {
		batch, err = r.merge(root.head)
	}
	if err != nil {
		return nil, ID{}, err
	}
	if len(batch) == 0 {
		r.cursor = root.head
		return nil, root.head, nil
	}
	r.cursor = batch[len(batch)-1].ID
	return batch, root.head, nil
}

// after returns the next records of one room up to head, and moves its mark:
// behind the last of them, or to head if there are none.
func (s *Store) after(rr *readerRoom, head ID) ([]*Entry, error) {
	es, ok := rr.live.tail.Load().after(rr.upTo, head)
	if !ok {
		var err error
		if es, err = s.page(rr, head); err != nil {
			return nil, err
		}
	} else {
		es = bounded(es)
	}
	if len(es) == 0 {
		rr.upTo = head
	} else {
		rr.upTo = es[len(es)-1].ID
	}
	return es, nil
}

// bounded cuts a run of entries to the size of a page.
func bounded(es []*Entry) []*Entry {
	if len(es) > pageRecords {
		es = es[:pageRecords]
	}
	bytes := 0
	for i, e := range es {
		if bytes += len(e.rec); bytes > pageBytes && i > 0 {
			return es[:i]
		}
	}
	return es
}

// merge returns the next records of all rooms in the order of their ids.
func (r *Reader) merge(head ID) (batch []*Entry, err error) {
	bytes := 0
	for len(batch) < pageRecords && bytes < pageBytes {
		var first *readerRoom
		for i := range r.rooms {
			rr := &r.rooms[i]
			if len(rr.buffer) == 0 && rr.upTo.Compare(head) < 0 {
				if rr.buffer, err = r.store.after(rr, head); err != nil {
					if len(batch) > 0 {
						return batch, nil // what was taken from the buffers goes out; the error comes next
					}
					return nil, err
				}
			}
			if len(rr.buffer) > 0 && (first == nil || rr.buffer[0].ID.Compare(first.buffer[0].ID) < 0) {
				first = rr
			}
		}
		if first == nil {
			break
		}
		batch = append(batch, first.buffer[0])
		bytes += len(first.buffer[0].rec)
		first.buffer = first.buffer[1:]
	}
	return batch, nil
}

// Pending reports, without reading, whether Poll may have something.
func (r *Reader) Pending() bool {
	if r.closed || r.store.root.Load().head.Compare(r.cursor) <= 0 {
		return false
	}
	for i := range r.rooms {
		rr := &r.rooms[i]
		if len(rr.buffer) > 0 {
			return true
		}
		t := rr.live.tail.Load()
		if rr.upTo.Compare(t.from) < 0 {
			return true
		}
		if n := len(t.entries); n > 0 && t.entries[n-1].ID.Compare(rr.upTo) > 0 {
			return true
		}
	}
	return false
}

// Bell is the bell of the reader.
func (r *Reader) Bell() *Bell { return r.bell }

// Cursor is the position of the reader: all up to it has been returned.
func (r *Reader) Cursor() ID { return r.cursor }

// Close takes the reader off its rooms' bells. It may be called twice.
func (r *Reader) Close() {
	if r.closed {
		return
	}
	r.closed = true
	for i := range r.rooms {
		r.store.live.leave(r.rooms[i].live, r.bell)
	}
}

// keptFrom returns the floor that a room has in the log, which may be above the
// one that its row tells of; ok is false where retention has taken nothing yet.
// It must run under guard.
func (sn *Snapshot) keptFrom(room string) (floor ID, ok bool) {
	v := sn.logTx.Bucket(bucketBase).Get([]byte(roomKey(room)))
	if v == nil {
		return ID{}, false
	}
	base, err := decodeRoom(room, string(v))
	return base.Floor, err == nil
}

// lost tells why a record behind the cursor is in the index and not in the
// log: retention took it after the snapshot of the rows was opened, or the file
// is damaged. The base says so in the transaction that the record is missing
// from; the rows of a newer snapshot may not yet.
func (sn *Snapshot) lost(room string, cursor ID) (err error) {
	defer guard(sn.store.path, &err)
	if floor, ok := sn.keptFrom(room); ok && floor.Compare(cursor) > 0 {
		return fmt.Errorf("room %q is kept from %s: %w", room, floor, ErrExpired)
	}
	return fmt.Errorf("a record of room %q after %s is missing: %w", room, cursor, ErrDamaged)
}
