package chat

import "encoding/json"

// Fact is what an event says: one of the types of this file. Facts are values;
// a pointer to one is not taken.
type Fact interface {
	// Kind is the fact's name on the wire.
	Kind() string
}

// Names of facts on the wire.
const (
	kindMessagePosted   = "MessagePosted"
	kindMessageEdited   = "MessageEdited"
	kindMessageDeleted  = "MessageDeleted"
	kindReactionAdded   = "ReactionAdded"
	kindReactionRemoved = "ReactionRemoved"
	kindUserJoined      = "UserJoined"
	kindUserLeft        = "UserLeft"
)

// MessagePosted says that the actor wrote a message. The event's ID is the
// message's.
type MessagePosted struct {
	// Text is 1 to Options.MaxText code points. As a command, its line ends
	// become LF and white space at its ends is trimmed.
	Text string `json:"text"`
	// MessageKind tells clients how to show it: up to 64 of A-Z a-z 0-9 . _ -, or
	// empty for plain text.
	MessageKind string `json:"kind,omitempty"`
	// Meta is any JSON of the host's, at most 64 KiB, kept as it is.
	Meta json.RawMessage `json:"meta,omitempty"`
}

// MessageEdited says that the author gave a message another text.
type MessageEdited struct {
	Message ID     `json:"message"`
	Text    string `json:"text"` // as in MessagePosted
}

// MessageDeleted says that a message was deleted. Its commit erases the
// MessagePosted and every MessageEdited of the message.
type MessageDeleted struct {
	Message ID `json:"message"`
}

// ReactionAdded says that the actor reacted to a message.
type ReactionAdded struct {
	Message ID     `json:"message"`
	Emoji   string `json:"emoji"` // 1 to 32 bytes without white space or slashes
}

// ReactionRemoved says that the actor took a reaction back.
type ReactionRemoved struct {
	Message ID     `json:"message"`
	Emoji   string `json:"emoji"`
}

// UserJoined says that Member became a member of the room.
type UserJoined struct {
	Member User   `json:"member"` // as a command, empty stands for the actor
	Role   string `json:"role"`   // "member"; as a command, empty stands for it
}

// UserLeft says that Member is no longer a member of the room.
type UserLeft struct {
	Member User   `json:"member"` // as a command, empty stands for the actor
	Reason string `json:"reason"` // "left"; as a command, empty stands for it
}

// Custom is a fact of the host's own. As a command its Type begins with "x."
// and goes on with up to 64 of A-Z a-z 0-9 . _ -. Read from the log it also
// stands for a fact that this version does not know.
type Custom struct {
	Type string
	Data json.RawMessage // any JSON, at most 64 KiB; empty stands for {}
}

// Kind returns "MessagePosted".
func (MessagePosted) Kind() string { return kindMessagePosted }

// Kind returns "MessageEdited".
func (MessageEdited) Kind() string { return kindMessageEdited }

// Kind returns "MessageDeleted".
func (MessageDeleted) Kind() string { return kindMessageDeleted }

// Kind returns "ReactionAdded".
func (ReactionAdded) Kind() string { return kindReactionAdded }

// Kind returns "ReactionRemoved".
func (ReactionRemoved) Kind() string { return kindReactionRemoved }

// Kind returns "UserJoined".
func (UserJoined) Kind() string { return kindUserJoined }

// Kind returns "UserLeft".
func (UserLeft) Kind() string { return kindUserLeft }

// Kind returns c.Type.
func (c Custom) Kind() string { return c.Type }
