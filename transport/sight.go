package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/roomlog/chat"
)

// access asks whether the reader may read a room, and how far. The room itself
// is judged by the chat, what the host says beside it by the grant.
func (f *Feed) access(ctx context.Context, room string) (chat.Access, error) {
	if f.query.Grant != nil {
		if err := f.gate.Allow(f.query.Grant, Read, room); err != nil {
			return chat.Access{}, fmt.Errorf("%w%w", errRefused, err)
		}
	}
	return f.chat.Room(room).Access(ctx, f.user)
}

// errRefused says that it was the grant that refused, with whatever error.
var errRefused = errors.New("")

// denied reports whether err says that the reader may not read a room, or that
// it is not there, rather than that it could not be found out.
func denied(err error) bool { return missing(err) || errors.Is(err, chat.ErrForbidden) }

// takenAway reports whether err, the answer to a reader who had access, ends it.
// What cannot be found out is never allowed. That the grant has expired, or that
// the chat is closed, ends the whole stream, and is not said of a room.
func takenAway(err error) bool {
	return err != nil && !errors.Is(err, ErrUnauthenticated) && !errors.Is(err, chat.ErrShuttingDown)
}

// again asks anew whether the reader may read a room, and reports whether the
// room is gone for them.
func (f *Feed) again(ctx context.Context, room string) (gone bool) {
	s := f.sightOf(room)
	if s == nil || s.gone {
		return false
	}
	access, err := f.access(ctx, room)
	switch {
	case takenAway(err):
		s.gone, f.filters = true, true
		return true
	case err == nil && access.From.Compare(s.from) > 0:
		s.from, f.filters = access.From, true // they have joined anew: what lies between is not theirs
	}
	return false
}

// Ask asks anew whether the reader may read each room, by the grant as it is
// now: at every heartbeat, for rules of the host that no event tells of. A room
// that they may no longer read goes on up to what the store has at this moment,
// or up to the event that took it from them, and is Gone then.
func (f *Feed) Ask(ctx context.Context, grant *Grant) {
	f.query.Grant = grant
	head := f.chat.Head()
	for i := range f.seen {
		s := &f.seen[i]
		if s.gone {
			continue
		}
		switch _, err := f.access(ctx, s.room); {
		case err == nil:
			s.end = chat.Start
		case takenAway(err) && s.end == chat.Start:
			s.end, f.filters = head, true
			f.bell.Ring()
		}
	}
}

// ending reports whether a room is to end that has not yet.
func (f *Feed) ending() bool {
	return f.filters && slices.ContainsFunc(f.seen, func(s sight) bool { return !s.gone && s.end != chat.Start })
}

// Over reports whether no room is left.
func (f *Feed) Over() bool {
	return !slices.ContainsFunc(f.seen, func(s sight) bool { return !s.gone })
}

// open are the rooms that are left.
func (f *Feed) open() []string {
	var rooms []string
	for _, s := range f.seen {
		if !s.gone {
			rooms = append(rooms, s.room)
		}
	}
	return rooms
}

// sightOf returns how far the reader may read a room of the feed's.
func (f *Feed) sightOf(room string) *sight {
	for i := range f.seen {
		if f.seen[i].room == room {
			return &f.seen[i]
		}
	}
	return nil
}

// visible returns those of the events that are the reader's to see, in place,
// and the rooms that end among them.
func (f *Feed) visible(events []chat.Event) (seen []chat.Event, gone []string) {
	if !f.filters {
		return events, nil
	}
	for i := range events {
		e := &events[i]
		s := f.sightOf(e.Room)
		if !s.gone && e.ID.Compare(s.from) > 0 && (s.end == chat.Start || e.ID.Compare(s.end) <= 0) {
			continue
		}
		// Only now is there something to leave out.
		seen = append(seen, events[:i]...)
		for _, e := range events[i:] {
			switch s := f.sightOf(e.Room); {
			case s.gone || e.ID.Compare(s.from) <= 0:
			case s.end != chat.Start && e.ID.Compare(s.end) > 0:
				s.gone = true
				gone = append(gone, s.room)
			default:
				seen = append(seen, e)
			}
		}
		return seen, gone
	}
	return events, nil
}

// expire ends the rooms that the reader may no longer read, once all up to the
// cursor has been handed out.
func (f *Feed) expire(cursor chat.ID) (gone []string) {
	for i := range f.seen {
		s := &f.seen[i]
		if !s.gone && s.end != chat.Start && cursor.Compare(s.end) >= 0 {
			s.gone = true
			gone = append(gone, s.room)
		}
	}
	return gone
}
