package transport

import (
	"context"
	"encoding/json"

	"github.com/roomlog/chat"
)

// Do lets a user carry out a command: it asks whether they may, and then the
// chat. A room comes into being by a join alone, and by that only if the
// options let it.
func (g *Gate) Do(ctx context.Context, grant *Grant, room, key string, fact chat.Fact) (chat.Result, error) {
	action := actionOf(fact)
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

// actionOf returns what a fact does, in the words of Grant.May.
func actionOf(fact chat.Fact) Action {
	switch fact.(type) {
	case chat.MessageEdited:
		return Edit
	case chat.MessageDeleted:
		return Delete
	case chat.ReactionAdded, chat.ReactionRemoved:
		return React
	case chat.UserJoined:
		return Join
	case chat.UserLeft:
		return Leave
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

// PostOf takes the fields of a post.
func PostOf(o *Object) chat.MessagePosted {
	kind, _ := o.OptionalString("kind")
	return chat.MessagePosted{Text: o.String("text"), MessageKind: kind, Meta: o.Raw("meta")}
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
