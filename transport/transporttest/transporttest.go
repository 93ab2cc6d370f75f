package transporttest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// Transport is a transport to be tested.
type Transport struct {
	// Name is what the suite calls it.
	Name string
	// Serve serves c until the test ends (testing.TB.Cleanup), on a real
	// connection, with the Auth and the options as they are. The Auth looks for
	// "Bearer " and the credentials of a Query in the header Authorization.
	Serve func(t testing.TB, c *chat.Chat, auth transport.Auth, o *transport.Options) Server
	// OneRoom says why one reader cannot read several rooms in one order and
	// with one cursor. Empty if it can.
	OneRoom string

	patience time.Duration // how long what must come may take; 0 = 10 s
}

// Server is a transport that serves a chat. Its methods may be called
// concurrently.
type Server interface {
	// Open opens a reader. A refusal is a *transport.Problem, or a *chat.Error
	// with the code. Where the transport says by a frame what it does not say by
	// a refusal, such as that there are too many, the frame is the first of the
	// reader.
	Open(ctx context.Context, q Query) (Reader, error)
	// Drain tells all readers to come back elsewhere, and returns when they have
	// ended or ctx has.
	Drain(ctx context.Context) error
}

// Query says what a reader wants to read.
type Query struct {
	Credentials string   // sent as "Authorization: Bearer …"; empty sends no such header
	Rooms       []string // one, unless the transport can read several
	After       string   // the cursor; empty is none
	Store       string   // the store that the cursor is of; empty is not said
	// Dial makes the connection over which the frames come. The suite slows and
	// cuts it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Reader is an open reader. It reads from its connection in Next and nowhere
// else, so that a reader whose Next is not called takes nothing.
type Reader interface {
	// Next returns the next frame, and io.EOF after the server has ended it. The
	// context always has a deadline; when it has passed the reader need not be
	// of any more use.
	Next(ctx context.Context) (Frame, error)
	// Close ends the reader, and may be called twice.
	Close() error
}

// Kind is what a frame is.
type Kind string

// The kinds of frames.
const (
	Hello Kind = "hello" // where the reader stands
	Reset Kind = "reset" // a cursor was of no use
	Event Kind = "event" // a stored event
	Live  Kind = "live"  // the replay has caught up
	Ping  Kind = "ping"  // the server lives
	End   Kind = "end"   // a room, or the reader, ends on purpose
	// Signal is what is so just now, and is not stored. Tests that are not about
	// signals pass over them.
	Signal Kind = "signal"
)

// Frame is what a transport says, whatever its form on the wire.
type Frame struct {
	Kind Kind
	// Verdict is that of all rooms together, and Standings that of each, of a
	// Hello. Its standings have no reasons, and one that is not_found has a
	// verdict alone.
	Verdict   transport.Verdict
	Standings []transport.Standing
	// JSON is the stored event of an Event, as it came, or the data of a Signal,
	// which may hold other fields beside.
	JSON []byte
	// Name is that of a Signal: see chat.SignalPresence and those beside it. That of
	// the host's own begins with "x.".
	Name string
	// Cursor is what a client keeps to resume after, once it has this frame.
	// Empty leaves what it has. An Event always has one; a Live has one after
	// the verdicts fresh and reset; a Signal has none.
	Cursor string
	// Room is the room of a Reset, an End or a Signal; of a reader of one room it
	// may be empty. The empty room of an End is all of them.
	Room string
	// Reason is that of a Reset (expired, ahead, invalid, store) or of an End
	// (forbidden, expired, draining, too_many).
	Reason string
	// Head and Floor are those of the room of a Reset.
	Head, Floor chat.ID
}

// String is for people.
func (f Frame) String() string {
	s := string(f.Kind)
	for _, part := range []string{string(f.Verdict), f.Name, f.Room, f.Reason, f.Cursor} {
		if part != "" {
			s += " " + part
		}
	}
	return s
}

// Run checks that the transport meets its obligations, each in a subtest.
func Run(t *testing.T, tr Transport) {
	for _, o := range obligations {
		t.Run(o.name, func(t *testing.T) {
			if o.several && tr.OneRoom != "" {
				t.Skipf("%s does not read several rooms in one order: %s", tr.Name, tr.OneRoom)
			}
			t.Cleanup(func() {
				if t.Failed() { // a test may run the suite for several
					t.Logf("the transport is %s", tr.Name)
				}
			})
			if !o.alone && !o.hurried {
				t.Parallel()
			}
			o.check(t, &tr)
		})
	}
}

// obligation is one thing that a transport must do.
type obligation struct {
	name    string
	check   func(t testing.TB, tr *Transport)
	several bool // it is about readers of several rooms
	alone   bool // it counts goroutines, and so runs beside no other
	hurried bool // a server may cut readers that are slow in it: nothing beside it may slow them
}

// obligations are listed in the order of the package comment, which states them.
var obligations = []obligation{
	{name: "Unauthenticated", check: unauthenticated},
	{name: "MissingRoom", check: missingRoom},
	{name: "HiddenRoom", check: hiddenRoom},
	{name: "StartOrder", check: startOrder},
	{name: "Verdicts", check: verdicts},
	{name: "ExpiredCursor", check: expiredCursor},
	{name: "Overtaken", check: overtaken},
	{name: "LiveCursor", check: liveCursor},
	{name: "NoSeam", check: noSeam},
	{name: "SameBytes", check: sameBytes},
	{name: "LargeEvents", check: largeEvents},
	{name: "Erased", check: erased},
	{name: "SeveralRooms", check: severalRooms, several: true},
	{name: "ManyReaders", check: manyReaders},
	{name: "Heartbeat", check: heartbeat},
	{name: "Refused", check: refused},
	{name: "Removal", check: removal},
	{name: "Deletion", check: deletion},
	{name: "JoinedVisibility", check: joinedVisibility},
	{name: "Signals", check: signals},
	{name: "SignalsMoveNoCursor", check: signalsMoveNoCursor},
	{name: "SignalsOfTheLate", check: signalsOfTheLate},
	{name: "SignalsOfTheRemoved", check: signalsOfTheRemoved},
	{name: "Departure", check: departure},
	{name: "Expiry", check: expiry},
	{name: "Drain", check: drain, hurried: true},
	{name: "DrainedAnywhere", check: drainedAnywhere, hurried: true},
	{name: "SlowReader", check: slowReader},
	{name: "FrozenReader", check: frozenReader},
	{name: "TooMany", check: tooMany},
	{name: "Release", check: release, alone: true},
}
