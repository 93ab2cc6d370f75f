package client

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Transport is how a client speaks to the server.
type Transport string

// The transports.
const (
	Auto      Transport = ""          // a socket; where none can be opened, streams
	WebSocket Transport = "websocket" // one socket for everything but queries
	Streams   Transport = "streams"   // server-sent events, and a call for each command
)

// Options of a client. The zero value, or nil, is ready to use.
type Options struct {
	// Token returns what the client shows: it is sent as "Authorization: Bearer".
	// It is asked before the first attempt, and again whenever the server has
	// refused the token or it has expired. An error of it is as a lost connection:
	// it is asked again later. A token that is refused as soon as it was got is the
	// end. nil sends none.
	Token func(context.Context) (string, error)
	// Renew is how long after a token was got the next one is, so that the socket
	// goes on with it in place. 0 = not before the server asks for one.
	Renew time.Duration

	Transport Transport
	// HTTPClient makes all requests, sockets among them. Its Timeout is not used.
	// nil = one of its own.
	HTTPClient *http.Client
	// Header goes with every request.
	Header http.Header

	// MinDelay and MaxDelay bound the time before the client comes back: see the
	// package's comment. 0 = 1 s and 1 min.
	MinDelay time.Duration
	MaxDelay time.Duration
	// ConnectTimeout is how long one attempt to connect may take, up to hello.
	// 0 = 10 s.
	ConnectTimeout time.Duration
	// CallTimeout is how long one attempt of a call over HTTP may take. 0 = 30 s.
	CallTimeout time.Duration

	// Outbox is how many commands may wait for an answer at the same time, how many
	// messages may be pending in the outbox, and how many that have failed are left
	// there: the newest. 0 = 1,000.
	Outbox int
	// Storage keeps the outbox: what was not answered when the program ended is sent
	// by the next client of the same user, with the same keys. nil keeps nothing.
	Storage Storage
	Buffer  int // events that wait for one iterator; 0 = 256
	// Hidden neither shows the user as present in the rooms that are followed, nor
	// gets signals.
	Hidden bool

	Logger *slog.Logger // nil = discard
}

// Bounds of memory.
const (
	bufferBytes = 1 << 20  // of events that wait for one iterator
	logPage     = 100      // events on a page of the log
	maxFrame    = 64 << 20 // bytes of a message of the server's
)

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	setDefault(&c.MinDelay, time.Second)
	setDefault(&c.MaxDelay, time.Minute)
	setDefault(&c.ConnectTimeout, 10*time.Second)
	setDefault(&c.CallTimeout, 30*time.Second)
	setDefault(&c.Outbox, 1000)
	setDefault(&c.Buffer, 256)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
