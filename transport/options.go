package transport

import (
	"log/slog"
	"net/http"
	"runtime"
	"time"
)

// Options of the transports. The zero value, or nil, is ready to use. They are
// read when a handler is made.
type Options struct {
	// Heartbeat is how long a stream may be silent before it shows that it
	// lives, and how often the host's rules are asked again. 0 = 15 s.
	Heartbeat time.Duration
	// WriteTimeout is how long a reader may take nothing before it is closed.
	// One that takes something is not. 0 = 10 s.
	WriteTimeout time.Duration
	// IdleTimeout is how long a socket may send nothing, not even the answer
	// to a ping, before it is closed, and how long a client may take for one
	// message or one body, unless the http.Server has a ReadTimeout for those.
	// 0 = 3 heartbeats.
	IdleTimeout time.Duration
	// MaxWait is the longest that a call for the log waits. 0 = 60 s.
	MaxWait time.Duration

	// What is too much. All of it is shown to clients: see Limits.

	// MaxBody is the size of a request's body and of a message to a socket, in
	// bytes. 0 = 64 KiB.
	MaxBody int
	// MaxRooms is how many rooms one stream or socket may read. 0 = 256.
	MaxRooms int
	// ConnectionsPerUser and Connections bound the open streams and sockets of
	// one user and of all, calls that wait for the log among them, and the
	// tickets that are not used yet. 0 = 256 and 50,000.
	ConnectionsPerUser int
	Connections        int
	// CommandRate is how many commands a second one user may give in the long
	// run, CommandBurst how many at once. 0 = 100 and 1,000.
	CommandRate  float64
	CommandBurst int
	// SignalRate is how many signals a second, typing among them, one user may give
	// in the long run, SignalBurst how many at once. They count as commands too.
	// 0 = 20 and 100.
	SignalRate  float64
	SignalBurst int
	// GuestRate is how many guests a second one address may make in the long
	// run, GuestBurst how many at once. The addresses of an IPv6 network of 64
	// bits count as one. 0 = 10 and 500.
	GuestRate  float64
	GuestBurst int
	// ReplayRate is how many bytes a second of stored events one user may read
	// over all their streams and sockets in the long run, before those are live,
	// ReplayBurst how many at once. Who has used them up waits. What comes once
	// a reader is live is not counted. 0 = 32 MiB and 256 MiB.
	ReplayRate  int
	ReplayBurst int
	// ReplayPages is how many pages of at most 256 events and about 1 MiB are
	// read for replays at the same time, over all users. 0 = half the
	// processors.
	ReplayPages int
	// NoLimits lifts the bounds on rates, connections and replays, for load
	// tests.
	NoLimits bool
	// Address tells the address that a guest comes from, with or without a port.
	// Behind a proxy it must be taken from a header that the proxy sets, or all
	// guests are counted as one. nil = the RemoteAddr of the request.
	Address func(*http.Request) string

	// Origins are the foreign origins, such as "https://app.example.com", whose
	// pages may use the chat with the user's cookie. The host's own needs no
	// mention. They are compared exactly.
	Origins []string
	// NoJoinCreates refuses to join a room that does not exist. By default the
	// first join creates it.
	NoJoinCreates bool
	// Guest, if set, is served at POST /guest. It is not asked who a user is
	// unless its Auth is what the handlers were made with.
	Guest *Guest

	Logger *slog.Logger     // nil = discard
	Now    func() time.Time // nil = time.Now; tells when a grant has expired

	meter   *meter   // what several handlers count together
	tickets *tickets // of all of them
	replays *replays // of all of them
}

// Shared returns a copy of the options whose limits are counted together by
// all handlers made with it. o may be nil.
func Shared(o *Options) *Options {
	c := o.withDefaults()
	return &c
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	setDefault(&c.Heartbeat, 15*time.Second)
	setDefault(&c.WriteTimeout, 10*time.Second)
	setDefault(&c.IdleTimeout, 3*c.Heartbeat)
	setDefault(&c.MaxWait, time.Minute)
	setDefault(&c.MaxBody, 64<<10)
	setDefault(&c.MaxRooms, 256)
	setDefault(&c.ConnectionsPerUser, 256)
	setDefault(&c.Connections, 50_000)
	setDefault(&c.CommandRate, 100)
	setDefault(&c.CommandBurst, 1000)
	setDefault(&c.SignalRate, 20)
	setDefault(&c.SignalBurst, 100)
	setDefault(&c.GuestRate, 10)
	setDefault(&c.GuestBurst, 500)
	setDefault(&c.ReplayRate, 32<<20)
	setDefault(&c.ReplayBurst, 256<<20)
	setDefault(&c.ReplayPages, max(1, runtime.GOMAXPROCS(0)/2))
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.meter == nil {
		c.meter, c.tickets, c.replays = newMeter(&c), newTickets(&c), newReplays(&c)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
