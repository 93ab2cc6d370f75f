package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// Room is a room of the server's. It is a value to be had at no cost.
type Room struct {
	c  *Client
	id string
}

// ID returns the id of the room.
func (r *Room) ID() string { return r.id }

// SendOption adds to what is sent.
type SendOption func(fields map[string]any)

// ReplyTo makes a message an answer to one of the room.
func ReplyTo(message ID) SendOption {
	return func(fields map[string]any) { put(fields, "reply_to", string(message)) }
}

// InThread puts a message into the thread of one of the room.
func InThread(message ID) SendOption {
	return func(fields map[string]any) { put(fields, "thread", string(message)) }
}

// Mention says to which users, by id, the text speaks. In an edit it takes the place
// of the mentions that the message has, also with none.
func Mention(users ...string) SendOption {
	return func(fields map[string]any) { fields["mentions"] = append([]string{}, users...) }
}

// Attach adds attachments, a JSON array of objects.
func Attach(attachments json.RawMessage) SendOption {
	return func(fields map[string]any) { fields["attachments"] = attachments }
}

// OfKind tells clients how to show a message: "image", "file" or the host's own.
func OfKind(kind string) SendOption {
	return func(fields map[string]any) { put(fields, "kind", kind) }
}

// Meta adds JSON of the host's.
func Meta(meta json.RawMessage) SendOption {
	return func(fields map[string]any) { fields["meta"] = meta }
}

// Key gives the command a key that was made before, as NewKey does: so it is the same
// command over restarts of the program, for 7 days.
func Key(key string) SendOption {
	return func(fields map[string]any) { put(fields, "key", key) }
}

// Post sends a message and returns its event once it is stored: exactly one, however
// often it has to be sent. One who posts from one goroutine keeps the order. Send does
// not wait.
func (r *Room) Post(ctx context.Context, text string, more ...SendOption) (Event, error) {
	key, body := compose(text, more)
	return r.c.event(ctx, r.posting(key, body))
}

// posting is the command that posts a message.
func (r *Room) posting(key string, body map[string]any) *command {
	return r.writing("post", http.MethodPost, path("rooms", r.id, "messages"), key, body)
}

// Reply is Post with ReplyTo.
func (r *Room) Reply(ctx context.Context, to ID, text string, more ...SendOption) (Event, error) {
	return r.Post(ctx, text, append([]SendOption{ReplyTo(to)}, more...)...)
}

// Edit gives a message another text. It returns the zero Event if it has that text
// already; so do the other commands where nothing was to change.
func (r *Room) Edit(ctx context.Context, message ID, text string, more ...SendOption) (Event, error) {
	key, body := compose(text, more)
	cmd := r.writing("edit", http.MethodPatch, path("rooms", r.id, "messages", string(message)), key, body)
	put(cmd.fields, "message", string(message))
	return r.c.event(ctx, cmd)
}

// compose returns the body of what is written, and its key.
func compose(text string, more []SendOption) (key string, body map[string]any) {
	body = map[string]any{"text": text}
	for _, add := range more {
		add(body)
	}
	if key, _ = body["key"].(string); key == "" {
		key = NewKey()
	}
	delete(body, "key") // it is a header
	return key, body
}

// writing is a command with a body and a key.
func (r *Room) writing(op, method, path, key string, body map[string]any) *command {
	cmd := r.command(op, method, path, key)
	for name, value := range body {
		cmd.fields[name] = value
	}
	cmd.body = body
	return cmd
}

// command returns a command in the room.
func (r *Room) command(op, method, path, key string) *command {
	return &command{op: op, room: r.id, fields: map[string]any{"room": r.id, "key": key}, method: method, path: path, key: key}
}

// on carries out a command on a message.
func (r *Room) on(ctx context.Context, op, method string, message ID, emoji string) (Event, error) {
	p := path("rooms", r.id, "messages", string(message))
	if emoji != "" || op != "delete" {
		p += path("reactions", emoji)
	}
	cmd := r.command(op, method, p, NewKey())
	cmd.fields["message"] = message
	put(cmd.fields, "emoji", emoji)
	return r.c.event(ctx, cmd)
}

// Delete deletes a message, and erases it.
func (r *Room) Delete(ctx context.Context, message ID) (Event, error) {
	return r.on(ctx, "delete", http.MethodDelete, message, "")
}

// React adds a reaction to a message.
func (r *Room) React(ctx context.Context, message ID, emoji string) (Event, error) {
	return r.on(ctx, "react", http.MethodPut, message, emoji)
}

// Unreact takes a reaction back.
func (r *Room) Unreact(ctx context.Context, message ID, emoji string) (Event, error) {
	return r.on(ctx, "unreact", http.MethodDelete, message, emoji)
}

// Join makes one a member of the room, and makes a public room where there is none
// and the host lets it. It returns who is in.
func (r *Room) Join(ctx context.Context) ([]Member, error) {
	cmd := r.command("join", http.MethodPost, path("rooms", r.id, "join"), NewKey())
	var d done
	err := r.c.do(ctx, cmd, &d)
	return d.Users, err
}

// Leave ends the membership.
func (r *Room) Leave(ctx context.Context) (Event, error) {
	return r.c.event(ctx, r.command("leave", http.MethodPost, path("rooms", r.id, "leave"), NewKey()))
}

// MarkRead moves one's marker in the room forward, up to an event or to the present
// with Latest, and returns how things stand then.
func (r *Room) MarkRead(ctx context.Context, upTo Cursor) (ReadState, error) {
	_, id, ok := upTo.parse()
	word := id.cursor()
	if !ok {
		word = string(upTo) // the server says what is wrong with it
	}
	cmd := &command{
		op: "read", fields: map[string]any{"room": r.id, "up_to": word},
		method: http.MethodPut, path: path("rooms", r.id, "read"), body: map[string]any{"up_to": word},
	}
	var s ReadState
	return s, r.c.do(ctx, cmd, &s)
}

// Typing tells the others that one is typing: for six seconds, or until one posts.
// It is said once, and ErrOffline while there is no connection.
func (r *Room) Typing(ctx context.Context) error {
	return r.c.now(ctx, &command{
		op: "typing", fields: map[string]any{"room": r.id},
		method: http.MethodPost, path: path("rooms", r.id, "typing"),
	})
}

// Signal tells those who are in the room something of the host's own. Its kind begins
// with "x.", and its data are an object of at most 1 KiB, or null: it is over. It is
// said once, and ErrOffline while there is no connection.
func (r *Room) Signal(ctx context.Context, kind string, data json.RawMessage) error {
	return r.c.now(ctx, &command{
		op: "signal", fields: map[string]any{"room": r.id, "kind": kind, "data": data},
		method: http.MethodPost, path: path("rooms", r.id, "signals"), body: map[string]any{"kind": kind, "data": data},
	})
}

// SetStatus sets what others see of one: "online", "away", "busy" or "offline", with
// a text of at most 140 code points or none.
func (c *Client) SetStatus(ctx context.Context, status, text string) error {
	fields := map[string]any{"status": status}
	put(fields, "text", text)
	return c.do(ctx, &command{op: "status", fields: fields, method: http.MethodPut, path: "/me/status", body: fields}, nil)
}
