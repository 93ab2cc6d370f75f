package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// NewRoom describes a room to be made. What is empty is left to the server.
type NewRoom struct {
	ID       string          `json:"id,omitempty"`   // empty: the server makes one that cannot be guessed
	Kind     string          `json:"kind,omitempty"` // "public", "private" or "direct"
	Title    string          `json:"title,omitempty"`
	Topic    string          `json:"topic,omitempty"`
	SlowMode int             `json:"slow_mode_s,omitempty"`
	History  string          `json:"history,omitempty"` // "joined": members see what comes from their join on
	Receipts bool            `json:"receipts,omitempty"`
	Meta     json.RawMessage `json:"meta,omitempty"`
	Members  []string        `json:"members,omitempty"` // ids, beside oneself
}

// Create makes a room, and one its owner. The event's Room is its id. A room is made
// once, however often it has to be asked for.
func (c *Client) Create(ctx context.Context, room NewRoom) (Event, error) {
	fields, err := fieldsOf(room)
	if err != nil {
		return Event{}, err
	}
	cmd := &command{op: "create", fields: map[string]any{}, method: http.MethodPost, path: "/rooms", body: fields, key: NewKey()}
	for name, value := range fields {
		cmd.fields[name] = value
	}
	delete(cmd.fields, "id") // which is the request's on a socket
	put(cmd.fields, "room", room.ID)
	put(cmd.fields, "key", cmd.key)
	return c.event(ctx, cmd)
}

// Change is what is to change of a room. What is nil or empty stays.
type Change struct {
	Kind     string          `json:"kind,omitempty"`
	Title    *string         `json:"title,omitempty"`
	Topic    *string         `json:"topic,omitempty"`
	SlowMode *int            `json:"slow_mode_s,omitempty"`
	History  string          `json:"history,omitempty"`
	Receipts *bool           `json:"receipts,omitempty"`
	Meta     json.RawMessage `json:"meta,omitempty"` // null takes it away
	Archived *bool           `json:"archived,omitempty"`
}

// Change changes the room.
func (r *Room) Change(ctx context.Context, change Change) (Event, error) {
	fields, err := fieldsOf(change)
	if err != nil {
		return Event{}, err
	}
	cmd := r.command("change", http.MethodPatch, path("rooms", r.id), NewKey())
	for name, value := range fields {
		cmd.fields[name] = value
	}
	cmd.body = fields
	return r.c.event(ctx, cmd)
}

// DeleteRoom deletes the room and erases everything in it.
func (r *Room) DeleteRoom(ctx context.Context) (Event, error) {
	return r.c.event(ctx, r.command("delete_room", http.MethodDelete, path("rooms", r.id), NewKey()))
}

func fieldsOf(v any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	fields := make(map[string]any, len(raw))
	for name, value := range raw {
		fields[name] = value
	}
	return fields, nil
}
