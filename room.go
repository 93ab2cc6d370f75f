package chat

import (
	"context"
	"time"
)

// Room is a handle of a room. It costs nothing, and need not stand for a room
// that exists: a room comes into being by its first event. Its methods may be
// called concurrently.
type Room struct {
	chat *Chat
	id   string
	past bool // it is the room as of the cursor at, and takes no commands
	at   ID
}

// Room returns the handle of the room with the id, which must match
// ^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$; else every method of the handle fails
// with ErrInvalidRoomID.
func (c *Chat) Room(id string) *Room { return &Room{chat: c, id: id} }

// ID returns the room's id.
func (r *Room) ID() string { return r.id }

// do is Do for the short forms: without a key, and with the event alone.
func (r *Room) do(ctx context.Context, by User, fact Fact) (Event, error) {
	res, err := r.Do(ctx, Command{User: by, Fact: fact})
	return res.Event, err
}

// Post stores a message.
func (r *Room) Post(ctx context.Context, by User, text string) (Event, error) {
	return r.do(ctx, by, MessagePosted{Text: text})
}

// Reply stores a message that answers another one of the room.
// ErrMessageNotFound where there is no such message.
func (r *Room) Reply(ctx context.Context, by User, to ID, text string) (Event, error) {
	return r.do(ctx, by, MessagePosted{ReplyTo: to, Text: text})
}

// Edit gives a message another text. Only its author may; ErrMessageDeleted
// after a deletion. It returns the zero Event if the text is what it was.
func (r *Room) Edit(ctx context.Context, by User, message ID, text string) (Event, error) {
	return r.do(ctx, by, MessageEdited{Message: message, Text: text})
}

// Delete deletes a message and erases its texts from the log. Its author may, and
// an admin or owner of the room. It returns the zero Event if the message was deleted before.
func (r *Room) Delete(ctx context.Context, by User, message ID) (Event, error) {
	return r.do(ctx, by, MessageDeleted{Message: message})
}

// React adds a reaction to a message. It returns the zero Event if the user
// has it there already.
func (r *Room) React(ctx context.Context, by User, message ID, emoji string) (Event, error) {
	return r.do(ctx, by, ReactionAdded{Message: message, Emoji: emoji})
}

// Unreact takes a reaction back. It returns the zero Event if there is none.
func (r *Room) Unreact(ctx context.Context, by User, message ID, emoji string) (Event, error) {
	return r.do(ctx, by, ReactionRemoved{Message: message, Emoji: emoji})
}

// Join makes the user a member. It returns the zero Event if they are one.
func (r *Room) Join(ctx context.Context, by User) (Event, error) {
	return r.do(ctx, by, UserJoined{})
}

// Leave ends the user's membership. It returns the zero Event if they have
// none. ErrForbiddenLastOwner where others would be left without an owner.
func (r *Room) Leave(ctx context.Context, by User) (Event, error) {
	return r.do(ctx, by, UserLeft{})
}

// Add makes somebody else a member, or gives a member the role. An empty role
// stands for Ordinary, and an empty name of the member for the one they are
// known under. It returns the zero Event if nothing changes.
func (r *Room) Add(ctx context.Context, by, member User, role Role) (Event, error) {
	return r.do(ctx, by, UserJoined{Member: member, Role: role})
}

// Remove ends somebody else's membership. It returns the zero Event if they
// have none.
func (r *Room) Remove(ctx context.Context, by, member User) (Event, error) {
	return r.do(ctx, by, UserLeft{Member: member})
}

// Ban removes somebody, if they are a member, and keeps them out until then, or
// for ever if until is zero. It returns the zero Event if that is so already.
func (r *Room) Ban(ctx context.Context, by, member User, until time.Time) (Event, error) {
	return r.do(ctx, by, UserBanned{Member: member, Until: until})
}

// Unban lifts a ban. It returns the zero Event if there is none.
func (r *Room) Unban(ctx context.Context, by, member User) (Event, error) {
	return r.do(ctx, by, UserUnbanned{Member: member})
}

// Mute keeps somebody from writing until then, or for ever if until is zero. It
// returns the zero Event if that is so already.
func (r *Room) Mute(ctx context.Context, by, member User, until time.Time) (Event, error) {
	return r.do(ctx, by, UserMuted{Member: member, Until: until})
}

// Unmute lets somebody write again. It returns the zero Event if they may.
func (r *Room) Unmute(ctx context.Context, by, member User) (Event, error) {
	return r.do(ctx, by, UserUnmuted{Member: member})
}

// Change describes the room anew. It returns the zero Event if it says what is
// so already.
func (r *Room) Change(ctx context.Context, by User, f RoomChanged) (Event, error) {
	return r.do(ctx, by, f)
}

// Archive closes the room to writing; Change with Archived false opens it again.
// It returns the zero Event if it is archived.
func (r *Room) Archive(ctx context.Context, by User) (Event, error) {
	return r.do(ctx, by, RoomArchived{})
}

// DeleteRoom deletes the room. From its return on nothing that was in it is
// served, and the room is as if it had never been; its events are taken from the
// file within seconds, in the background.
func (r *Room) DeleteRoom(ctx context.Context, by User) (Event, error) {
	return r.do(ctx, by, RoomDeleted{})
}
