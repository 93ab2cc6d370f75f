package chat

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"
)

// Signal is something that is so just now and that no log keeps: who is here,
// who is typing, how far somebody has read. A reader that is late gets the newest
// state and none of those before it; nothing is queued for anybody.
type Signal struct {
	Room string // empty where it is not of one room
	// Name is one of the constants, or the kind of a signal of the host's own,
	// which begins with "x.".
	Name string
	// Data is an object. All who get the signal share it: it must not be changed.
	Data json.RawMessage
}

// Names of signals. Their data:
const (
	// SignalTyping is {"users":[{"id","name"}]}: all who are typing, oldest first.
	SignalTyping = "typing"
	// SignalPresence is a Presence, and later what has changed since: see Presence.
	SignalPresence = "presence"
	// SignalRead is the ReadState of the one who gets it, or {"receipts":[…]}:
	// Receipts of others that have changed.
	SignalRead = "read"
	// SignalCleared is {}: forget the signals of the host's own that this room has
	// shown so far; those that still hold follow.
	SignalCleared = "cleared"
	// SignalRooms is a RoomsUpdate.
	SignalRooms = "rooms"
)

// signals is what is so just now, over all rooms. It is small and in memory. One
// mutex guards all of it: what happens under it takes microseconds, and neither
// posting nor reading events needs it.
type signals struct {
	grace   time.Duration
	clock   func() time.Time // for what people see
	typists atomic.Int64     // who are typing, over all rooms
	lists   atomic.Int64     // open room lists

	mu      sync.Mutex
	closed  bool
	version uint64 // the last that was given, over all rooms
	lobbies map[string]*lobby
	people  map[string]*person
}

func newSignals(grace time.Duration, clock func() time.Time) *signals {
	return &signals{grace: grace, clock: clock, lobbies: map[string]*lobby{}, people: map[string]*person{}}
}

// next gives a version. The caller holds mu.
func (s *signals) next() uint64 {
	s.version++
	return s.version
}

// lobby returns the lobby of a room, a new one if need be. The caller holds mu,
// puts something into it, and calls tidy when it has taken something away.
func (s *signals) lobby(room string) *lobby {
	l := s.lobbies[room]
	if l == nil {
		l = newLobby(s, room)
		s.lobbies[room] = l
	}
	return l
}

// after calls f with mu held after d, unless the signals have been closed or the
// timer stopped by then. A stopped timer may have been about to call: f must look
// whether it is still wanted.
func (s *signals) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.closed {
			f()
		}
	})
}

// close stops all timers: nothing changes any more.
func (s *signals) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, l := range s.lobbies {
		l.stop()
	}
}
