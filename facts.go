package chat

import "encoding/json"

// Fact is what an event says: one of the facts of this package. They are in
// fact_message.go, fact_member.go and fact_room.go. Facts are values; a pointer
// to one is not taken.
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

	kindUserJoined   = "UserJoined"
	kindUserLeft     = "UserLeft"
	kindUserBanned   = "UserBanned"
	kindUserUnbanned = "UserUnbanned"
	kindUserMuted    = "UserMuted"
	kindUserUnmuted  = "UserUnmuted"
	kindRoleChanged  = "RoleChanged"

	kindRoomCreated  = "RoomCreated"
	kindRoomChanged  = "RoomChanged"
	kindRoomArchived = "RoomArchived"
	kindRoomDeleted  = "RoomDeleted"
)

// Custom is a fact of the host's own. As a command its Type begins with "x."
// and goes on with up to 64 of A-Z a-z 0-9 . _ -. Read from the log it also
// stands for a fact that this version does not know.
type Custom struct {
	Type string
	Data json.RawMessage // any JSON, at most 64 KiB; empty stands for {}
}

// Kind returns c.Type.
func (c Custom) Kind() string { return c.Type }
