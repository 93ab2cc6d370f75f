package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// command is something that changes a room: an op of a socket, and the call that is
// the same.
type command struct {
	op     string
	room   string         // of what is written in one; empty else
	fields map[string]any // of the op: room, key and what it is about
	method string
	path   string
	query  url.Values     // of the call
	body   map[string]any // of the call; nil is none
	key    string         // of both; empty is none
	ready  func() error   // asked before each attempt; nil is yes
}

// done is the answer to a command.
type done struct {
	Event    *Event `json:"event"`
	Replayed bool   `json:"replayed"`

	Users  []Member `json:"users"` // of a join
	Cursor Cursor   `json:"cursor"`
}

// request returns the call of a command.
func (cmd *command) request() (*request, error) {
	q := &request{method: cmd.method, path: cmd.path, query: cmd.query}
	if cmd.method == http.MethodPost || cmd.method == http.MethodPatch {
		q.key = cmd.key
	}
	if cmd.body != nil {
		body, err := json.Marshal(cmd.body)
		if err != nil {
			return nil, err
		}
		q.body = body
	}
	return q, nil
}

// check refuses what the server would not even read, and what would change on the
// way to it.
func (c *Client) check(cmd *command) error {
	for _, value := range cmd.fields {
		if text, ok := value.(string); ok && !utf8.ValidString(text) {
			return &Problem{Code: "invalid_utf8", Title: "The text is not valid UTF-8", Status: http.StatusBadRequest}
		}
	}
	text, err := json.Marshal(cmd.fields) // with the id and the op it is a little longer
	if err != nil {
		return err
	}
	c.mu.Lock()
	limit := c.limit
	c.mu.Unlock()
	if limit > 0 && len(text)+64 > limit {
		return &Problem{Code: "body_too_large", Title: "The body is too large", Status: http.StatusRequestEntityTooLarge}
	}
	return nil
}

// do carries out a command exactly once.
func (c *Client) do(ctx context.Context, cmd *command, answer any) error {
	if err := c.check(cmd); err != nil {
		return err
	}
	select {
	case c.slots <- struct{}{}:
	default:
		return ErrOutboxFull
	}
	defer func() { <-c.slots }()
	err := c.persist(ctx, func(ctx context.Context, _ string) error { return c.try(ctx, cmd, answer) })
	var g *givenUp
	if errors.As(err, &g) {
		return &Unanswered{Key: cmd.key, Err: g.why, Last: g.last}
	}
	return err
}

// try carries out a command once, when there is a connection.
func (c *Client) try(ctx context.Context, cmd *command, answer any) error {
	l, err := c.online(ctx)
	if err == nil && cmd.ready != nil {
		err = cmd.ready()
	}
	if err != nil {
		return err
	}
	return l.send(ctx, cmd, answer)
}

// event carries out a command and returns its event; the zero Event if there was
// nothing to change.
func (c *Client) event(ctx context.Context, cmd *command) (Event, error) {
	var d done
	store := c.Store()
	if err := c.do(ctx, cmd, &d); err != nil || d.Event == nil {
		return Event{}, err
	}
	d.Event.store = store
	return *d.Event, nil
}

// now carries out, once, what is only worth saying now.
func (c *Client) now(ctx context.Context, cmd *command) error {
	if err := c.check(cmd); err != nil {
		return err
	}
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	switch {
	case c.ctx.Err() != nil:
		return context.Cause(c.ctx)
	case l == nil:
		return ErrOffline
	}
	return l.send(ctx, cmd, nil)
}

// put sets fields that are not empty.
func put(fields map[string]any, name, value string) {
	if value != "" {
		fields[name] = value
	}
}
