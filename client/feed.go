package client

import (
	"encoding/json"
)

// feed is what the client gets of one room, for all who listen there. It lives as
// long as somebody does, over any number of links. It is guarded by the client's mu.
type feed struct {
	c     *Client
	room  string
	at    ID     // what is up to here was handed out; the rest follows, without a gap
	store string // of which at is
	in    bool   // the room was there

	sub       *subscription // of the present link; nil while there is none
	readers   map[*reader]struct{}
	listeners map[*listener]struct{}
	now       news
}

// subscription is a feed on one link. Its methods are called by that link.
type subscription struct {
	feed *feed
	dead bool // what still comes is of no use
}

// enter returns the feed of a room, a new one that begins at a position if there is
// none. ok is false if the one that is there is of another store. The caller holds
// mu.
func (c *Client) enter(room string, at ID, store string) (f *feed, ok bool) {
	if f = c.feeds[room]; f != nil {
		return f, f.store == store
	}
	f = &feed{
		c: c, room: room, at: at, store: store,
		readers: map[*reader]struct{}{}, listeners: map[*listener]struct{}{},
	}
	c.feeds[room] = f
	f.open()
	return f, true
}

// open subscribes anew on the present link, if there is one.
func (f *feed) open() {
	f.forget()
	if f.c.link != nil {
		f.sub = &subscription{feed: f}
		f.c.link.open(f.sub)
	}
}

// forget makes what still comes of the subscription void.
func (f *feed) forget() {
	if f.sub != nil {
		f.sub.dead = true
		f.sub = nil
	}
}

// tidy ends the feed if nobody listens.
func (f *feed) tidy() {
	if len(f.readers) == 0 && len(f.listeners) == 0 {
		f.drop()
	}
}

// drop ends the feed.
func (f *feed) drop() {
	if f.c.feeds[f.room] != f {
		return
	}
	delete(f.c.feeds, f.room)
	if sub := f.sub; sub != nil {
		f.forget()
		if f.c.link != nil {
			f.c.link.close(sub)
		}
	}
}

// dismiss sends all away with why, nil if they may come back at once, and ends the
// feed.
func (f *feed) dismiss(why error) {
	for r := range f.readers {
		r.leave(why)
	}
	for l := range f.listeners {
		l.leave(why)
	}
	f.drop()
}

// with calls do unless the subscription is of no use any more.
func (s *subscription) with(do func(f *feed)) {
	s.feed.c.mu.Lock()
	defer s.feed.c.mu.Unlock()
	if !s.dead {
		do(s.feed)
	}
}

// position returns where the feed goes on. ok is false if it does not.
func (s *subscription) position() (at ID, store string, ok bool) {
	s.with(func(f *feed) { at, store, ok = f.at, f.store, true })
	return at, store, ok
}

// reopen asks for the same again.
func (s *subscription) reopen() { s.with((*feed).open) }

// events hands out what has come.
func (s *subscription) events(list []Event) {
	s.with(func(f *feed) {
		for _, e := range list {
			if e.ID <= f.at { // it came before
				continue
			}
			e.store, f.at, f.in = f.store, e.ID, true
			for r := range f.readers {
				r.push(e)
			}
		}
		f.tidy()
	})
}

// live says that all up to a position has come.
func (s *subscription) live(at ID) {
	s.with(func(f *feed) { f.at, f.in = max(f.at, at), true })
}

// reset says that the position was of no use. Which readers that is so for is asked
// of the log where it may differ.
func (s *subscription) reset(reason string) {
	s.with(func(f *feed) {
		if reason == "expired" {
			f.dismiss(nil)
			return
		}
		f.dismiss(&Reset{Room: f.room, Reason: reason})
	})
}

// end says that nothing more will come of the room, and why.
func (s *subscription) end(why error) { s.with(func(f *feed) { f.dismiss(why) }) }

// signal hands out what is so just now.
func (s *subscription) signal(name string, data json.RawMessage) {
	s.with(func(f *feed) { f.hear(name, data) })
}
