package client

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// Follow yields what follows the cursor in the room: what is stored, then, without a
// gap or an overlap, what comes. It goes on over lost connections. Latest is the
// present at the time when the loop begins.
//
// A *Reset is yielded where the cursor is of no use; if the loop goes on, so does
// Follow, behind the cursor of the Reset. Any other error is the end: ctx's,
// ErrClosed, a *Problem such as "room_not_found" for one who is not let in, or an
// *Ended behind the removal of one who was.
func (r *Room) Follow(ctx context.Context, after Cursor) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		f := r.follower(after)
		defer f.detach()
		for {
			events, err := f.next(ctx)
			if err != nil {
				var reset *Reset
				if !yield(Event{}, err) || !errors.As(err, &reset) {
					return
				}
				continue
			}
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// follower is where one loop of Follow stands. The log is the truth; a feed is the
// quicker way to what is new in it.
type follower struct {
	c     *Client
	room  string
	store string
	at    ID      // all up to here was returned; empty is the present, to be found out
	bad   bool    // the cursor is none
	r     *reader // nil while there is none
	upTo  ID      // up to where the log is read while there is a reader
	log   bool    // the log is to be read next
	in    bool    // the room was there for them
}

func (r *Room) follower(after Cursor) *follower {
	store, id, ok := after.parse()
	if store == "" {
		store = r.c.Store()
	}
	return &follower{c: r.c, room: r.id, store: store, at: id, bad: !ok, log: id == earliestID}
}

// next waits for events and returns some.
func (f *follower) next(ctx context.Context) ([]Event, error) {
	for {
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case f.c.ctx.Err() != nil:
			return nil, context.Cause(f.c.ctx)
		case f.bad:
			return nil, f.reset(ctx, "invalid")
		case f.at == "":
			if err := f.findPresent(ctx); err != nil {
				return nil, err
			}
		case f.log:
			if events, err := f.page(ctx); err != nil || len(events) > 0 {
				return events, err
			}
		case f.r == nil:
			if err := f.attach(ctx); err != nil {
				return nil, err
			}
		default:
			if events, err := f.live(ctx); err != nil || len(events) > 0 {
				return events, err
			}
		}
	}
}

// attach begins to get what comes.
func (f *follower) attach(ctx context.Context) error {
	var ok bool
	if f.r, f.upTo, ok = f.c.attach(f.room, f.at, f.store); !ok {
		return f.reset(ctx, "store")
	}
	f.log = f.at < f.upTo
	return nil
}

// live returns what has come, or waits for it.
func (f *follower) live(ctx context.Context) ([]Event, error) {
	events, gone, why := f.r.take()
	for len(events) > 0 && events[0].ID <= f.at { // the log had it
		events = events[1:]
	}
	if n := len(events); n > 0 {
		f.at, f.in = events[n-1].ID, true
		return events, nil
	}
	if gone {
		f.in = f.in || f.r.in()
		f.r = nil
		var reset *Reset
		if errors.As(why, &reset) {
			return nil, f.reset(ctx, reset.Reason)
		}
		f.log = true
		return nil, f.ended(why)
	}
	select {
	case <-f.r.wake:
	case <-ctx.Done():
	case <-f.c.ctx.Done():
	}
	return nil, nil
}

// logAnswer is a page of the log.
type logAnswer struct {
	Events []Event `json:"events"`
	Next   ID      `json:"next"`
}

// page returns a page of the log. When it has been read as far as need be, what has
// come is next.
func (f *follower) page(ctx context.Context) ([]Event, error) {
	page, err := f.c.readLog(ctx, f.room, f.at.cursor(), f.store)
	var p *Problem
	if errors.As(err, &p) {
		switch p.Code {
		case "cursor_expired":
			return nil, f.reset(ctx, "expired")
		case "cursor_ahead":
			if f.store != f.c.Store() {
				return nil, f.reset(ctx, "store")
			}
			return nil, f.reset(ctx, "ahead")
		case "invalid_cursor":
			return nil, f.reset(ctx, "invalid")
		}
	}
	if err != nil {
		return nil, f.ended(err)
	}
	f.in = true
	n := len(page.Events)
	f.at = max(f.at, page.Next) // of a page without events it is where the log was read up to
	if f.r == nil {
		f.log = n == logPage // of the rest there is little: it comes as what is new does
	} else {
		f.log = n > 0 && f.at < f.upTo
	}
	for i := range page.Events {
		page.Events[i].store = f.store
	}
	return page.Events, nil
}

// ended makes the refusal of a room that was there for the reader what it is: the end
// of it. They were behind it, or not connected: else it would have been told to them.
func (f *follower) ended(err error) error {
	var p *Problem
	if f.in && errors.As(err, &p) && (p.Code == "room_not_found" || p.Code == "forbidden") {
		return &Ended{Room: f.room, Reason: "forbidden", Missed: true, Err: err}
	}
	return err
}

// findPresent makes the present a position, so that nothing is lost from here on.
func (f *follower) findPresent(ctx context.Context) error {
	store := f.c.Store()
	page, err := f.c.readLog(ctx, f.room, string(Latest), "")
	if err != nil {
		return f.ended(err)
	}
	f.at, f.store, f.in = page.Next, store, true
	return nil
}

// reset goes to the present and returns the Reset that says so.
func (f *follower) reset(ctx context.Context, reason string) error {
	f.detach()
	f.bad, f.log, f.at = false, false, ""
	if err := f.findPresent(ctx); err != nil {
		return err
	}
	return &Reset{Room: f.room, Reason: reason, Cursor: cursorOf(f.store, f.at)}
}

func (f *follower) detach() {
	if f.r != nil {
		f.r.detach()
		f.r = nil
	}
}

// readLog reads a page of the log of a room.
func (c *Client) readLog(ctx context.Context, room, after, store string) (*logAnswer, error) {
	q := &request{method: http.MethodGet, path: path("rooms", room, "log"), query: url.Values{
		"after": {after}, "limit": {strconv.Itoa(logPage)},
	}}
	if store != "" {
		q.query.Set("store", store)
	}
	var page logAnswer
	return &page, c.call(ctx, q, &page)
}
