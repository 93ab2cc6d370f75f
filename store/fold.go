package store

import (
	"iter"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// fold applies a record to rows: the store's own rows about it, then the
// host's. room is the room's state before the record and is moved on; the
// caller writes its row. Trimmed records are folded without an index.
func fold(rows Rows, o *Options, room *Room, r *Record, index bool) {
	if index && r.Ends && (room.Floor != r.Prev || room.end != r.Prev) {
		rows.Set(endingKey(room.Number), "") // the base does not say that it has been done
	}
	if r.Key != "" {
		rows.Set(keyKey(keyGeneration(timeOf(r.ID), o.KeyTTL), r.Key, room.Number, r.UserID), encodeKeyed(r))
	}
	room.move(r)
	if index {
		rows.Set(indexKey(room.Number, r.Lane, r.ID), encodeIndex(r.Lane, r.ID, room.run))
	}
	if r.ID.Compare(room.end) > 0 { // else a later record ends the room, and some before this one may be gone
		o.Apply(rows, room, r)
	}
}

// move takes the room on by a record.
func (room *Room) move(r *Record) {
	room.Last, room.link = r.ID, r.link
	room.Total++
	room.Events++
	if r.Ends {
		room.Events = 1
		room.Floor = later(room.Floor, r.Prev)
		room.end = later(room.end, r.Prev)
		room.run = run{}
	}
	if r.Lane == Messages {
		room.run.move(r.ID, hashUser(r.UserID))
	}
}

func later(a, b ID) ID {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

// The workspace is the newest state of the views, uncommitted commands
// included: the committer's alone. Its layers are a table in memory over the
// views file; what it changes is published by taking a copy of the table.
type workspace struct {
	layers
	store *Store
	views *bolt.Tx         // of the views file, for one batch
	log   *bolt.Bucket     // of the log file, for one batch
	rooms map[string]*Room // rooms met, as they are now
	dirty map[string]*Room // those whose row must be written
	next  uint32           // every number below it is taken
	sure  uint32           // next as of the published table
}

// roomsKept bounds the rooms that a workspace keeps decoded.
const roomsKept = 1 << 16

func newWorkspace(s *Store) *workspace {
	w := &workspace{store: s, next: 1, sure: 1}
	w.active = newTable()
	w.forget()
	return w
}

// begin opens the files' transactions for a batch. log is the bucket that
// records are read from.
func (w *workspace) begin(log *bolt.Bucket) error {
	tx, err := w.store.views.Begin(false)
	if err != nil {
		return err
	}
	w.views, w.log = tx, log
	w.file(tx)
	return nil
}

// end closes them.
func (w *workspace) end() {
	if w.views != nil {
		_ = w.views.Rollback()
	}
	w.views, w.log, w.rows, w.keys = nil, nil, nil, nil
}

// settle writes the rows of rooms that have changed into the table.
func (w *workspace) settle() {
	for id, r := range w.dirty {
		w.active.Set(roomKey(id), cell{value: encodeRoom(r)})
	}
	clear(w.dirty)
	if len(w.rooms) > roomsKept {
		w.forget()
	}
}

// forget drops the decoded rooms, settled or not.
func (w *workspace) forget() {
	w.rooms, w.dirty = map[string]*Room{}, map[string]*Room{}
}

// reset goes back to a published table.
func (w *workspace) reset(t *table) {
	w.active = t.Copy()
	w.forget()
	w.next = w.sure
}

// fold applies a record that is being appended or read back.
func (w *workspace) fold(r *Record) {
	room := w.open(r.Room)
	fold(w, &w.store.o, room, r, true)
	w.dirty[room.ID] = room
}

// open returns the room, numbering it if this is its first record. Numbers
// are given in the order in which rooms begin. A rebuild gives the same ones,
// since rooms whose beginning was trimmed keep theirs in the base.
func (w *workspace) open(id string) *Room {
	if r := w.find(id); r != nil {
		return r
	}
	for {
		if _, taken := w.layers.get(numberKey(w.next)); !taken {
			break
		}
		w.next++
	}
	id = strings.Clone(id) // it may lie in a page, or in a record that need not stay
	r := &Room{ID: id, Number: w.next}
	w.rooms[id] = r
	w.Set(numberKey(r.Number), id)
	return r
}

func (w *workspace) find(id string) *Room {
	if r := w.rooms[id]; r != nil {
		return r
	}
	v, ok := w.layers.get(roomKey(id))
	if !ok {
		return nil
	}
	r, err := decodeRoom(strings.Clone(id), v)
	if err != nil {
		panic(err)
	}
	w.rooms[r.ID] = &r
	return &r
}

func (w *workspace) Room(id string) (Room, bool) {
	r := w.find(id)
	if r == nil || r.Total == 0 {
		return Room{}, false
	}
	return *r, true
}

func (w *workspace) RoomByNumber(n uint32) (Room, bool) {
	id, ok := w.layers.get(numberKey(n))
	if !ok {
		return Room{}, false
	}
	return w.Room(id)
}

func (w *workspace) Record(id ID) (Record, error) {
	r, err := readRecord(w.log, id)
	if err == nil {
		if room := w.find(r.Room); room != nil && id.Compare(room.Floor) <= 0 {
			return Record{}, ErrNotFound // its room has ended, and it is yet to be removed
		}
	}
	return r, err
}

func (w *workspace) Get(key string) (string, bool) { return w.layers.get(key) }
func (w *workspace) Set(key, value string)         { w.active.Set(key, cell{value: value}) }
func (w *workspace) Delete(key string)             { w.active.Set(key, cell{dead: true}) }

func (w *workspace) Ascend(from, to string) iter.Seq2[string, string] {
	return rowsOf(&w.layers, from, to, false)
}

func (w *workspace) Descend(from, to string) iter.Seq2[string, string] {
	return rowsOf(&w.layers, from, to, true)
}

// rowsOf yields copies of rows. The rows may be changed while it goes on: they
// are taken in pages, and each page starts a new scan behind the last row.
func rowsOf(l *layers, from, to string, back bool) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		type row struct{ key, value string }
		var page []row
		for {
			s := l.scan(from, to, back)
			page = page[:0]
			for len(page) < 64 {
				k, v, ok := s.next()
				if !ok {
					break
				}
				page = append(page, row{strings.Clone(k), strings.Clone(v)})
			}
			for _, r := range page {
				if !yield(r.key, r.value) {
					return
				}
			}
			if len(page) < 64 {
				return
			}
			if last := page[len(page)-1].key; back {
				to = last
			} else {
				from = last + "\x00"
			}
		}
	}
}

// lookupKey returns what a proposal's idempotency key stands for, if it is
// known and still alive at now, which is a keyTime. The end of a room ends its
// keys: what comes after is another room.
func (l *layers) lookupKey(room *Room, user, key string, now time.Time, ttl time.Duration) (keyed, bool) {
	g := keyGeneration(now, ttl)
	for _, gen := range [2]uint32{g, g - 1} {
		if v, ok := l.get(keyKey(gen, key, room.Number, user)); ok {
			if k, ok := decodeKeyed(v); ok && now.Sub(timeOf(k.id)) < ttl && k.id.Compare(room.end) > 0 {
				return k, true
			}
		}
	}
	return keyed{}, false
}

// readRecord reads and checks one record of the log. It copies nothing: the
// record is good for the life of the transaction.
func readRecord(log *bolt.Bucket, id ID) (r Record, err error) {
	v := log.Get(id[:])
	if v == nil {
		return r, ErrNotFound
	}
	err = decode(&r, id, v)
	return r, err
}
