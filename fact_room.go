package chat

import "encoding/json"

// RoomKind says who may come into a room.
type RoomKind string

// The kinds of rooms.
const (
	Public  RoomKind = "public"  // all may read and write; joining makes a member
	Private RoomKind = "private" // members alone; to all others it is not there
	Direct  RoomKind = "direct"  // private, and of the same members for ever
)

// Visibility says how much of a room's past a member sees.
type Visibility string

// How much of the past a member sees.
const (
	SeeAll      Visibility = "all"    // everything
	SeeFromJoin Visibility = "joined" // from their UserJoined on; not in a public room
)

// RoomCreated says that the actor made the room. The same commit makes the actor
// its owner, and each of Members a member; of a direct room all are ordinary
// members.
//
// A room need not begin by it: in Go the first fact brings a public room without
// an owner into being, and so does the first join where the transports let it.
type RoomCreated struct {
	RoomKind RoomKind   `json:"kind"`                  // as a command, empty stands for Public
	Title    string     `json:"title,omitempty"`       // at most 200 code points on one line
	Topic    string     `json:"topic,omitempty"`       // at most 2,000 code points
	SlowMode int        `json:"slow_mode_s,omitempty"` // seconds between two posts of one ordinary member, at most 86,400; 0 = none
	History  Visibility `json:"history,omitempty"`     // empty stands for SeeAll
	Receipts bool       `json:"receipts,omitempty"`    // all who read the room see how far the others have read
	// Meta is any JSON of the host's, at most 64 KiB, kept as it is; or nil.
	Meta json.RawMessage `json:"meta,omitempty"`
	// Members are added beside the actor, at most 1,000; of a direct room 1 to 32.
	Members []User `json:"members,omitempty"`
}

// RoomChanged says that the room is described anew. As a command nil, and an
// empty RoomKind or History, leave what there is. In the log all fields stand,
// so that what a room is can be told from its newest RoomChanged alone.
type RoomChanged struct {
	RoomKind RoomKind        `json:"kind,omitempty"`
	Title    *string         `json:"title,omitempty"`
	Topic    *string         `json:"topic,omitempty"`
	SlowMode *int            `json:"slow_mode_s,omitempty"`
	History  Visibility      `json:"history,omitempty"`
	Receipts *bool           `json:"receipts,omitempty"`
	Meta     json.RawMessage `json:"meta,omitempty"`     // as a command, null takes it away
	Archived *bool           `json:"archived,omitempty"` // as a command, false makes an archived room writable again
}

// RoomArchived says that the room is closed to writing. It can still be read.
type RoomArchived struct{}

// RoomDeleted says that the room is gone, and all that was in it erased. It is
// the last event that its readers see; then the room is as if it had never been.
type RoomDeleted struct{}

// Kind returns "RoomCreated".
func (RoomCreated) Kind() string { return kindRoomCreated }

// Kind returns "RoomChanged".
func (RoomChanged) Kind() string { return kindRoomChanged }

// Kind returns "RoomArchived".
func (RoomArchived) Kind() string { return kindRoomArchived }

// Kind returns "RoomDeleted".
func (RoomDeleted) Kind() string { return kindRoomDeleted }
