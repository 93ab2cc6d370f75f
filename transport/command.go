package transport

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/roomlog/chat"
)

// Do lets a user carry out a command: it asks whether they may, and then the
// chat. It brings no room into being: see Create and Join.
func (g *Gate) Do(ctx context.Context, grant *Grant, room, key string, fact chat.Fact) (chat.Result, error) {
	res, err := g.do(ctx, grant, room, chat.Command{Key: key, Fact: fact, MustExist: true})
	return res, RoomError(err, room)
}

func (g *Gate) do(ctx context.Context, grant *Grant, room string, cmd chat.Command) (chat.Result, error) {
	if err := g.Allow(grant, ActionOf(cmd.Fact, grant.User), room); err != nil {
		return chat.Result{}, err
	}
	cmd.User = grant.User
	return g.chat.Room(room).Do(ctx, cmd)
}

// Create lets a user make a room; an empty id lets the chat choose one. A direct
// room that is there already is answered with its first event, as if the key
// had been known, or with ErrRoomExists where that event is gone.
func (g *Gate) Create(ctx context.Context, grant *Grant, room, key string, fact chat.RoomCreated) (chat.Result, error) {
	if err := g.Allow(grant, chat.ActCreate, room); err != nil {
		return chat.Result{}, err
	}
	res, err := g.chat.CreateRoom(ctx, room, chat.Command{User: grant.User, Key: key, Fact: fact})
	switch {
	case err != nil:
		return res, err
	case res.Event.ID == chat.Start:
		return res, Errorf(chat.ErrRoomExists, "the direct room of these members")
	case !res.Changed:
		res.Replayed = true
	}
	return res, nil
}

// ActionOf returns what a user does who proposes a fact, in the words of
// Grant.May.
func ActionOf(fact chat.Fact, by chat.User) Action {
	switch f := fact.(type) {
	case chat.MessageEdited:
		return Edit
	case chat.MessageDeleted:
		return Delete
	case chat.ReactionAdded, chat.ReactionRemoved:
		return React
	case chat.UserJoined:
		if f.Member.ID == "" || f.Member.ID == by.ID {
			return Join
		}
		return chat.ActAddMember
	case chat.UserLeft:
		if f.Member.ID == "" || f.Member.ID == by.ID {
			return Leave
		}
		return chat.ActRemoveMember
	case chat.RoleChanged:
		return chat.ActSetRole
	case chat.UserBanned:
		return chat.ActBan
	case chat.UserUnbanned:
		return chat.ActUnban
	case chat.UserMuted:
		return chat.ActMute
	case chat.UserUnmuted:
		return chat.ActUnmute
	case chat.RoomCreated:
		return chat.ActCreate
	case chat.RoomChanged, chat.RoomArchived:
		return chat.ActChange
	case chat.RoomDeleted:
		return chat.ActDeleteRoom
	case chat.Custom:
		return chat.ActCustom
	}
	return Post
}

// RoomError makes every way to say that a room is not there the same, down to
// the bytes of the answer. Other errors pass, and so does nil.
func RoomError(err error, room string) error {
	if missing(err) {
		return noRoom(room)
	}
	return err
}

// Membership answers a join or a leave.
type Membership struct {
	Event    json.RawMessage `json:"event,omitempty"` // nothing where nothing was to change
	Replayed *bool           `json:"replayed,omitempty"`
	Users    []chat.Member   `json:"users,omitempty"`
	Cursor   *chat.ID        `json:"cursor,omitempty"` // the position that Users was read at
}

// Join makes a user a member and tells who is in the room. A room that is not
// there comes into being by it, if the options let it.
func (g *Gate) Join(ctx context.Context, grant *Grant, room, key string) (Membership, chat.Result, error) {
	res, err := g.do(ctx, grant, room, chat.Command{Key: key, Fact: chat.UserJoined{}, MustExist: g.options.NoJoinCreates})
	switch {
	case errors.Is(err, chat.ErrInvalidRoomID): // the caller's mistake, not a missing room
		return Membership{}, res, err
	case err != nil:
		return Membership{}, res, RoomError(err, room)
	}
	// Not what the key was answered with once, but what the user may see now.
	o, err := g.chat.Room(room).Overview(ctx, grant.User.ID)
	if err != nil {
		return Membership{}, res, RoomError(err, room)
	}
	return Membership{Event: res.Event.JSON(), Users: o.Members, Cursor: &o.Cursor}, res, nil
}
