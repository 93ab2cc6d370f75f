package client

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// socketFailures is how many attempts at a socket in a row may come to nothing before
// streams are tried; socketAgain is when, over streams, a socket is tried again.
const (
	socketFailures = 3
	socketAgain    = 5 * time.Minute
)

// run keeps the client connected until it is closed or refused for good.
func (c *Client) run() {
	defer c.outbox.close()
	wait := c.newBackoff()
	choice := chooser{want: c.options.Transport}
	var refused refusals
	for {
		l, token, err := c.connect(&choice)
		if err == nil {
			refused = refusals{}
			begun := time.Now()
			end := l.wait()
			c.down()
			if err = end; time.Since(begun) > c.options.MinDelay {
				wait.succeed()
			}
		}
		if c.ctx.Err() != nil {
			c.mu.Lock()
			c.setState(State{Phase: Closed, Reason: ErrClosed})
			c.mu.Unlock()
			return
		}
		var end *Lost
		var p *Problem
		advised, now := time.Duration(0), false
		switch {
		case isUnauthenticated(err):
			if refused.final(token) || !c.creds.drop(c.ctx, token) {
				c.fail(err)
				return
			}
			now = true
		case c.isFinal(err):
			c.fail(err)
			return
		case errors.As(err, &p):
			advised = time.Duration(p.RetryAfter) * time.Second
		case errors.As(err, &end):
			advised = end.advised
			if end.expired { // once; if the next does not last, it waits
				now = c.creds.drop(c.ctx, token) && wait.tries == 0
			}
		}
		delay := wait.next(advised)
		if now {
			delay = 0
		}
		c.mu.Lock()
		c.setState(State{Phase: Reconnecting, Reason: err, Next: time.Now().Add(delay)})
		c.mu.Unlock()
		c.options.Logger.Info("chat client: not connected", "reason", err, "again", delay)
		_ = c.pause(c.ctx, delay)
	}
}

// connect makes one attempt, by a socket or by streams. The token is what was shown.
func (c *Client) connect(choice *chooser) (link, string, error) {
	token, err := c.creds.current(c.ctx)
	if err != nil {
		return nil, "", err
	}
	if choice.socket() {
		l, err := c.openSocket(token)
		if err == nil {
			choice.failed = 0
			return l, token, nil
		}
		if !choice.fall(err) || c.ctx.Err() != nil {
			return nil, token, err
		}
		c.options.Logger.Info("chat client: no socket can be opened, streams are tried", "reason", err)
	}
	l, err := c.openStreams(token)
	if err != nil {
		choice.fallen = time.Time{}
		return nil, token, err
	}
	return l, token, nil
}

// chooser chooses between a socket and streams.
type chooser struct {
	want   Transport
	failed int       // attempts at a socket in a row
	fallen time.Time // when streams were chosen; zero if they were not
}

func (c *chooser) socket() bool {
	switch c.want {
	case WebSocket:
		return true
	case Streams:
		return false
	}
	return c.fallen.IsZero() || time.Since(c.fallen) > socketAgain
}

// fall reports whether streams are to be tried after a socket could not be opened:
// at once where the answer was that of one who knows no sockets, and otherwise when
// it has happened again and again.
func (c *chooser) fall(err error) bool {
	if c.want == WebSocket {
		return false
	}
	c.failed++
	var p *Problem
	var l *Lost
	strange := errors.As(err, &l) && l.refused
	if errors.As(err, &p) && p.Status != http.StatusUnauthorized {
		strange = !p.passes() || p.Status == http.StatusNotImplemented
	}
	if !strange && c.failed < socketFailures || isUnauthenticated(err) {
		return false
	}
	c.failed, c.fallen = 0, time.Now()
	return true
}

// deadline is the context of one attempt to connect.
func (c *Client) deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(c.ctx, c.options.ConnectTimeout, errLate)
}
