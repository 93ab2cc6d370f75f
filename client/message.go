package client

import (
	"encoding/json"
	"time"
)

// Message is a message as it is now: its edits, its deletion, the replies and the
// reactions to it folded in. Of a deleted one only ID, Room, At, User, ReplyTo and
// Deleted are set.
type Message struct {
	ID          ID              `json:"id"`
	Room        string          `json:"room"`
	User        User            `json:"user"`
	At          time.Time       `json:"at"`
	Text        string          `json:"text"`
	Kind        string          `json:"kind"`
	EditedAt    time.Time       `json:"edited_at,omitzero"` // zero if never
	Deleted     bool            `json:"deleted,omitempty"`
	ReplyTo     ID              `json:"reply_to,omitempty"`
	Thread      ID              `json:"thread,omitempty"`
	Parent      *Parent         `json:"parent,omitempty"`  // preview of ReplyTo; nil where that is gone
	Replies     int             `json:"replies,omitempty"` // in its thread, not deleted
	Reactions   []Reaction      `json:"reactions"`
	Mentions    []string        `json:"mentions,omitempty"` // ids of users
	Attachments json.RawMessage `json:"attachments,omitempty"`
	Meta        json.RawMessage `json:"meta,omitempty"`
	Versions    []Version       `json:"versions,omitempty"` // set by Room.Versions alone
}

// Parent is the preview of a message that is answered.
type Parent struct {
	ID      ID     `json:"id"`
	User    User   `json:"user"`
	Text    string `json:"text"`
	Deleted bool   `json:"deleted,omitempty"`
}

// Reaction is one emoji under a message.
type Reaction struct {
	Emoji string `json:"emoji"`
	Count int    `json:"count"`
	Mine  bool   `json:"mine"`
	Users []User `json:"users"` // the first few
}

// Version is one text of a message.
type Version struct {
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Page is a page of messages, oldest first, but for that of a search.
type Page struct {
	Messages []Message `json:"messages"`
	HasMore  bool      `json:"has_more"` // there is more in the direction that was asked for
	Prev     ID        `json:"prev"`     // goes into Before; empty where nothing is older
	Next     ID        `json:"next"`     // goes into After; empty where nothing is newer
	// Cursor is the position at which the page was read: a Follow after it has
	// neither gap nor overlap with the page.
	Cursor Cursor `json:"cursor"`
}
