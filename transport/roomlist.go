package transport

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/roomlog/chat"
)

// Source is what a stream serves: a Feed, or a RoomList. It is for one goroutine
// at a time.
type Source interface {
	// Next returns what comes next, an empty batch if there is no more for now.
	Next(ctx context.Context) (Batch, error)
	// Pending reports, without reading, whether Next may have something.
	Pending() bool
	// Rest says that nothing of the last batch is used any more, and that Next will
	// not be called until the bell rings: what the source need not keep meanwhile, it
	// gives back.
	Rest()
	// Bell returns the bell that rings when there may be more.
	Bell() *chat.Bell
	// Ask asks the host's rules anew, by the grant as it is now.
	Ask(ctx context.Context, grant *Grant)
	Close()
}

// RoomList follows the rooms that a user has joined. Its batches have nothing but
// signals: see chat.SignalRooms.
type RoomList struct {
	gate   *Gate
	list   *chat.RoomList
	bell   *chat.Bell
	grant  *Grant
	shown  map[string]bool // rooms that the reader has been told of
	hidden map[string]bool // rooms that the grant does not let them read
	owed   bool            // the last batch could not say that something is put off: only an empty one can
}

// RoomList follows the rooms of the grant's user. bell may be nil. Close it after
// use.
func (g *Gate) RoomList(grant *Grant, bell *chat.Bell) *RoomList {
	if bell == nil {
		bell = chat.NewBell()
	}
	l := &RoomList{gate: g, bell: bell, grant: grant, shown: map[string]bool{}, hidden: map[string]bool{}}
	l.list = g.chat.WatchRooms(grant.User.ID, bell)
	return l
}

// Bell is that of a Source.
func (l *RoomList) Bell() *chat.Bell { return l.bell }

// Pending is that of a Source.
func (l *RoomList) Pending() bool { return l.owed || l.list.Pending() }

// Rest is that of a Source.
func (l *RoomList) Rest() {}

// Close is that of a Source. It may be called twice.
func (l *RoomList) Close() { l.list.Close() }

// Next is that of a Source.
func (l *RoomList) Next(ctx context.Context) (Batch, error) {
	for {
		u, wait, ok, err := l.list.Poll(ctx)
		l.owed = false
		if err != nil || !ok {
			return Batch{Wait: wait}, err
		}
		l.filter(&u)
		if l.grant.expired(l.gate.options.Now()) { // nothing comes before the reader is told so, or the grant is renewed
			l.list.Renew()
			return Batch{}, nil
		}
		if !u.Full && len(u.Rooms) == 0 && len(u.Removed) == 0 {
			continue
		}
		data, err := json.Marshal(u)
		if err != nil {
			return Batch{}, err
		}
		l.owed = true
		return Batch{Signals: []chat.Signal{{Name: chat.SignalRooms, Data: data}}}, nil
	}
}

// filter leaves out what the grant does not let the reader read, and the removal
// of what they have never been told of.
func (l *RoomList) filter(u *chat.RoomsUpdate) {
	if u.Full {
		clear(l.shown)
		clear(l.hidden)
	}
	u.Removed = slices.DeleteFunc(u.Removed, func(room string) bool {
		was := l.shown[room]
		delete(l.shown, room)
		delete(l.hidden, room)
		return !was
	})
	u.Rooms = slices.DeleteFunc(u.Rooms, func(room chat.RoomInfo) bool {
		if l.gate.Allow(l.grant, Read, room.ID) == nil {
			delete(l.hidden, room.ID)
			l.shown[room.ID] = true
			return false
		}
		l.hidden[room.ID] = true
		if l.shown[room.ID] {
			delete(l.shown, room.ID)
			u.Removed = append(u.Removed, room.ID)
		}
		return true
	})
}

// Ask is that of a Source. Where the answers are others than before, the list
// begins anew.
func (l *RoomList) Ask(_ context.Context, grant *Grant) {
	l.grant = grant
	if grant.May == nil && len(l.hidden) == 0 || grant.expired(l.gate.options.Now()) {
		return
	}
	for room := range l.shown {
		if l.gate.Allow(grant, Read, room) != nil {
			l.list.Renew()
			return
		}
	}
	for room := range l.hidden {
		if l.gate.Allow(grant, Read, room) == nil {
			l.list.Renew()
			return
		}
	}
}
