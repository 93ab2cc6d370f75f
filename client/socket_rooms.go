package client

import (
	"encoding/json"
	"errors"
)

// open subscribes to a room. The caller holds the client's mu.
func (s *socket) open(sub *subscription) {
	fields := map[string]any{"room": sub.feed.room, "after": sub.feed.at.cursor()}
	if sub.feed.store != "" {
		fields["store"] = sub.feed.store
	}
	if s.c.options.Hidden {
		fields["signals"] = false
	}
	s.ask("subscribe", fields, func(_ json.RawMessage, err error) {
		var p *Problem
		switch {
		case err == nil: // its frames follow
			s.mu.Lock()
			s.subs[sub.feed.room] = sub
			s.mu.Unlock()
		case errors.As(err, &p) && p.Code == "already_subscribed": // an unsubscribe was refused
			s.leave(sub.feed.room)
			s.later(p, sub.reopen)
		case errors.As(err, &p) && p.passes() && p.Code != "too_many_connections":
			s.later(p, sub.reopen)
		case isUnauthenticated(err):
			s.expire(err) // the next socket will ask again
		default:
			sub.end(err)
		}
	})
}

// close unsubscribes. What still comes is for nobody. The caller holds the client's
// mu.
func (s *socket) close(sub *subscription) { s.leave(sub.feed.room) }

func (s *socket) leave(room string) {
	s.ask("unsubscribe", map[string]any{"room": room}, func(_ json.RawMessage, err error) {
		if err == nil { // what is asked for after it is answered after it
			s.mu.Lock()
			delete(s.subs, room)
			s.mu.Unlock()
		}
	})
}
