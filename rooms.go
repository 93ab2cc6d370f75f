package chat

import (
	"context"
	"slices"

	"github.com/roomlog/chat/store"
)

// RoomsQuery asks for a page of the list of rooms.
type RoomsQuery struct {
	After  ID     // the Next of the page before; zero for the first
	Limit  int    // rooms on a page; 0 = 50, at most 200
	Viewer string // user id whose role the rooms show, or empty
	Member bool   // only the rooms that the viewer has joined
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
	var page RoomsPage
	err = c.read(ctx, func(snap *store.Snapshot) error {
		page, err = readRooms(snap, q, limit)
		return err
	})
	if err != nil {
		return RoomsPage{}, err
	}
	return page, nil
}

func readRooms(snap *store.Snapshot, q RoomsQuery, limit int) (RoomsPage, error) {
	rooms := listRooms(snap, q)
	page := RoomsPage{Rooms: make([]RoomInfo, 0, min(limit, len(rooms))), Cursor: snap.Head()}
	for i, room := range rooms {
		if i == limit {
			page.Next = &rooms[i-1].Last
			break
		}
		info, err := readInfo(snap, room, q.Viewer)
		if err != nil {
			return RoomsPage{}, err
		}
		page.Rooms = append(page.Rooms, info)
	}
	return page, nil
}

// listRooms returns the rooms that the query is about, by last activity. The
// newest events of two rooms are two events, so the order is total.
func listRooms(snap *store.Snapshot, q RoomsQuery) []store.Room {
	var rooms []store.Room
	add := func(room store.Room) {
		if q.After == Start || room.Last.Compare(q.After) < 0 {
			rooms = append(rooms, room)
		}
	}
	if q.Member {
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
