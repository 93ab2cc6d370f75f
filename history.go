package chat

import (
	"context"
	"iter"
	"slices"

	"github.com/roomlog/chat/store"
)

// HistoryQuery asks for a page of the messages of a room. Without Before,
// After and Around it is the newest page.
type HistoryQuery struct {
	Before ID  // messages older than this, the nearest ones
	After  ID  // messages newer than this, the nearest ones
	Around ID  // the messages on both sides of this, and it itself; not with Before or After
	Limit  int // messages on a page; 0 = 50, at most 200
	// Viewer is the id of the user on whose behalf the page is read: the policy
	// is asked whether they may, and Reaction.Mine is theirs. Empty is the host,
	// who may read everything.
	Viewer string
}

// Page is a page of messages, oldest first.
type Page struct {
	Messages []Message `json:"messages"`
	HasMore  bool      `json:"has_more"` // there is more in the direction that was asked for
	Prev     *ID       `json:"prev"`     // goes into Before; nil where nothing is older
	Next     *ID       `json:"next"`     // goes into After; nil where nothing is newer
	// Cursor is the position of the log that the page was read at: a follow
	// after it has neither gap nor overlap with the page.
	Cursor ID `json:"cursor"`
}

// History returns a page of the room's messages as they are now. It costs the
// page, however old or long the room is. ErrRoomNotFound where the room is not
// there or the viewer must not know of it; ErrForbidden.
func (r *Room) History(ctx context.Context, q HistoryQuery) (Page, error) {
	return r.page(ctx, q, func(s *sight) (lane, error) {
		return func(after, before ID, back bool) idSeq {
			return s.index(store.Messages, after, before, back)
		}, nil
	})
}

// A lane yields the ids of messages in (after, before), in rising order, or in
// falling order with back. A zero before is no bound.
type lane func(after, before ID, back bool) idSeq

type idSeq = iter.Seq[ID]

// page returns a page of a lane of the room.
func (r *Room) page(ctx context.Context, q HistoryQuery, of func(*sight) (lane, error)) (Page, error) {
	limit, err := limitOf(q.Limit, 50, 200)
	if err != nil {
		return Page{}, err
	}
	if q.Around != Start && (q.Before != Start || q.After != Start) {
		return Page{}, ErrInvalidField.because("around goes without before and after")
	}
	var page Page
	err = r.read(ctx, q.Viewer, func(s *sight) error {
		l, err := of(s)
		if err != nil {
			return err
		}
		st := l.pick(q, limit)
		page = Page{HasMore: st.hasMore(q), Cursor: s.head}
		if st.older {
			page.Prev = &st.from
		}
		if st.newer {
			page.Next = &st.to
		}
		page.Messages, err = s.messages(st.ids)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// stretch is a run of a lane's messages without a hole.
type stretch struct {
	ids          []ID // rising
	from, to     ID   // what is older is before from, what is newer after to
	older, newer bool // there is such
}

func (st *stretch) hasMore(q HistoryQuery) bool {
	switch {
	case q.Around != Start:
		return st.older || st.newer
	case q.After != Start:
		return st.newer
	}
	return st.older
}

// pick finds the messages of the page and what lies beside it.
func (l lane) pick(q HistoryQuery, limit int) stretch {
	var st stretch
	switch {
	case q.Around != Start:
		half := (limit - 1) / 2
		from := predecessor(q.Around) // so that the message itself is among them
		older, newer := l.backward(Start, q.Around, limit), l.forward(from, Start, limit)
		// What one side lacks the other may have.
		n := min(len(older), max(half, limit-len(newer)))
		st.ids = append(older[len(older)-n:], newer[:min(len(newer), limit-n)]...)
		st.from, st.to = q.Around, from
	case q.After != Start:
		st.ids = l.forward(q.After, q.Before, limit)
		st.from, st.to = successor(q.After), q.After
	default:
		st.ids = l.backward(Start, q.Before, limit)
		st.from, st.to = q.Before, predecessor(q.Before)
		if q.Before == Start {
			st.from, st.to = End, End
		}
	}
	if n := len(st.ids); n > 0 {
		st.from, st.to = st.ids[0], st.ids[n-1]
	}
	st.older = len(l.backward(Start, st.from, 1)) > 0
	st.newer = len(l.forward(st.to, Start, 1)) > 0
	return st
}

// forward returns the first n messages between the bounds, which are exclusive.
func (l lane) forward(after, before ID, n int) []ID { return first(n, l(after, before, false)) }

// backward returns the last n messages between the bounds, in rising order.
func (l lane) backward(after, before ID, n int) []ID {
	ids := first(n, l(after, before, true))
	slices.Reverse(ids)
	return ids
}

// first returns the first n ids.
func first(n int, ids idSeq) []ID {
	list := make([]ID, 0, min(n, 256))
	if n <= 0 {
		return list
	}
	for id := range ids {
		if list = append(list, id); len(list) == n {
			break
		}
	}
	return list
}
