package chat

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/roomlog/chat/store"
)

// RoomList follows the rooms that a user has joined, for a list beside the chat:
// which they are, what happened there last, and what is unread. Like every
// reader it holds no queue. It is for one goroutine at a time.
type RoomList struct {
	chat   *Chat
	user   string
	bell   *Bell
	dirty  atomic.Bool
	person *person

	// Guarded by signals.mu.
	open    bool
	relist  bool                // the user may have other rooms than before
	urgent  bool                // what has changed is not to be put off
	changes map[string]struct{} // rooms to be told anew
	lobbies map[string]*lobby   // of the user's rooms

	first bool // nothing has been told yet
	told  time.Time
	due   time.Time // when what was put off is told; zero if nothing was
	queue []string  // rooms that the last Poll has left for the next
}

// RoomsUpdate is what has changed in a RoomList.
type RoomsUpdate struct {
	// Full says that the list begins here: what was known before is void.
	Full bool `json:"full,omitempty"`
	// Rooms are as they are now, at most 100 at once, by last activity where they
	// are the first. They take the place of what was known of them.
	Rooms []RoomInfo `json:"rooms"`
	// Removed are rooms that the user is no longer in, or that are gone.
	Removed []string `json:"removed,omitempty"`
	Cursor  ID       `json:"cursor"` // the position of the log that this was read at
}

const (
	// listEvery is how often at most a list is told that something has happened in
	// its rooms.
	listEvery = 250 * time.Millisecond
	// maxRows is how many rooms are told at once.
	maxRows = 100
)

// WatchRooms follows the rooms of a user and rings bell when there may be
// something to tell. Close it after use.
func (c *Chat) WatchRooms(user string, bell *Bell) *RoomList {
	s := c.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &RoomList{
		chat: c, user: user, bell: bell, person: s.person(user), open: true, relist: true, first: true,
		changes: map[string]struct{}{}, lobbies: map[string]*lobby{},
	}
	l.person.lists[l] = struct{}{}
	s.lists.Add(1)
	l.wake()
	return l
}

func (l *RoomList) wake() {
	if !l.dirty.Swap(true) {
		l.bell.Ring()
	}
}

// change notes that a room is to be told anew. The caller holds signals.mu.
func (l *RoomList) change(room string) {
	l.changes[room] = struct{}{}
	l.wake()
}

// Renew begins the list anew.
func (l *RoomList) Renew() {
	l.again()
	l.bell.Ring()
}

// Pending reports, without a lock, whether Poll may return something.
func (l *RoomList) Pending() bool {
	return l.dirty.Load() || len(l.queue) > 0 || !l.due.IsZero() && !time.Now().Before(l.due)
}

// Poll returns what has changed: first the whole list, in as many updates as it
// takes. ok is false where there is nothing to tell; wait then says in how long to
// poll again where something is put off, and is else 0.
func (l *RoomList) Poll(ctx context.Context) (u RoomsUpdate, wait time.Duration, ok bool, err error) {
	now := time.Now()
	if l.Pending() {
		l.dirty.Store(false)
		u, ok, err = l.collect(ctx, now)
		if err != nil || ok {
			return u, 0, ok, err
		}
	}
	if !l.due.IsZero() {
		wait = max(l.due.Sub(now), 1)
	}
	return u, wait, false, nil
}

func (l *RoomList) collect(ctx context.Context, now time.Time) (u RoomsUpdate, ok bool, err error) {
	relist, ready := l.begin(now)
	if relist {
		if u.Removed, err = l.list(ctx); err != nil {
			l.again()
			return u, false, err
		}
	}
	if ready {
		l.take()
	}
	if len(l.queue) == 0 && len(u.Removed) == 0 && !l.first {
		return u, false, nil
	}
	n := min(len(l.queue), maxRows)
	rooms, gone, cursor, err := l.rows(ctx, l.queue[:n])
	if err != nil {
		l.again()
		return u, false, err
	}
	l.queue = l.queue[n:]
	u.Full, u.Rooms, u.Cursor = l.first, rooms, cursor
	l.lose(gone)
	u.Removed = append(u.Removed, gone...)
	l.first, l.told = false, now
	return u, true, nil
}

