package transport

import (
	"context"
	"errors"
	"slices"

	"github.com/roomlog/chat"
)

// Verdict is what a stream makes of a reader's cursor in a room.
type Verdict string

// The verdicts.
const (
	Fresh    Verdict = "fresh"     // there was no cursor: only what comes from now on
	Resumed  Verdict = "resumed"   // all that follows the cursor comes, then what is new
	Reset    Verdict = "reset"     // the cursor is of no use: load the history anew
	NotFound Verdict = "not_found" // the room is not there
)

// Why a cursor was of no use.
const (
	reasonExpired = "expired"
	reasonAhead   = "ahead"
	reasonInvalid = "invalid"
	reasonStore   = "store"
)

// Standing is where a reader stands in a room.
type Standing struct {
	Room    string
	Verdict Verdict
	Reason  string  // of a Reset: expired, ahead, invalid or store
	Head    chat.ID // the newest event of the room
	Floor   chat.ID // the smallest cursor that still resumes
}

// judge gives every room its standing, and sets the mark.
func (f *Feed) judge(ctx context.Context, cursor Cursor) error {
	f.standings, f.seen, f.filters = nil, nil, false
	before := f.chat.Head()
	var refused error
	for _, room := range f.query.Rooms {
		s := Standing{Room: room, Verdict: NotFound}
		switch access, err := f.access(ctx, room); {
		case err == nil:
			s.Head, s.Floor = access.Head, access.Floor
			s.Verdict, s.Reason = cursor.judge(f.chat.Head(), access.Floor)
			if f.query.Store != "" && f.query.Store != f.chat.StoreID() {
				s.Verdict, s.Reason = Reset, reasonStore
			}
			f.seen = append(f.seen, sight{room: room, from: access.From})
			f.filters = f.filters || access.From != access.Floor
		case errors.Is(err, errRefused), denied(err):
			refused = RoomError(err, room)
		default:
			return err
		}
		f.standings = append(f.standings, s)
	}
	f.mark = f.chat.Head() // after the rooms were looked at: their heads are not beyond it
	if f.mark != before {
		if err := f.confirm(ctx, &refused); err != nil {
			return err
		}
	}
	for i := range f.seen {
		f.seen[i].known = f.mark
	}
	switch {
	case len(f.seen) > 0:
		return nil
	case f.query.Many:
		return noRoom(f.query.Rooms[0])
	}
	return refused
}

// confirm asks again, now that the mark stands: an event between the first look
// and the mark may have taken a room from the reader, and who begins at the mark
// does not get to see it.
func (f *Feed) confirm(ctx context.Context, refused *error) error {
	for i := range f.standings {
		s := &f.standings[i]
		if s.Verdict == NotFound {
			continue
		}
		access, err := f.access(ctx, s.Room)
		switch {
		case err == nil:
			if sight := f.sightOf(s.Room); access.From.Compare(sight.from) > 0 {
				sight.from, f.filters = access.From, true
			}
		case errors.Is(err, errRefused), denied(err):
			*refused = RoomError(err, s.Room)
			*s = Standing{Room: s.Room, Verdict: NotFound}
			f.seen = slices.DeleteFunc(f.seen, func(gone sight) bool { return gone.room == s.Room })
		default:
			return err
		}
	}
	return nil
}

// missing reports whether err says that a room is not there, or cannot be.
func missing(err error) bool {
	return errors.Is(err, chat.ErrRoomNotFound) || errors.Is(err, chat.ErrInvalidRoomID)
}

// judge says what a cursor is worth in a room, given the head of the store and
// the floor of the room.
func (c Cursor) judge(head, floor chat.ID) (Verdict, string) {
	switch {
	case c.kind == latest:
		return Fresh, ""
	case c.kind == earliest:
		return Resumed, ""
	case c.kind == malformed:
		return Reset, reasonInvalid
	case c.id.Compare(head) > 0:
		return Reset, reasonAhead
	case c.id.Compare(floor) < 0:
		return Reset, reasonExpired
	}
	return Resumed, ""
}

// Verdict is that of the whole feed: Reset if it is any room's, else what the
// rooms that are there have.
func (f *Feed) Verdict() Verdict {
	verdict := NotFound
	for _, s := range f.standings {
		switch {
		case s.Verdict == Reset:
			return Reset
		case s.Verdict != NotFound:
			verdict = s.Verdict
		}
	}
	return verdict
}

// Standings tells where the reader stood in each room when the feed was opened,
// or began anew.
func (f *Feed) Standings() []Standing { return f.standings }
