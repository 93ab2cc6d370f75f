package client

import (
	"encoding/json"
	"time"
)

// Role is what a member is in a room: "owner", "admin" or "member".
type Role string

// The roles.
const (
	Owner    Role = "owner"
	Admin    Role = "admin"
	Ordinary Role = "member"
)

// Member is a user who has joined a room.
type Member struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role Role   `json:"role"`
}

// RoomInfo is what a list of rooms shows of one.
type RoomInfo struct {
	ID           string          `json:"id"`
	Kind         string          `json:"kind"` // "public", "private" or "direct"
	Title        string          `json:"title,omitempty"`
	Topic        string          `json:"topic,omitempty"`
	SlowMode     int             `json:"slow_mode_s,omitempty"`
	History      string          `json:"history,omitempty"`
	Receipts     bool            `json:"receipts,omitempty"`
	Archived     bool            `json:"archived,omitempty"`
	Meta         json.RawMessage `json:"meta,omitempty"`
	Role         Role            `json:"role,omitempty"` // one's own; empty where one is no member
	Members      int             `json:"members"`
	LastActivity time.Time       `json:"last_activity"`
	Last         *Message        `json:"last,omitempty"` // the newest message
	Unread       int             `json:"unread"`         // exact up to 1,000
	UnreadMore   bool            `json:"unread_more,omitempty"`
	Mentions     int             `json:"mentions"`   // of oneself, unread
	ReadUpTo     ID              `json:"read_up_to"` // empty where one has neither joined nor marked
	Head         ID              `json:"head"`       // the newest event
	Floor        ID              `json:"floor"`      // the smallest cursor that still resumes
}

// Overview is a room with its members, read at one position.
type Overview struct {
	Room    RoomInfo `json:"room"`
	Members []Member `json:"members"`
	Cursor  Cursor   `json:"cursor"`
}

// RoomsPage is a page of the list of rooms, by last activity, newest first.
type RoomsPage struct {
	Rooms  []RoomInfo `json:"rooms"`
	Next   string     `json:"next"` // goes into After; empty on the last page
	Cursor Cursor     `json:"cursor"`
}
