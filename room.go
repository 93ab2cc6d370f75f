package chat

import "context"

// Room is a handle of a room. It costs nothing, and need not stand for a room
// that exists: a room comes into being by its first event. Its methods may be
// called concurrently.
type Room struct {
	chat *Chat
	id   string
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

// Edit gives a message another text. Only its author may; ErrMessageDeleted
// after a deletion. It returns the zero Event if the text is what it was.
func (r *Room) Edit(ctx context.Context, by User, message ID, text string) (Event, error) {
	return r.do(ctx, by, MessageEdited{Message: message, Text: text})
}

// Delete deletes a message and erases its texts from the log. Only its author
// may. It returns the zero Event if the message was deleted before.
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
// none.
func (r *Room) Leave(ctx context.Context, by User) (Event, error) {
	return r.do(ctx, by, UserLeft{})
}
