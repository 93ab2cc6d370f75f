package store

import (
	"slices"
	"sync"
	"sync/atomic"
)

// An Entry is a stored record, checked and not yet taken apart, with the frames
// that transports have made of it. It may be used concurrently.
type Entry struct {
	ID     ID
	rec    []byte
	frames atomic.Pointer[frame]
}

// Record takes the entry apart. It allocates nothing: the record shares memory
// with the entry.
func (e *Entry) Record() (r Record) {
	split(&r, e.ID, e.rec)
	return r
}

// Body is the event as JSON: Record().Body.
func (e *Entry) Body() []byte { return e.rec[bodyOffset(e.rec):len(e.rec):len(e.rec)] }

// A frame is what one owner made of an entry. Frames of an entry form a list.
type frame struct {
	owner any
	bytes []byte
	next  *frame
}

// Frame returns the frame that owner has made of this record, making it with
// encode if there is none yet. Frames of records in a tail are kept and shared
// by all readers; owner is compared by identity and should be a pointer. The
// frame must not be changed. It may be called concurrently; then encode may
// run more than once, and one of the results is kept.
func (e *Entry) Frame(owner any, encode func(*Entry) []byte) []byte {
	first := e.frames.Load()
	for f := first; f != nil; f = f.next {
		if f.owner == owner {
			return f.bytes
		}
	}
	made := &frame{owner: owner, bytes: encode(e), next: first}
	for !e.frames.CompareAndSwap(made.next, made) {
		made.next = e.frames.Load()
		for f := made.next; f != nil; f = f.next {
			if f.owner == owner {
				return f.bytes
			}
		}
	}
	return made.bytes
}

// live holds the rooms that somebody reads.
type live struct {
	mu      sync.RWMutex
	rooms   map[string]*liveRoom
	all     bells // of readers of all rooms
	reached ID    // the newest record that tails were offered; written by the committer under the read lock

	// The committer's alone: the order in which entries came into tails, so that
	// the oldest of all rooms goes first, and their bytes.
	order []slot
	bytes int64
}

// A slot is the place of an entry in the order of all tails.
type slot struct {
	room  *liveRoom
	bytes int64
}

// A liveRoom is a room with readers: its tail and their bells.
type liveRoom struct {
	id      string
	readers int // guarded by live.mu
	tail    atomic.Pointer[tail]

	bells
}

// Bells are rung together.
type bells struct {
	mu   sync.Mutex
	list []*Bell
}

func (bs *bells) add(b *Bell) {
	bs.mu.Lock()
	bs.list = append(bs.list, b)
	bs.mu.Unlock()
}

// remove takes one entry of a bell off the list: it may be there twice.
func (bs *bells) remove(b *Bell) {
	bs.mu.Lock()
	if i := slices.Index(bs.list, b); i >= 0 {
		last := len(bs.list) - 1
		bs.list[i], bs.list[last] = bs.list[last], nil
		bs.list = bs.list[:last]
	}
	bs.mu.Unlock()
}

func (bs *bells) ring() {
	bs.mu.Lock()
	for _, b := range bs.list {
		b.Ring()
	}
	bs.mu.Unlock()
}

// A tail is the newest records of a room, all with an id greater than from.
// It is not changed once it is published.
type tail struct {
	from    ID
	entries []*Entry
}

// join registers a bell with a room, making the room live if it is not.
func (l *live) join(id string, b *Bell) *liveRoom {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.rooms[id]
	if r == nil {
		r = &liveRoom{id: id}
		r.tail.Store(&tail{from: l.reached})
		l.rooms[id] = r
	}
	r.readers++
	r.add(b)
	return r
}

// leave takes a bell off a room, which forgets its tail after the last one.
func (l *live) leave(r *liveRoom, b *Bell) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.remove(b)
	if r.readers--; r.readers == 0 {
		delete(l.rooms, r.id)
		r.tail.Store(&tail{from: maxID})
	}
}

