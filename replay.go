package chat

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/roomlog/chat/store"
)

// Bounds of what a query takes from the file at once.
const (
	pageEvents = 256
	pageBytes  = 1 << 20
)

// Replay yields what is stored behind the cursor after at the time of the
// call, oldest first, and ends. A room without events yields nothing. An error
// is yielded last: ErrCursorExpired, ErrCursorAhead or ctx.Err().
func (r *Room) Replay(ctx context.Context, after ID) iter.Seq2[Event, error] {
	head := r.chat.Head()
	return func(yield func(Event, error) bool) {
		s, err := r.chat.Subscribe(after, nil, r.id)
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer s.Close()
		for s.Cursor().Compare(head) < 0 {
			if err := ctx.Err(); err != nil {
				yield(Event{}, err)
				return
			}
			events, _, err := s.Poll()
			if err != nil {
				yield(Event{}, err)
				return
			}
			for i := range events {
				if events[i].ID.Compare(head) > 0 || !yield(events[i], nil) {
					return
				}
			}
		}
	}
}

// Backward yields what is stored before the cursor, newest first, and ends.
// End stands for the newest event. A room without events yields nothing, and
// what retention takes meanwhile is left out. An error is yielded last.
func (r *Room) Backward(ctx context.Context, before ID) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for before := before; before != Start; {
			events, err := r.pageBefore(ctx, before)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for i := range events {
				if !yield(events[i], nil) {
					return
				}
			}
			if len(events) == 0 {
				return
			}
			before = events[len(events)-1].ID
		}
	}
}

// pageBefore returns a page of events, newest first.
func (r *Room) pageBefore(ctx context.Context, before ID) (events []Event, err error) {
	err = r.read(ctx, "", func(s *sight) (err error) {
		events, err = s.events(Start, before, pageEvents, true)
		return err
	})
	if errors.Is(err, ErrRoomNotFound) {
		return nil, nil
	}
	return events, err
}

// LogPage is a page of the log of a room.
type LogPage struct {
	Events []Event `json:"events"` // oldest first; none at the end of the log
	Next   ID      `json:"next"`   // the cursor to go on from
	Head   ID      `json:"head"`   // the newest event of the room
	Floor  ID      `json:"floor"`  // the smallest cursor that still resumes; Start while nothing has expired
}

// Log returns what is stored behind the cursor after, at most limit events
// (0 = 100, at most 1,000) and about 1 MiB; a page without events is the end.
// viewer is the id of the user on whose behalf it is read, or empty for the
// host. ErrRoomNotFound where the room is not there or the viewer must not know
// of it, ErrForbidden, ErrCursorExpired, ErrCursorAhead.
func (r *Room) Log(ctx context.Context, viewer string, after ID, limit int) (LogPage, error) {
	limit, err := limitOf(limit, 100, 1000)
	if err != nil {
		return LogPage{}, err
	}
	var page LogPage
	err = r.read(ctx, viewer, func(s *sight) (err error) {
		page = LogPage{Next: s.head, Head: s.room.Last, Floor: s.room.Floor, Events: []Event{}}
		switch {
		case after == End:
			return nil
		case after.Compare(s.head) > 0:
			return ErrCursorAhead.because("%s is beyond %s", after, s.head)
		case after != Start && after.Compare(s.room.Floor) < 0:
			return ErrCursorExpired.because("the log is kept from %s", s.room.Floor)
		}
		events, err := s.events(after, Start, limit, false)
		if len(events) > 0 {
			page.Events, page.Next = events, events[len(events)-1].ID
		}
		return err
	})
	if err != nil {
		return LogPage{}, err
	}
	return page, nil
}

// events returns the first n events that the viewer sees between the bounds, or
// the last n with back, as long as they fit a page. Zero for before is no bound.
func (s *sight) events(after, before ID, n int, back bool) ([]Event, error) {
	ids := slices.Concat(
		first(n, s.index(store.Messages, after, before, back)),
		first(n, s.index(store.Others, after, before, back)),
	)
	slices.SortFunc(ids, ID.Compare)
	if back {
		slices.Reverse(ids)
	}
	ids = ids[:min(n, len(ids))]
	events := make([]Event, 0, len(ids))
	bytes := 0
	for _, id := range ids {
		r, err := s.view.Record(id)
		if err != nil {
			return nil, err
		}
		if bytes += len(r.Body); bytes > pageBytes && len(events) > 0 {
			break
		}
		events = append(events, eventOf(&r))
	}
	return events, nil
}
