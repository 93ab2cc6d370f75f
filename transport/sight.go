package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/roomlog/chat"
)

// sight is how far the reader may read a room.
type sight struct {
	room  string
	known chat.ID // they might read it when the store had come so far
	from  chat.ID // what is at or below it is not theirs to see
	end   chat.ID // and what is above it, once they may no longer: zero before
	gone  bool    // that has been said
}

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

// unknowable reports whether err leaves it open whether the reader may read a
// room: that the grant has expired, or that the chat is closed, ends the whole
// stream, and is not said of a room. Whatever else cannot be found out is not
// allowed.
func unknowable(err error) bool {
	return errors.Is(err, ErrUnauthenticated) || errors.Is(err, chat.ErrShuttingDown)
}

// mayConcern reports whether events of the type may be such that
// Event.Concerns: it is asked for every event and every reader, and so looks at
// no more than two letters. Most are messages and reactions.
func mayConcern(kind string) bool {
	return len(kind) > 1 && (kind[0] == 'U' || kind[0] == 'R' && kind[1] == 'o')
}

func anyMayConcern(events []chat.Event) bool {
	for i := range events {
		if mayConcern(events[i].Type) {
			return true
		}
	}
	return false
}

// unknown reports whether an event is newer than what is known of the reader's
// right to its room.
func (f *Feed) unknown(e *chat.Event) bool {
	s := f.sightOf(e.Room)
	return !s.gone && e.ID.Compare(s.known) > 0
}

// again asks anew whether the reader may read a room, after an event that has
// been handed out, and reports whether that has taken it from them. Where
// another one has, which is yet to come, the room goes on up to that.
func (f *Feed) again(ctx context.Context, e *chat.Event) (gone bool, err error) {
	s := f.sightOf(e.Room)
	if s.gone {
		return false, nil
	}
	position := f.chat.Head()
	access, err := f.access(ctx, s.room)
	switch {
	case err == nil:
		s.known, s.end = position, chat.Start
		if access.From.Compare(s.from) > 0 {
			s.from, f.filters = access.From, true // they have joined anew: what lies between is not theirs
		}
	case unknowable(err):
		return false, err
	case f.took(ctx, e):
		f.forget(s)
		return true, nil
	case s.end == chat.Start:
		s.end, f.filters = f.chat.Head(), true
	}
	return false, nil
}

// took reports whether it was this event that took its room from the reader, who
// had it before and has it no more, rather than a later one. In doubt it was.
func (f *Feed) took(ctx context.Context, e *chat.Event) bool {
	fact, err := e.Fact()
	if err != nil {
		return true
	}
	switch fact := fact.(type) {
	case chat.UserJoined, chat.UserUnbanned:
		return false
	case chat.RoomChanged:
		if fact.RoomKind == chat.Public {
			return false
		}
	case chat.RoleChanged:
	default:
		return true
	}
	// A member has not lost it by that, unless a rule of the host's says so. Who
	// leaves later was one.
	sub, err := f.chat.Subscribe(e.ID, nil, e.Room)
	if err != nil {
		return true
	}
	defer sub.Close()
	for range tookPages {
		events, _, err := sub.Poll()
		if err != nil || len(events) == 0 || ctx.Err() != nil {
			return true
		}
		for i := range events {
			next := &events[i]
			if !mayConcern(next.Type) || !next.Concerns(f.user) {
				continue
			}
			switch fact, _ := next.Fact(); fact.(type) {
			case chat.RoomChanged, chat.RoleChanged:
			case chat.UserLeft:
				return false
			default:
				return true
			}
		}
	}
	return true
}

// tookPages is how many pages of events are looked through for the one that took
// a room from a reader.
const tookPages = 32

// Ask asks anew whether the reader may read each room, by the grant as it is
// now: at every heartbeat, for rules of the host that no event tells of. A room
// that they may no longer read goes on up to what the store has at this moment,
// or up to the event that took it from them, and is Gone then.
func (f *Feed) Ask(ctx context.Context, grant *Grant) {
	f.query.Grant = grant
	for i := range f.seen {
		s := &f.seen[i]
		if s.gone {
			continue
		}
		switch _, err := f.access(ctx, s.room); {
		case err == nil:
			s.end = chat.Start
		case !unknowable(err) && s.end == chat.Start:
			s.end, f.filters = f.chat.Head(), true // not before the event that the refusal is about
			f.bell.Ring()
		}
	}
}

// forget notes that a room is gone, as it is said.
func (f *Feed) forget(s *sight) { s.gone, f.filters, f.narrow = true, true, true }

// ending reports whether a room is to end that has not yet.
func (f *Feed) ending() bool {
	return f.filters && slices.ContainsFunc(f.seen, func(s sight) bool { return !s.gone && s.end != chat.Start })
}

// Over reports whether no room is left.
func (f *Feed) Over() bool {
	for i := range f.seen {
		if !f.seen[i].gone {
			return false
		}
	}
	return true
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
	return &sight{gone: true} // of no room that they ever saw
}

// visible returns those of the events that are the reader's to see, in place or
// copied, and the rooms that end among them.
func (f *Feed) visible(events []chat.Event) (seen []chat.Event, gone []string) {
	for i := range events {
		if f.sightOf(events[i].Room).shows(events[i].ID) {
			continue
		}
		seen = append(seen, events[:i]...) // only now is there something to leave out
		for _, e := range events[i:] {
			switch s := f.sightOf(e.Room); {
			case s.shows(e.ID):
				seen = append(seen, e)
			case !s.gone && s.end != chat.Start && e.ID.Compare(s.end) > 0:
				f.forget(s)
				gone = append(gone, s.room)
			}
		}
		return seen, gone
	}
	return events, nil
}

// shows reports whether an event is the reader's to see.
func (s *sight) shows(id chat.ID) bool {
	return !s.gone && id.Compare(s.from) > 0 && (s.end == chat.Start || id.Compare(s.end) <= 0)
}

// expire ends the rooms that the reader may no longer read, once all up to the
// cursor has been handed out.
func (f *Feed) expire(cursor chat.ID) (gone []string) {
	for i := range f.seen {
		s := &f.seen[i]
		if !s.gone && s.end != chat.Start && cursor.Compare(s.end) >= 0 {
			f.forget(s)
			gone = append(gone, s.room)
		}
	}
	return gone
}
