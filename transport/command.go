package transport

import (
	"context"
	"encoding/json"

	"github.com/roomlog/chat"
)

// Do lets a user carry out a command: it asks whether they may, and then the
// chat. A room comes into being by a command of its own, or by a join if the
// options let it.
func (g *Gate) Do(ctx context.Context, grant *Grant, room, key string, fact chat.Fact) (chat.Result, error) {
	action := ActionOf(fact, grant.User)
	if err := g.Allow(grant, action, room); err != nil {
		return chat.Result{}, err
	}
	creates := action == Join && !g.options.NoJoinCreates
	res, err := g.chat.Room(room).Do(ctx, chat.Command{
		User: grant.User, Key: key, Fact: fact, MustExist: !creates,
	})
	if creates { // an id that cannot be one is the caller's mistake, not a missing room
		return res, err
	}
	return res, RoomError(err, room)
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

// Join makes a user a member and tells who is in the room.
func (g *Gate) Join(ctx context.Context, grant *Grant, room, key string) (Membership, chat.Result, error) {
	res, err := g.Do(ctx, grant, room, key, chat.UserJoined{})
	if err != nil {
		return Membership{}, res, err
	}
	users, cursor, err := g.chat.Room(room).Members(ctx)
	if err != nil {
		return Membership{}, res, RoomError(err, room)
	}
	return Membership{Event: res.Event.JSON(), Users: users, Cursor: &cursor}, res, nil
}
