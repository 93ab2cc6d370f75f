package transport

import (
	"context"
	"encoding/json"

	"github.com/roomlog/chat"
)

// Typing says that a user is typing in a room.
func (g *Gate) Typing(ctx context.Context, grant *Grant, room string) error {
	if err := g.maySignal(grant, room); err != nil {
		return err
	}
	return RoomError(g.chat.Room(room).Typing(ctx, grant.User), room)
}

// Signal tells those who are in a room something of the host's own.
func (g *Gate) Signal(ctx context.Context, grant *Grant, room, kind string, data json.RawMessage) error {
	if err := g.maySignal(grant, room); err != nil {
		return err
	}
	return RoomError(g.chat.Room(room).Signal(ctx, grant.User, kind, data), room)
}

// maySignal asks the host, and counts what is told.
func (g *Gate) maySignal(grant *Grant, room string) error {
	if err := g.Allow(grant, chat.ActSignal, room); err != nil {
		return err
	}
	m := g.options.meter
	return m.allow(&m.signals, grant.User.ID, g.options.Now())
}

// MarkRead moves the user's marker in a room.
func (g *Gate) MarkRead(ctx context.Context, grant *Grant, room string, upTo chat.ID) (chat.ReadState, error) {
	if err := g.Allow(grant, Read, room); err != nil {
		return chat.ReadState{}, err
	}
	state, err := g.chat.Room(room).MarkRead(ctx, grant.User.ID, upTo)
	return state, RoomError(err, room)
}

// Presence tells who is in a room.
func (g *Gate) Presence(ctx context.Context, grant *Grant, room string) (chat.Presence, error) {
	if err := g.Allow(grant, Read, room); err != nil {
		return chat.Presence{}, err
	}
	p, err := g.chat.Room(room).Presence(ctx, grant.User.ID)
	return p, RoomError(err, room)
}

// UserStatus is the status that a user has chosen.
type UserStatus struct {
	Status chat.Status `json:"status"`
	Text   string      `json:"text,omitempty"`
}

// SetStatus takes the fields of a status and sets it.
func (g *Gate) SetStatus(grant *Grant, o *Object) (UserStatus, error) {
	status := chat.Status(o.String("status"))
	text, _ := o.OptionalString("text")
	if err := o.Err(); err != nil {
		return UserStatus{}, err
	}
	text, err := g.chat.SetStatus(grant.User.ID, status, text)
	return UserStatus{status, text}, err
}
