package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
)

const (
	// markEvery is how far apart commits are that write markers, so that many
	// readers do not make every commit of posts touch a page for each of them.
	markEvery = 50 * time.Millisecond
	// markMax bounds the markers of one commit.
	markMax = 2048
	// markName bounds the bytes of a room id and of a user id.
	markName = 255
)

// Markers are how far users have read in rooms. They stand in the log file
// alone: what is in memory are the marks whose callers wait.
type markers struct {
	knock
	mu      sync.Mutex
	waiting map[string]*mark // by key
	order   []*mark          // the same, in the order in which they came
	writing []*mark          // in a transaction; the committer's alone
	last    time.Time        // when markers were last written
	closed  bool

	moved, commits atomic.Int64 // since open
}

// A mark is a marker on its way to the file, with all who wait for it.
type mark struct {
	room, key string
	at        ID            // the greatest that was asked for
	callers   int           // that still wait
	done      chan struct{} // closed with the answer
	before    ID            // the answer: the marker as it was
	err       error
}

// markerKey: room id ‖ 00 ‖ user id. A room id has no NUL.
func markerKey(room, user string) string { return room + "\x00" + user }

func checkMarker(room, user string) error {
	switch {
	case room == "" || len(room) > markName || strings.IndexByte(room, 0) >= 0:
		return fmt.Errorf("marker in room %.40q: an id is 1 to %d bytes, none of them NUL", room, markName)
	case user == "" || len(user) > markName:
		return fmt.Errorf("marker of user %.40q: an id is 1 to %d bytes", user, markName)
	}
	return nil
}

// Mark moves the marker of a user in a room forward: the user has read up to
// the record at. An id beyond the newest record of the room counts as that; one
// that is not greater than the marker, or that the end of the room has taken
// away, changes nothing. Mark returns once the marker is durable, with where it stands then,
// and whether it stood before at until then. Of several calls for one marker
// that wait together the greatest id is written and is the answer to all. Both
// ids are at most 255 bytes, and that of a room has no NUL.
//
// Markers go with the commits of records, but at most every 50 ms: a mark that
// comes sooner after others waits for so long.
//
// It fails with ErrNotFound for a room that has no record, and with ErrFull,
// ErrFailed, ErrUnknown, ErrClosed and ErrDamaged. If ctx ends first it returns
// its error, and the marker may have moved or may yet. It must not be called from
// Options.Apply or Proposal.Decide.
func (s *Store) Mark(ctx context.Context, room, user string, at ID) (now ID, moved bool, err error) {
	if err := ctx.Err(); err != nil {
		return ID{}, false, err
	}
	if err := checkMarker(room, user); err != nil {
		return ID{}, false, err
	}
	if err := s.Failed(); err != nil {
		return ID{}, false, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	if at, now, err = s.toMark(room, user, at); err != nil || at.Compare(now) <= 0 {
		return now, false, err
	}
	if time.Now().UnixNano() < s.fullTil.Load() {
		return ID{}, false, ErrFull
	}
	m, err := s.markers.put(room, user, at)
	if err != nil {
		return ID{}, false, err
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		s.markers.mu.Lock()
		m.callers--
		s.markers.mu.Unlock()
		return ID{}, false, ctx.Err()
	}
	if m.err != nil {
		return ID{}, false, m.err
	}
	return later(m.before, m.at), m.at.Compare(m.before) > 0 && at.Compare(m.before) > 0, nil
}

// toMark returns what at counts as, and where the marker stands.
func (s *Store) toMark(room, user string, at ID) (to, now ID, err error) {
	sn, err := s.Snapshot()
	if err != nil {
		return to, now, err
	}
	defer sn.Close()
	r, ok := sn.Room(room)
	if !ok {
		return to, now, firstError(sn.err, fmt.Errorf("room %q: %w", room, ErrNotFound))
	}
	if at.Compare(r.Last) > 0 {
		at = r.Last // so that what was marked before an end is at or below it
	}
	if at.Compare(r.end) <= 0 {
		at = ID{}
	}
	now, _ = sn.Marker(room, user)
	return at, now, sn.Err()
}

// put lets a mark wait for the committer.
func (ms *markers) put(room, user string, at ID) (*mark, error) {
	key := markerKey(room, user)
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if ms.closed {
		return nil, ErrClosed
	}
	m := ms.waiting[key]
	if m == nil {
		m = &mark{room: key[:len(room)], key: key, done: make(chan struct{})}
		ms.waiting[key] = m
		if ms.order = append(ms.order, m); len(ms.order) == 1 {
			ms.ring()
		}
	}
	m.at = later(m.at, at)
	m.callers++
	return m, nil
}

func (ms *markers) due() (at time.Time, ok bool) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if ms.closed {
		return time.Time{}, len(ms.order) > 0
	}
	return ms.last.Add(markEvery), len(ms.order) > 0
}

