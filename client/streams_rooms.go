package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// follow reads streams of a room, one after the other, until it is told to stop or
// the room is refused.
func (s *streams) follow(ctx context.Context, sub *subscription) {
	wait := s.c.newBackoff()
	var refused refusals
	for ctx.Err() == nil {
		token, err := s.c.creds.current(ctx)
		if err == nil {
			err = s.feed(ctx, token, sub, func() { wait.succeed(); refused = refusals{} })
		}
		var p *Problem
		var l *Lost
		advised := time.Duration(0)
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case isUnauthenticated(err):
			if refused.final(token) || !s.c.creds.drop(ctx, token) {
				sub.end(err)
				return
			}
			continue
		case errors.As(err, &p):
			if !p.passes() {
				sub.end(err)
				return
			}
			advised = time.Duration(p.RetryAfter) * time.Second
		case errors.As(err, &l):
			if advised = l.advised; l.expired {
				s.c.creds.drop(ctx, token)
				if wait.tries == 0 {
					wait.tries++
					continue
				}
			}
		}
		_ = s.c.pause(ctx, wait.next(advised))
	}
}

// feed reads one stream of a room. It returns nil if it is not to be read any more.
func (s *streams) feed(ctx context.Context, token string, sub *subscription, heard func()) error {
	at, store, ok := sub.position()
	if !ok {
		return nil
	}
	query := url.Values{"after": {at.cursor()}}
	set(query, "store", store)
	if s.c.options.Hidden {
		query.Set("signals", "0")
	}
	st, err := s.c.openStream(ctx, token, path("rooms", sub.feed.room, "events"), query)
	if err != nil {
		return err
	}
	defer st.end()
	if _, err := st.hello(); err != nil {
		return err
	}
	for {
		f, err := st.frame()
		if err != nil {
			return err
		}
		switch f.event {
		case "":
			var e Event
			if err := json.Unmarshal(f.data, &e); err != nil {
				return &Lost{Err: fmt.Errorf("an event of the server's: %w", err)}
			}
			heard()
			sub.events([]Event{e})
		case "chat.live":
			var live struct {
				Cursor ID `json:"cursor"`
			}
			_ = json.Unmarshal(f.data, &live)
			heard()
			sub.live(live.Cursor)
		case "chat.reset":
			sub.reset(reasonOf(f.data))
			return nil
		case "chat.end":
			reason := reasonOf(f.data)
			switch reason {
			case "expired", "draining", "too_many":
				return st.ended(reason)
			case "forbidden":
				sub.end(&Ended{Room: sub.feed.room, Reason: reason})
				return nil
			}
			return st.ended(reason) // one that is not known: come back
		case "chat.typing", "chat.presence", "chat.read":
			sub.signal(f.event[len("chat."):], f.data)
		case "chat.signal":
			var named struct {
				Signal string `json:"signal"`
			}
			_ = json.Unmarshal(f.data, &named)
			sub.signal(named.Signal, f.data)
		}
	}
}
