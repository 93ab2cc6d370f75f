package chat

import (
	"context"
	"slices"

	"github.com/roomlog/chat/store"
)

// HistoryQuery asks for a page of the messages of a room. Without Before,
// After and Around it is the newest page.
type HistoryQuery struct {
	Before ID     // messages older than this, the nearest ones
	After  ID     // messages newer than this, the nearest ones
	Around ID     // the messages on both sides of this, and it itself; not with Before or After
	Limit  int    // messages on a page; 0 = 50, at most 200
	Viewer string // user id for Reaction.Mine, or empty
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
// page, however old or long the room is. ErrRoomNotFound where the room has no
// event.
func (r *Room) History(ctx context.Context, q HistoryQuery) (Page, error) {
	limit, err := limitOf(q.Limit, 50, 200)
	if err != nil {
		return Page{}, err
	}
	if q.Around != Start && (q.Before != Start || q.After != Start) {
		return Page{}, ErrInvalidField.because("around goes without before and after")
	}
	var page Page
	err = r.read(ctx, func(snap *store.Snapshot, room store.Room) (err error) {
		st := pickStretch(snap, room, q, limit)
		page = Page{HasMore: st.hasMore(q), Cursor: snap.Head()}
		if st.older {
			page.Prev = &st.from
		}
		if st.newer {
			page.Next = &st.to
		}
		page.Messages, err = readMessages(snap, room, st.ids, q.Viewer)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// stretch is a run of a room's messages without a hole.
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

// pickStretch finds the messages of the page and what lies beside it.
func pickStretch(snap *store.Snapshot, room store.Room, q HistoryQuery, limit int) stretch {
	var st stretch
	switch {
	case q.Around != Start:
		half := (limit - 1) / 2
		st.ids = backward(snap, room, Start, q.Around, half)
		from := predecessor(q.Around) // so that the message itself is among them
		st.ids = append(st.ids, forward(snap, room, from, Start, limit-half)...)
		st.from, st.to = q.Around, from
	case q.After != Start:
		st.ids = forward(snap, room, q.After, q.Before, limit)
		st.from, st.to = successor(q.After), q.After
	default:
		st.ids = backward(snap, room, Start, q.Before, limit)
		st.from, st.to = q.Before, predecessor(q.Before)
		if q.Before == Start {
			st.from, st.to = End, End
		}
	}
	if n := len(st.ids); n > 0 {
		st.from, st.to = st.ids[0], st.ids[n-1]
	}
	st.older = len(backward(snap, room, Start, st.from, 1)) > 0
	st.newer = len(forward(snap, room, st.to, Start, 1)) > 0
	return st
}

// forward returns the first n messages between the bounds, which are exclusive.
func forward(snap *store.Snapshot, room store.Room, after, before ID, n int) []ID {
	return take(snap, room, store.Messages, after, before, n, false)
}

// backward returns the last n messages between the bounds, in rising order.
func backward(snap *store.Snapshot, room store.Room, after, before ID, n int) []ID {
	ids := take(snap, room, store.Messages, after, before, n, true)
	slices.Reverse(ids)
	return ids
}
