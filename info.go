package chat

import (
	"context"
	"encoding/json"
	"time"

	"github.com/roomlog/chat/store"
)

// RoomInfo is what a list of rooms shows of one.
type RoomInfo struct {
	ID           string
	Kind         RoomKind
	Title        string
	Topic        string
	SlowMode     int // seconds between two posts of one ordinary member; 0 = none
	History      Visibility
	Receipts     bool // all who read the room see how far the others have read
	Archived     bool
	Meta         json.RawMessage // as set; nil where there is none
	Role         Role            // the viewer's; empty where they are not a member
	Members      int             // how many have joined
	LastActivity time.Time       // when the newest event was stored
	Last         *Message        // the newest message, nil where there is none or the viewer does not see it
	Read         *ReadState      // how far the viewer has read; nil for the host, and of the past
	Head         ID              // the newest event of the room
	Floor        ID              // the smallest cursor that still resumes; Start while nothing has expired
	Cursor       ID              // the position of the log that this was read at
}

// MarshalJSON returns the form of the wire protocol, without Cursor.
func (i RoomInfo) MarshalJSON() ([]byte, error) {
	history := i.History
	if history == SeeAll {
		history = "" // what is so unless it is said
	}
	return json.Marshal(struct {
		ID           string          `json:"id"`
		Kind         RoomKind        `json:"kind"`
		Title        string          `json:"title,omitempty"`
		Topic        string          `json:"topic,omitempty"`
		SlowMode     int             `json:"slow_mode_s,omitempty"`
		History      Visibility      `json:"history,omitempty"`
		Receipts     bool            `json:"receipts,omitempty"`
		Archived     bool            `json:"archived,omitempty"`
		Meta         json.RawMessage `json:"meta,omitempty"`
		Role         Role            `json:"role,omitempty"`
		Members      int             `json:"members"`
		LastActivity string          `json:"last_activity"`
		Last         *Message        `json:"last,omitempty"`
		*readFields
		Head  ID `json:"head"`
		Floor ID `json:"floor"`
	}{
		i.ID, i.Kind, i.Title, i.Topic, i.SlowMode, history, i.Receipts, i.Archived, i.Meta, i.Role,
		i.Members, formatTime(i.LastActivity), i.Last, i.readFields(), i.Head, i.Floor,
	})
}

// readFields are a ReadState as a room has it.
type readFields struct {
	Unread   int  `json:"unread"`
	More     bool `json:"unread_more,omitempty"`
	Mentions int  `json:"mentions"`
	ReadUpTo *ID  `json:"read_up_to"`
}

func (i *RoomInfo) readFields() *readFields {
	if i.Read == nil {
		return nil
	}
	return &readFields{i.Read.Unread, i.Read.More, i.Read.Mentions, i.Read.UpTo}
}

// formatTime is how times stand on the wire: RFC 3339, UTC, three decimals.
func formatTime(t time.Time) string { return t.UTC().Format(timeFormat) }

// Overview is a room with its members, read at one position.
type Overview struct {
	Room    RoomInfo `json:"room"`
	Members []Member `json:"members"`
	Cursor  ID       `json:"cursor"`
}

// Info tells of the room, as seen by the user with the id viewer, or by the host
// if that is empty. ErrRoomNotFound where the room is not there or the viewer
// must not know of it; ErrForbidden.
func (r *Room) Info(ctx context.Context, viewer string) (RoomInfo, error) {
	var info RoomInfo
	err := r.read(ctx, viewer, func(s *sight) (err error) {
		info, err = s.info()
		return err
	})
	return info, err
}

// Overview tells of the room and its members at one position. viewer and errors
// are as for Info.
func (r *Room) Overview(ctx context.Context, viewer string) (Overview, error) {
	var o Overview
	err := r.read(ctx, viewer, func(s *sight) (err error) {
		o = Overview{Members: listMembers(s.view, s.room.Number), Cursor: s.head}
		o.Room, err = s.info()
		return err
	})
	if err != nil {
		return Overview{}, err
	}
	return o, nil
}

func (s *sight) info() (RoomInfo, error) {
	set := getSettings(s.view, s.room.Number, s.rules)
	info := RoomInfo{
		ID: s.room.ID, Kind: s.rules.kind, Title: set.Title, Topic: set.Topic, Meta: set.Meta,
		SlowMode: s.rules.slow, History: set.History, Receipts: set.Receipts, Archived: s.rules.archived,
		Members: int(s.rules.members),
		Head:    s.room.Last, Floor: s.room.Floor, Cursor: s.head,
	}
	newest, err := s.view.Record(s.room.Last)
	if err != nil {
		return RoomInfo{}, err
	}
	info.LastActivity = newest.At
	if s.viewer != "" && s.rules.members > 0 {
		m, _ := getMember(s.view, s.room.Number, s.viewer)
		info.Role = m.role
	}
	if s.viewer != "" && !s.past {
		state := s.readState()
		info.Read = &state
	}
	for id := range s.index(store.Messages, Start, Start, true) {
		last, err := s.one(id)
		if err != nil {
			return RoomInfo{}, err
		}
		info.Last = &last
		break
	}
	return info, nil
}
