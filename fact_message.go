package chat

import "encoding/json"

// MessagePosted says that the actor wrote a message. The event's ID is the
// message's.
type MessagePosted struct {
	// ReplyTo is the message of the room that this one answers, or zero.
	ReplyTo ID `json:"reply_to,omitzero"`
	// Thread is the message of the room whose thread this one belongs to, or
	// zero. A reply without a thread counts to that of the message it answers.
	Thread ID `json:"thread,omitzero"`
	// Mentions are the ids of users that the text speaks to, at most 64. As a
	// command, an id that is there twice counts once.
	Mentions []string `json:"mentions,omitempty"`
	// Text is 1 to Options.MaxText code points; it may be empty where there are
	// attachments. As a command, its line ends become LF and white space at its
	// ends is trimmed.
	Text string `json:"text"`
	// MessageKind tells clients how to show it: "text", "image", "file" or the
	// host's own, up to 64 of A-Z a-z 0-9 . _ -; empty stands for "text".
	// "system" is the host's own voice: see Command.Host.
	MessageKind string `json:"kind,omitempty"`
	// Attachments is a JSON array of 1 to 32 objects of the host's, at most
	// 64 KiB, kept as it is; or nil.
	Attachments json.RawMessage `json:"attachments,omitempty"`
	// Meta is any JSON of the host's, at most 64 KiB, kept as it is; or nil.
	Meta json.RawMessage `json:"meta,omitempty"`
}

// MessageEdited says that the author gave a message another text.
type MessageEdited struct {
	Message ID `json:"message"`
	// Mentions take the place of the message's; nil leaves those it has.
	Mentions []string `json:"mentions,omitzero"`
	Text     string   `json:"text"` // as in MessagePosted
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
