package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Client is a connection to a chat server that is kept up. Its methods may be called
// concurrently.
type Client struct {
	options Options
	caller  *caller
	creds   *credentials
	slots   chan struct{} // has room for the commands that wait
	outbox  *outbox
	own     *http.Transport

	ctx    context.Context // ends with the client; its cause is why
	cancel context.CancelCauseFunc
	work   sync.WaitGroup // of all goroutines

	mu      sync.Mutex
	state   State
	changed chan struct{} // closed at the next state
	link    link          // nil while there is none
	store   string        // of the newest hello
	user    User          // of the newest hello
	limit   int           // bytes of a message to the server; 0 is none
	feeds   map[string]*feed
	list    *roomList
}

// link is one connection, until it ends. None of its methods but send and renew waits
// for the network.
type link interface {
	// open begins to feed a subscription, and feeds it until close or the link's end.
	open(*subscription)
	close(*subscription)
	// watch and unwatch begin and end what the room list is told.
	watch()
	unwatch()
	// send carries out a command once.
	send(ctx context.Context, cmd *command, answer any) error
	// renew shows another token of the same user, in place.
	renew(ctx context.Context, token string) error
	// wait returns why the link has ended, once it has.
	wait() *Lost
	// end ends it.
	end(error)
}

// Dial connects to the server whose API is at the URL, such as
// "https://example.com/api". It returns when the server has said hello. Until then
// it tries again, as it does later; ctx ends that, with the error of the last attempt
// joined in. A refusal is returned at once, as a *Problem.
func Dial(ctx context.Context, address string, o *Options) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("client: %q is not an http or https URL", address)
	}
	c := &Client{
		options: o.withDefaults(), feeds: map[string]*feed{}, changed: make(chan struct{}),
		state: State{Phase: Connecting},
	}
	c.list = newRoomList(c)
	hc := &http.Client{}
	if c.options.HTTPClient != nil {
		*hc = *c.options.HTTPClient
		hc.Timeout = 0
	} else {
		c.own = http.DefaultTransport.(*http.Transport).Clone()
		hc.Transport = c.own
	}
	c.caller = &caller{http: hc, base: strings.TrimSuffix(address, "/"), header: c.options.Header}
	c.creds = newCredentials(c.options.Token)
	c.slots = make(chan struct{}, c.options.Outbox)
	c.outbox = newOutbox(c)
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.work.Go(c.run)
	if c.options.Renew > 0 {
		c.work.Go(c.renewals)
	}
	err = c.connected(ctx)
	if err == nil {
		err = c.outbox.load()
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// connected waits for the first hello.
func (c *Client) connected(ctx context.Context) error {
	for {
		c.mu.Lock()
		s, changed := c.state, c.changed
		c.mu.Unlock()
		switch s.Phase {
		case Connected:
			return nil
		case Closed:
			return s.Reason
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if s.Reason != nil {
				return fmt.Errorf("client: %w; the last attempt: %w", context.Cause(ctx), s.Reason)
			}
			return context.Cause(ctx)
		}
	}
}

// Close ends the connection and everything that waits for it: with ErrClosed. It
// returns when no goroutine of the client is left. It may be called twice.
func (c *Client) Close() error {
	c.cancel(ErrClosed)
	c.work.Wait()
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
	return nil
}

// User returns who the client is to the server.
func (c *Client) User() User {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user
}

// Store returns the id of the server's store. Cursors are of one.
func (c *Client) Store() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.store
}

// Room returns the room with that id, which need not be there.
func (c *Client) Room(id string) *Room { return &Room{c: c, id: id} }

// Renew gets a new token and goes on with it, on the socket in place. Streams are not
// ended: they use it from the next one on.
func (c *Client) Renew(ctx context.Context) error {
	old, err := c.creds.current(ctx)
	if err != nil {
		return err
	}
	c.creds.drop(ctx, old)
	token, err := c.creds.current(ctx)
	if err != nil {
		return err
	}
	l, err := c.online(ctx)
	if err != nil {
		return err
	}
	return l.renew(ctx, token)
}

// renewals renews the token in time.
func (c *Client) renewals() {
	for c.pause(c.ctx, c.options.Renew) == nil {
		if err := c.Renew(c.ctx); err != nil && c.ctx.Err() == nil {
			c.options.Logger.Warn("chat client: the token was not renewed", "error", err)
		}
	}
}

// online waits for a link.
func (c *Client) online(ctx context.Context) (link, error) {
	for {
		c.mu.Lock()
		l, changed := c.link, c.changed
		c.mu.Unlock()
		if c.ctx.Err() != nil {
			return nil, context.Cause(c.ctx)
		}
		if l != nil {
			return l, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-c.ctx.Done():
		}
	}
}

// hello is the first that a server says.
type hello struct {
	Store     string `json:"store"`
	User      User   `json:"user"`
	Heartbeat int64  `json:"heartbeat_ms"`
	Limits    struct {
		Message int `json:"message"`
		Body    int `json:"body"`
	} `json:"limits"`
}

// patience is how long the server may be silent.
func (h *hello) patience() time.Duration {
	if h.Heartbeat <= 0 {
		h.Heartbeat = 15_000
	}
	return time.Duration(h.Heartbeat) * time.Millisecond * 5 / 2
}

// up begins to use a link.
func (c *Client) up(l link, as Transport, h *hello) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link, c.store, c.user = l, h.Store, h.User
	c.limit = h.Limits.Message
	if as == Streams {
		c.limit = h.Limits.Body
	}
	for _, f := range c.feeds {
		f.open()
	}
	c.list.open()
	c.setState(State{Phase: Connected, Transport: as})
}

// down ends the use of a link.
func (c *Client) down() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = nil
	for _, f := range c.feeds {
		f.forget()
	}
}

// fail ends the client: it was refused for good.
func (c *Client) fail(err error) {
	c.cancel(fmt.Errorf("%w: %w", ErrClosed, err))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setState(State{Phase: Closed, Reason: err})
}

// isFinal reports whether there is no use in trying to connect again.
func (c *Client) isFinal(err error) bool {
	var p *Problem
	var l *Lost
	first := c.Store() == "" // a proxy may say anything for a while, but at first it is a wrong address
	switch {
	case errors.As(err, &p):
		return !p.passes() && (!strings.HasPrefix(p.Code, "http_") || first)
	case errors.As(err, &l):
		return l.final || l.refused && first
	}
	return true
}
