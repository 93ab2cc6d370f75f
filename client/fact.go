package client

import (
	"encoding/json"
	"fmt"
	"time"
)

// Fact is what an event says: one of the types of this file.
type Fact interface {
	// Kind is the fact's name on the wire.
	Kind() string
}

// MessagePosted says that the actor wrote a message. The event's ID is the
// message's.
type MessagePosted struct {
	ReplyTo     ID              `json:"reply_to,omitempty"` // the message that this one answers
	Thread      ID              `json:"thread,omitempty"`   // the message whose thread it belongs to
	Mentions    []string        `json:"mentions,omitempty"` // ids of users
	Text        string          `json:"text"`
	MessageKind string          `json:"kind,omitempty"`        // empty stands for "text"
	Attachments json.RawMessage `json:"attachments,omitempty"` // an array of objects
	Meta        json.RawMessage `json:"meta,omitempty"`
}

// MessageEdited says that the author gave a message another text.
type MessageEdited struct {
	Message  ID       `json:"message"`
	Mentions []string `json:"mentions,omitzero"` // take the place of the message's; nil leaves those it has
	Text     string   `json:"text"`
}

// MessageDeleted says that a message was deleted.
type MessageDeleted struct {
	Message ID `json:"message"`
}

// ReactionAdded says that the actor reacted to a message.
type ReactionAdded struct {
	Message ID     `json:"message"`
	Emoji   string `json:"emoji"`
}

// ReactionRemoved says that the actor took a reaction back.
type ReactionRemoved struct {
	Message ID     `json:"message"`
	Emoji   string `json:"emoji"`
}

// UserJoined says that Member became a member of the room.
type UserJoined struct {
	Member User `json:"member"`
	Role   Role `json:"role"`
}

// UserLeft says that Member is no longer a member of the room.
type UserLeft struct {
	Member User      `json:"member"`
	Reason string    `json:"reason"`         // "left", "removed" or "banned"
	Until  time.Time `json:"until,omitzero"` // when a ban ends; zero is never
}

// UserBanned says that Member, who is not a member, may neither join nor read.
type UserBanned struct {
	Member User      `json:"member"`
	Until  time.Time `json:"until,omitzero"` // when it ends; zero is never
}

// UserUnbanned says that Member is no longer banned.
type UserUnbanned struct {
	Member User `json:"member"`
}

// UserMuted says that Member may not write.
type UserMuted struct {
	Member User      `json:"member"`
	Until  time.Time `json:"until,omitzero"` // when it ends; zero is never
}

// UserUnmuted says that Member may write again.
type UserUnmuted struct {
	Member User `json:"member"`
}

// RoleChanged says that Member has another role.
type RoleChanged struct {
	Member User `json:"member"`
	Role   Role `json:"role"`
}

// RoomCreated begins a room.
type RoomCreated struct {
	RoomKind string          `json:"kind"` // "public", "private" or "direct"
	Title    string          `json:"title,omitempty"`
	Topic    string          `json:"topic,omitempty"`
	SlowMode int             `json:"slow_mode_s,omitempty"` // seconds between two posts of one member
	History  string          `json:"history,omitempty"`     // "joined", or empty for all
	Receipts bool            `json:"receipts,omitempty"`
	Meta     json.RawMessage `json:"meta,omitempty"`
	Members  []User          `json:"members,omitempty"` // of a direct room
}

// RoomChanged says all that the room is from here on.
type RoomChanged struct {
	RoomKind string          `json:"kind,omitempty"`
	Title    *string         `json:"title,omitempty"`
	Topic    *string         `json:"topic,omitempty"`
	SlowMode *int            `json:"slow_mode_s,omitempty"`
	History  string          `json:"history,omitempty"`
	Receipts *bool           `json:"receipts,omitempty"`
	Meta     json.RawMessage `json:"meta,omitempty"`
	Archived *bool           `json:"archived,omitempty"`
}

// RoomArchived says that the room is read only.
type RoomArchived struct{}

// RoomDeleted is the last event of a room.
type RoomDeleted struct{}

// Custom is a fact of the host's own, or one that this version does not know.
type Custom struct {
	Type string
	Data json.RawMessage
}

// Kind returns the name of the fact.
func (MessagePosted) Kind() string   { return "MessagePosted" }
func (MessageEdited) Kind() string   { return "MessageEdited" }   // Kind returns the name of the fact.
func (MessageDeleted) Kind() string  { return "MessageDeleted" }  // Kind returns the name of the fact.
func (ReactionAdded) Kind() string   { return "ReactionAdded" }   // Kind returns the name of the fact.
func (ReactionRemoved) Kind() string { return "ReactionRemoved" } // Kind returns the name of the fact.
func (UserJoined) Kind() string      { return "UserJoined" }      // Kind returns the name of the fact.
func (UserLeft) Kind() string        { return "UserLeft" }        // Kind returns the name of the fact.
func (UserBanned) Kind() string      { return "UserBanned" }      // Kind returns the name of the fact.
func (UserUnbanned) Kind() string    { return "UserUnbanned" }    // Kind returns the name of the fact.
func (UserMuted) Kind() string       { return "UserMuted" }       // Kind returns the name of the fact.
func (UserUnmuted) Kind() string     { return "UserUnmuted" }     // Kind returns the name of the fact.
func (RoleChanged) Kind() string     { return "RoleChanged" }     // Kind returns the name of the fact.
func (RoomCreated) Kind() string     { return "RoomCreated" }     // Kind returns the name of the fact.
func (RoomChanged) Kind() string     { return "RoomChanged" }     // Kind returns the name of the fact.
func (RoomArchived) Kind() string    { return "RoomArchived" }    // Kind returns the name of the fact.
func (RoomDeleted) Kind() string     { return "RoomDeleted" }     // Kind returns the name of the fact.
func (c Custom) Kind() string        { return c.Type }            // Kind returns c.Type.

// decoders has one for each type that is known.
var decoders = map[string]func(json.RawMessage) (Fact, error){
	"MessagePosted": decodeAs[MessagePosted], "MessageEdited": decodeAs[MessageEdited], "MessageDeleted": decodeAs[MessageDeleted],
	"ReactionAdded": decodeAs[ReactionAdded], "ReactionRemoved": decodeAs[ReactionRemoved],
	"UserJoined": decodeAs[UserJoined], "UserLeft": decodeAs[UserLeft], "UserBanned": decodeAs[UserBanned],
	"UserUnbanned": decodeAs[UserUnbanned], "UserMuted": decodeAs[UserMuted], "UserUnmuted": decodeAs[UserUnmuted],
	"RoleChanged": decodeAs[RoleChanged], "RoomCreated": decodeAs[RoomCreated], "RoomChanged": decodeAs[RoomChanged],
	"RoomArchived": decodeAs[RoomArchived], "RoomDeleted": decodeAs[RoomDeleted],
}

func decode(kind string, data json.RawMessage) (Fact, error) {
	if of := decoders[kind]; of != nil {
		return of(data)
	}
	return Custom{Type: kind, Data: data}, nil
}

func decodeAs[F Fact](data json.RawMessage) (Fact, error) {
	var f F
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("client: data of %s: %w", f.Kind(), err)
	}
	return f, nil
}
