package chat

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/roomlog/chat/store"
)

// kindPublic is the kind of every room: all may read it and post to it.
const kindPublic = "public"

// RoomInfo is what a list of rooms shows of one.
type RoomInfo struct {
	ID           string
	Kind         string    // "public"
	Role         string    // the viewer's; empty where they are not a member
	Members      int       // how many have joined
	LastActivity time.Time // when the newest event was stored
	Last         *Message  // the newest message, nil where there is none
	Head         ID        // the newest event of the room
	Floor        ID        // the smallest cursor that still resumes; Start while nothing has expired
	Cursor       ID        // the position of the log that this was read at
}

// MarshalJSON returns the form of the wire protocol, without Cursor.
func (i RoomInfo) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID           string   `json:"id"`
		Kind         string   `json:"kind"`
		Role         string   `json:"role,omitempty"`
		Members      int      `json:"members"`
		LastActivity string   `json:"last_activity"`
		Last         *Message `json:"last,omitempty"`
		Head         ID       `json:"head"`
		Floor        ID       `json:"floor"`
	}{i.ID, i.Kind, i.Role, i.Members, formatTime(i.LastActivity), i.Last, i.Head, i.Floor})
}

// formatTime is how times stand on the wire: RFC 3339, UTC, three decimals.
func formatTime(t time.Time) string { return t.UTC().Format(timeFormat) }

// Overview is a room with its members, read at one position.
type Overview struct {
	Room    RoomInfo `json:"room"`
	Members []Member `json:"members"`
	Cursor  ID       `json:"cursor"`
}

// Info tells of the room. ErrRoomNotFound where it has no event.
func (r *Room) Info(ctx context.Context) (RoomInfo, error) {
	var info RoomInfo
	err := r.read(ctx, func(snap *store.Snapshot, room store.Room) (err error) {
		info, err = readInfo(snap, room, "")
		return err
	})
	return info, err
}

// Overview tells of the room and its members at one position, as seen by the
// user with the id viewer, or nobody. ErrRoomNotFound where it has no event.
func (r *Room) Overview(ctx context.Context, viewer string) (Overview, error) {
	var o Overview
	err := r.read(ctx, func(snap *store.Snapshot, room store.Room) (err error) {
		o = Overview{Members: []Member{}} // the query may be run again
		o.Room, err = readInfo(snap, room, viewer)
		o.Members = slices.AppendSeq(o.Members, members(snap, room.Number))
		o.Cursor = snap.Head()
		return err
	})
	if err != nil {
		return Overview{}, err
	}
	return o, nil
}

func readInfo(snap *store.Snapshot, room store.Room, viewer string) (RoomInfo, error) {
	info := RoomInfo{
		ID: room.ID, Kind: kindPublic,
		Members: int(memberCount(snap, room.Number)),
		Head:    room.Last, Floor: room.Floor, Cursor: snap.Head(),
	}
	newest, err := snap.Record(room.Last)
	if err != nil {
		return RoomInfo{}, err
	}
	info.LastActivity = newest.At
	if viewer != "" {
		if value, ok := snap.Get(memberKey(room.Number, viewer)); ok {
			info.Role = parseMember(viewer, value).Role
		}
	}
	for id := range snap.Index(room, store.Messages, Start, Start, true) {
		last, err := readMessages(snap, room, []ID{id}, viewer)
		if err != nil {
			return RoomInfo{}, err
		}
		info.Last = &last[0]
		break
	}
	return info, nil
}
