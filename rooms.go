package chat

import (
	"context"
	"errors"
	"slices"

	"github.com/roomlog/chat/store"
)

// Scope says which rooms a list is of.
type Scope string

// The scopes.
const (
	Visible    Scope = ""       // those that the viewer may read
	Mine       Scope = "mine"   // those that the viewer has joined
	PublicOnly Scope = "public" // public ones that the viewer may read
)

// RoomsQuery asks for a page of the list of rooms.
type RoomsQuery struct {
	After ID    // the Next of the page before; zero for the first
	Limit int   // rooms on a page; 0 = 50, at most 200
	Scope Scope // empty stands for Visible
	// Viewer is the id of the user on whose behalf the list is read. Empty is
	// the host, who may read every room and has joined none.
	Viewer string
}

// RoomsPage is a page of the list of rooms, by last activity, newest first.
type RoomsPage struct {
	Rooms  []RoomInfo `json:"rooms"`
	Next   *ID        `json:"next"`   // goes into After; nil on the last page
	Cursor ID         `json:"cursor"` // the position of the log that the page was read at
}

// Rooms returns a page of the list of rooms. A room that becomes active while
// its list is paged through stands on a page that was read already.
func (c *Chat) Rooms(ctx context.Context, q RoomsQuery) (RoomsPage, error) {
	limit, err := limitOf(q.Limit, 50, 200)
	if err != nil {
		return RoomsPage{}, err
	}
	switch q.Scope {
	case Visible, Mine, PublicOnly:
	default:
		return RoomsPage{}, ErrInvalidField.because("scope %q", q.Scope)
	}
	var page RoomsPage
	err = c.read(ctx, func(snap *store.Snapshot) error {
		page, err = c.listRooms(snap, q, limit)
		return err
	})
	if err != nil {
		return RoomsPage{}, err
	}
	return page, nil
}

func (c *Chat) listRooms(snap *store.Snapshot, q RoomsQuery, limit int) (RoomsPage, error) {
	rooms := candidates(snap, q)
	page := RoomsPage{Rooms: make([]RoomInfo, 0, min(limit, len(rooms))), Cursor: snap.Head()}
	for _, room := range rooms {
		s, err := c.look(snap, room.ID, q.Viewer)
		switch {
		case errors.Is(err, ErrRoomNotFound), errors.Is(err, ErrForbidden):
			continue
		case err != nil:
			return RoomsPage{}, err
		}
		if len(page.Rooms) == limit {
			page.Next = &page.Rooms[limit-1].Head
			break
		}
		info, err := s.info()
		if err != nil {
			return RoomsPage{}, err
		}
		page.Rooms = append(page.Rooms, info)
	}
	return page, nil
}

// candidates returns the rooms that the query is about, by last activity, not
// yet judged. The newest events of two rooms are two events, so the order is
// total.
func candidates(snap *store.Snapshot, q RoomsQuery) []store.Room {
	var rooms []store.Room
	add := func(room store.Room) {
		if q.Scope == PublicOnly && rulesOf(room).kind != Public {
			return
		}
		if q.After == Start || room.Last.Compare(q.After) < 0 {
			rooms = append(rooms, room)
		}
	}
	if q.Scope == Mine {
		for _, id := range snap.Ascend(roomsOfUserRange(q.Viewer)) {
			if room, ok := snap.Room(id); ok {
				add(room)
			}
		}
	} else {
		for room := range snap.Rooms("") {
			add(room)
		}
	}
	slices.SortFunc(rooms, func(a, b store.Room) int { return b.Last.Compare(a.Last) })
	return rooms
}