// take removes what waits, up to max, in the order of the keys. Marks that
// nobody waits for any more are dropped.
func (ms *markers) take(max int, now time.Time) (list []*mark) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if len(ms.order) == 0 || !ms.closed && now.Sub(ms.last) < markEvery {
		return nil
	}
	n := 0
	for ; n < len(ms.order) && len(list) < max; n++ {
		m := ms.order[n]
		delete(ms.waiting, m.key)
		if m.callers > 0 {
			list = append(list, m)
		}
	}
	if ms.order = slices.Delete(ms.order, 0, n); len(ms.order) == 0 {
		ms.order = nil // a storm need not be remembered
	}
	ms.last = now
	slices.SortFunc(list, func(a, b *mark) int { return strings.Compare(a.key, b.key) })
	return list
}

// write puts what has waited long enough into a transaction of the log file.
func (ms *markers) write(tx *bolt.Tx, w *workspace, now time.Time) (changed bool, err error) {
	if ms.writing = ms.take(markMax, now); len(ms.writing) == 0 {
		return false, nil
	}
	defer guard("markers", &err)
	b, err := tx.CreateBucketIfNotExists(bucketMarker)
	if err != nil {
		return false, err
	}
	var of Room
	for _, m := range ms.writing {
		if of.ID != m.room {
			if of, m.err = w.roomOf(m.room); m.err != nil {
				of = Room{}
				continue
			}
		}
		v := b.Get([]byte(m.key))
		if v != nil && len(v) != len(ID{}) {
			m.err = errMarker(m.key)
			continue
		}
		copy(m.before[:], v)
		if m.before.Compare(of.end) <= 0 {
			m.before = ID{} // it is yet to be removed
		}
		if m.at.Compare(of.end) <= 0 {
			m.at = ID{} // the room has ended meanwhile
		}
		if m.at.Compare(m.before) > 0 {
			if err := b.Put([]byte(m.key), m.at[:]); err != nil {
				return false, err
			}
			changed = true
		}
	}
	return changed, nil
}

// roomOf is a room as the table has it.
func (w *workspace) roomOf(id string) (r Room, err error) {
	defer guard(viewsPath(w.store.path), &err)
	v, ok := w.layers.get(roomKey(id))
	if !ok {
		return r, fmt.Errorf("room %q: %w", id, ErrNotFound)
	}
	return decodeRoom(id, v)
}

func (ms *markers) wrote(err error) {
	if err == nil && len(ms.writing) > 0 {
		ms.commits.Add(1)
	}
	for _, m := range ms.writing {
		switch {
		case m.err != nil:
		case err != nil:
			m.err = err
		case m.at.Compare(m.before) > 0:
			ms.moved.Add(1)
		}
		close(m.done)
	}
	ms.writing = nil
}

func (ms *markers) refuse(err error) {
	ms.mu.Lock()
	list := ms.order
	clear(ms.waiting)
	ms.order = nil
	ms.mu.Unlock()
	for _, m := range list {
		m.err = err
		close(m.done)
	}
}

func (ms *markers) close() {
	ms.mu.Lock()
	ms.closed = true
	ms.mu.Unlock()
}
