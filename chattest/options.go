package chattest

import (
	"context"
	"net/http"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/transport"
)

// Options say how a server differs from the usual one. The zero value, or nil, is ready
// to use.
type Options struct {
	// Chat is what the chat is opened with. Its Now is the Clock.
	Chat chat.Options
	// Transport is what it is mounted with. Its Now is the Clock. Its limits are those
	// of a server in earnest; NoLimits lifts them.
	Transport transport.Options
	// Client is what the clients of users are made with. Their Token is that of the
	// user. MinDelay and MaxDelay: 0 = 1 ms and 20 ms, so that they come back at once.
	Client client.Options

	// Handler returns what serves the paths outside of /api. It is called for each chat
	// that is opened: the first one, and those after Kill and Restart. nil = nothing is there.
	Handler func(*chat.Chat) http.Handler
	// Run is what runs beside the chat, such as an observer. It is called in a
	// goroutine of its own for each chat that is opened, and must return when ctx
	// ends. An error fails the test, unless ctx has ended. nil = none.
	Run func(ctx context.Context, c *chat.Chat) error

	// Auth tells who makes a request, and Token returns what a user shows to it, as
	// "Authorization: Bearer". Both or none are set. nil = signed tokens.
	Auth  transport.Auth
	Token func(u chat.User, expires time.Time) string
	// TokenTTL is how long a token of a user is good, by the Clock. 0 = without end.
	TokenTTL time.Duration

	Start    time.Time     // when the Clock begins; zero = 2026-01-01 12:00 UTC
	Patience time.Duration // how long to wait for what must come; 0 = 10 s
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Handler == nil {
		c.Handler = func(*chat.Chat) http.Handler { return http.NotFoundHandler() }
	}
	if c.Client.MinDelay == 0 {
		c.Client.MinDelay = time.Millisecond
	}
	if c.Client.MaxDelay == 0 {
		c.Client.MaxDelay = max(c.Client.MinDelay, 20*time.Millisecond)
	}
	if c.Start.IsZero() {
		c.Start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	return c
}