// begin reports whether the rooms are to be listed anew, and whether what has
// changed may be told now.
func (l *RoomList) begin(now time.Time) (relist, ready bool) {
	s := l.chat.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	relist, l.relist = l.relist, false
	l.due = time.Time{}
	if until := l.told.Add(listEvery); now.Before(until) && !l.urgent && !relist && len(l.changes) > 0 {
		l.due = until
		return false, false
	}
	l.urgent = false
	return relist, true
}

// again sees to it that a Poll that has failed is made good.
func (l *RoomList) again() {
	s := l.chat.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	l.relist, l.first = true, true
	l.dirty.Store(true)
}

// list finds out which rooms the user has joined, and returns those that they
// have not any more.
func (l *RoomList) list(ctx context.Context) (removed []string, err error) {
	var rooms []store.Room
	err = l.chat.read(ctx, func(snap *store.Snapshot) error {
		rooms = candidates(snap, RoomsQuery{Scope: Mine, Viewer: l.user})
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := l.chat.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	if !l.open {
		return nil, nil
	}
	if l.first {
		l.queue = nil // all are told anew
	}
	mine := make(map[string]bool, len(rooms))
	for _, room := range rooms { // by last activity
		mine[room.ID] = true
		if l.lobbies[room.ID] == nil {
			lobby := s.lobby(room.ID)
			lobby.lists[l] = struct{}{}
			l.lobbies[room.ID] = lobby
			l.queue = append(l.queue, room.ID)
		} else if l.first {
			l.queue = append(l.queue, room.ID)
		}
	}
	for room := range l.lobbies {
		if !mine[room] {
			l.leave(room)
			removed = append(removed, room)
		}
	}
	l.queue = slices.DeleteFunc(l.queue, func(room string) bool { return !mine[room] })
	slices.Sort(removed)
	return removed, nil
}

// lose stops following rooms that the user may no longer read.
func (l *RoomList) lose(rooms []string) {
	s := l.chat.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, room := range rooms {
		if l.lobbies[room] != nil {
			l.leave(room)
		}
	}
}

// leave stops following a room. The caller holds signals.mu.
func (l *RoomList) leave(room string) {
	lobby := l.lobbies[room]
	delete(l.lobbies, room)
	delete(lobby.lists, l)
	lobby.tidy()
}

// take puts the rooms that have changed behind those that are waiting.
func (l *RoomList) take() {
	s := l.chat.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, room := range l.queue {
		delete(l.changes, room)
	}
	var changed []string
	for room := range l.changes {
		if l.lobbies[room] != nil {
			changed = append(changed, room)
		}
	}
	clear(l.changes)
	slices.Sort(changed)
	l.queue = append(l.queue, changed...)
}

// rows reads rooms as they are now, and which of them the user may no longer read.
func (l *RoomList) rows(ctx context.Context, ids []string) (rooms []RoomInfo, gone []string, cursor ID, err error) {
	err = l.chat.read(ctx, func(snap *store.Snapshot) error {
		rooms, gone, cursor = []RoomInfo{}, nil, snap.Head()
		for _, id := range ids {
			s, err := l.chat.look(snap, id, l.user)
			if isRefusal(err) {
				gone = append(gone, id)
				continue
			}
			if err != nil {
				return err
			}
			if _, in := getMember(snap, s.room.Number, l.user); !in { // of a room that was deleted and begun anew
				gone = append(gone, id)
				continue
			}
			info, err := s.info()
			if err != nil {
				return err
			}
			rooms = append(rooms, info)
		}
		return nil
	})
	return rooms, gone, cursor, err
}

// Close ends the list. It may be called twice.
func (l *RoomList) Close() {
	s := l.chat.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	if !l.open {
		return
	}
	l.open = false
	s.lists.Add(-1)
	delete(l.person.lists, l)
	for room := range l.lobbies {
		l.leave(room)
	}
}

// isRefusal reports whether a user may not read a room, or it is not there.
func isRefusal(err error) bool {
	return errors.Is(err, ErrRoomNotFound) || errors.Is(err, ErrForbidden)
}
