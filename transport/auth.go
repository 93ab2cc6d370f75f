package transport

import (
	"net/http"
	"time"

	"github.com/roomlog/chat"
)

// Auth tells who makes a request. It is asked before anything of the request
// is read, for every request and once for every stream and socket, and may be
// called concurrently. An error refuses the request with 401, or with 403 if it
// is a chat.ErrForbidden; a panic refuses it with 500. Neither ever lets the
// request through.
type Auth func(*http.Request) (Grant, error)

// Grant is what an Auth says of a request: who makes it, until when that
// holds, and what they may do.
type Grant struct {
	// User is the actor of every command that the request carries.
	User chat.User
	// Expires is when the grant ends, and with it streams and sockets that were
	// opened with it. Zero is never.
	Expires time.Time
	// May returns nil if the user may take the action in the room, and else why
	// not: chat.ErrRoomNotFound hides the room, any other error is 403. The
	// rules of the chat itself, such as that only authors edit, hold beside it.
	// It is asked before every action and, for open streams, at every
	// heartbeat; it should be quick, and may be called concurrently. nil allows
	// everything.
	May func(action Action, room string) error
}

// Action is something that a user may or may not do in a room.
type Action = chat.Action

// The actions that Grant.May is asked about most. The others have the names that
// they have in package chat.
const (
	Read   = chat.ActRead // history, log, streams; and that the room is there
	Post   = chat.ActPost
	Edit   = chat.ActEdit
	Delete = chat.ActDelete
	React  = chat.ActReact // and take a reaction back
	Join   = chat.ActJoin
	Leave  = chat.ActLeave
)

// expired reports whether the grant has ended at that time.
func (g *Grant) expired(now time.Time) bool {
	return !g.Expires.IsZero() && !now.Before(g.Expires)
}
