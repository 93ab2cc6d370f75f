package client

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Phase is how a client stands to its server.
type Phase string

// The phases.
const (
	Connecting   Phase = "connecting"   // not yet connected for the first time
	Connected    Phase = "connected"    // the server has said hello
	Reconnecting Phase = "reconnecting" // the connection was lost; the client comes back
	Closed       Phase = "closed"       // by Close, or refused for good
)

// State is how a client stands to its server.
type State struct {
	Phase     Phase
	Transport Transport // WebSocket or Streams, while connected
	Reason    error     // why it is not connected: see Code; nil if it is, or has not tried yet
	Next      time.Time // while reconnecting: the next attempt; zero during one
}

// Code says in a word why the client is not connected: the code of a *Problem, if
// Reason is one, such as "unauthenticated"; that of a *Lost; or "closed" after Close.
// It is empty where there is no Reason.
func (s State) Code() string {
	var l *Lost
	var p *Problem
	switch {
	case s.Reason == nil:
		return ""
	case errors.As(s.Reason, &l): // first: it may be because of a problem
		return l.Code()
	case errors.As(s.Reason, &p):
		return p.Code
	case errors.Is(s.Reason, ErrClosed):
		return "closed"
	}
	return "lost"
}

// State returns how the client stands to its server.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// States yields the state, and then each that is new. One who is slow gets the
// newest, and none of those between. It ends with ctx, or behind Closed.
func (c *Client) States(ctx context.Context) iter.Seq[State] {
	return func(yield func(State) bool) {
		for {
			c.mu.Lock()
			s, changed := c.state, c.changed
			c.mu.Unlock()
			if !yield(s) || s.Phase == Closed {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}

// setState tells a new state. The caller holds mu.
func (c *Client) setState(s State) {
	c.state = s
	close(c.changed)
	c.changed = make(chan struct{})
}