// maxID is the greatest id there can be.
var maxID = ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// entryOverhead is about what an entry costs beside its record.
const entryOverhead = 128

// offer appends a committed batch, and as it is stored in raw, to the tails of the rooms that are live and
// returns those rooms. erased maps rooms to the newest record of theirs that
// the batch erased: their tails are cut up to it. The caller holds mu for
// reading, until the batch is published.
func (l *live) offer(batch []Record, raw [][]byte, erased map[string]ID, budget int64) []*liveRoom {
	if len(batch) > 0 {
		l.reached = batch[len(batch)-1].ID
	}
	if len(l.rooms) == 0 {
		l.order, l.bytes = nil, 0
		return nil
	}
	for id, upTo := range erased {
		if r := l.rooms[id]; r != nil {
			r.cut(upTo)
		}
	}
	fresh := map[*liveRoom][]*Entry{}
	var touched []*liveRoom
	for i := range batch {
		r := l.rooms[batch[i].Room]
		if r == nil {
			continue
		}
		es, ok := fresh[r]
		if !ok {
			touched = append(touched, r)
		}
		fresh[r] = append(es, &Entry{ID: batch[i].ID, rec: raw[i]})
		size := int64(3*len(raw[i]) + entryOverhead) // the record and two frames of it
		l.order = append(l.order, slot{r, size})
		l.bytes += size
	}
	for _, r := range touched {
		t := r.tail.Load()
		r.tail.Store(&tail{from: t.from, entries: append(t.entries, fresh[r]...)})
	}
	l.evict(budget)
	return touched
}

// evict drops the oldest entries of all tails where they exceed the budget, a
// quarter more than it must, so that it need not be done at every commit.
// Slots of rooms that are no longer live count until they come up.
func (l *live) evict(budget int64) {
	if l.bytes <= budget {
		return
	}
	budget -= budget / 4
	n := 0
	drop := map[*liveRoom]int{}
	for ; n < len(l.order) && l.bytes > budget; n++ {
		l.bytes -= l.order[n].bytes
		drop[l.order[n].room]++
	}
	for r, k := range drop {
		r.drop(k)
	}
	l.order = l.order[n:]
}

// drop takes the k oldest entries off a tail.
func (r *liveRoom) drop(k int) {
	t := r.tail.Load()
	if k = min(k, len(t.entries)); k > 0 {
		r.tail.Store(&tail{from: t.entries[k-1].ID, entries: slices.Clone(t.entries[k:])})
	}
}

// cut takes the entries up to an id off a tail.
func (r *liveRoom) cut(upTo ID) {
	t := r.tail.Load()
	if upTo.Compare(t.from) <= 0 {
		return
	}
	k, _ := slices.BinarySearchFunc(t.entries, upTo, func(e *Entry, id ID) int { return e.ID.Compare(id) })
	for k < len(t.entries) && t.entries[k].ID.Compare(upTo) <= 0 {
		k++
	}
	r.tail.Store(&tail{from: upTo, entries: slices.Clone(t.entries[k:])})
}

// ringAll wakes all readers.
func (l *live) ringAll() {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, r := range l.rooms {
		r.ring()
	}
	l.all.ring()
}

// after returns the entries in (cursor, upTo]; ok is false where the tail
// does not reach back to the cursor.
func (t *tail) after(cursor, upTo ID) (entries []*Entry, ok bool) {
	if cursor.Compare(t.from) < 0 {
		return nil, false
	}
	es := t.entries
	if n := len(es); n == 0 || es[n-1].ID.Compare(cursor) <= 0 {
		return nil, true
	}
	lo, found := slices.BinarySearchFunc(es, cursor, func(e *Entry, id ID) int { return e.ID.Compare(id) })
	if found {
		lo++
	}
	hi := len(es)
	for hi > lo && es[hi-1].ID.Compare(upTo) > 0 {
		hi--
	}
	return es[lo:hi], true
}
