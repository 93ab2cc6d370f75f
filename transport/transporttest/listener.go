package transporttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// listener is a reader of a site. It keeps the cursor that a client keeps, and
// checks what holds of every reader at any time.
type listener struct {
	*site
	reader Reader
	line   net.Conn
	hello  Frame
	cursor string // what a client has to resume after

	last  chat.ID // of the newest event
	live  bool    // it was said, and no reset since
	late  bool    // it was said, whatever has come since: signals may come
	ended bool
	gone  map[string]bool   // rooms that have ended
	told  map[string]uint64 // of which version of a room's presence the reader was told last
	pings time.Time         // when the first came of those that nothing else came after
}

// ask returns what a user asks to read.
func ask(user, after string, rooms ...string) Query {
	return Query{Credentials: user, Rooms: rooms, After: after}
}

// open opens a reader of a room, which must not be refused, and reads its hello.
func (s *site) open(after string, rooms ...string) *listener {
	s.Helper()
	return s.openWith(dialer{}, ask(ann, after, rooms...))
}

func (s *site) openWith(d dialer, q Query) *listener {
	s.Helper()
	l, err := s.try(d, q)
	if err != nil {
		s.Fatalf("reading %v after %.40q as %s: %v", q.Rooms, q.After, q.Credentials, err)
	}
	if f := l.nextFor(string(Hello)); f.Kind != Hello {
		s.Fatalf("reading %v after %.40q as %s begins with %v", q.Rooms, q.After, q.Credentials, f)
	}
	return l
}

// try opens a reader, or returns why it is not opened.
func (s *site) try(d dialer, q Query) (*listener, error) {
	l := &listener{site: s, cursor: q.After, gone: map[string]bool{}, told: map[string]uint64{}}
	q.Dial = func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		conn, err = d.dial(ctx, network, address)
		l.line = conn
		return conn, err
	}
	if len(q.Rooms) == 0 {
		q.Rooms = []string{room}
	}
	ctx, cancel := s.within()
	defer cancel()
	var err error
	if l.reader, err = s.server.Open(ctx, q); err != nil {
		return nil, err
	}
	s.Cleanup(func() { _ = l.reader.Close() })
	return l, nil
}

// outcome opens a reader and returns how that went: the code of the refusal, the
// reason of an end that comes at once, or, with the reader, nothing.
func (s *site) outcome(q Query) (*listener, string) {
	s.Helper()
	l, err := s.try(dialer{}, q)
	if err != nil {
		return nil, s.problem(err).Code
	}
	if f := l.next(); f.Kind == End {
		_ = l.reader.Close()
		return nil, f.Reason
	} else if f.Kind != Hello {
		s.Fatalf("a reader begins with %v", f)
	}
	return l, ""
}

// refusal returns how a reader is refused.
func (s *site) refusal(q Query) transport.Problem {
	s.Helper()
	_, err := s.try(dialer{}, q)
	if err == nil {
		s.Fatalf("reading %v as %q is not refused", q.Rooms, q.Credentials)
	}
	return s.problem(err)
}

// problem returns the problem that an error of Open is.
func (s *site) problem(err error) transport.Problem {
	s.Helper()
	var p *transport.Problem
	var e *chat.Error
	if !errors.As(err, &p) && !errors.As(err, &e) {
		s.Fatalf("a reader was not opened, and not refused: %v", err)
	}
	return *transport.ProblemOf(err)
}

// read returns the next frame. It fails if the frame is one that cannot be next
// on any reader.
func (l *listener) read() (Frame, error) {
	ctx, cancel := l.within()
	defer cancel()
	f, err := l.reader.Next(ctx)
	if err != nil {
		return f, err
	}
	if err := l.check(&f); err != nil {
		return f, fmt.Errorf("%w: %v", errContract, err)
	}
	if f.Cursor != "" {
		l.cursor = f.Cursor
	}
	switch {
	case f.Kind != Ping:
		l.pings = time.Time{}
	case l.pings.IsZero():
		l.pings = time.Now()
	case time.Since(l.pings) > l.patience():
		return f, errors.New("nothing but pings comes")
	}
	return f, nil
}

// errContract says that a frame was one that may not be.
var errContract = errors.New("the contract is broken")

// check tells what is wrong with a frame that comes next.
func (l *listener) check(f *Frame) error {
	switch {
	case l.ended:
		return fmt.Errorf("%v comes after the end", f)
	case l.hello.Kind == "" && f.Kind != Hello && f.Kind != End:
		return fmt.Errorf("%v comes before hello", f)
	case f.Kind == Hello && l.hello.Kind != "":
		return fmt.Errorf("%v comes again", f)
	case f.Kind == Live && l.live:
		return fmt.Errorf("%v comes again", f)
	}
	switch f.Kind {
	case Hello:
		l.hello = *f
	case Reset:
		l.live = false
	case Live:
		l.live, l.late = true, true
	case End:
		l.ended = f.Room == ""
		l.gone[f.Room] = true
	case Signal:
		return l.checkSignal(f)
	case Event:
		return l.checkEvent(f)
	case Ping:
	default:
		return fmt.Errorf("%v is of no kind there is", f)
	}
	return nil
}

func (l *listener) checkEvent(f *Frame) error {
	var e struct {
		ID   chat.ID
		Room string
	}
	if err := json.Unmarshal(f.JSON, &e); err != nil {
		return fmt.Errorf("event %.200q is not JSON: %w", f.JSON, err)
	}
	switch {
	case f.Cursor != e.ID.String():
		return fmt.Errorf("the cursor of the event %s is %q", e.ID, f.Cursor)
	case e.ID.Compare(l.last) <= 0:
		return fmt.Errorf("event %s comes after %s", e.ID, l.last)
	case l.gone[e.Room]:
		return fmt.Errorf("event %s comes after the end of its room", e.ID)
	}
	l.last = e.ID
	return nil
}

// next returns the next frame but for pings and signals.
func (l *listener) next() Frame {
	l.Helper()
	return l.nextFor("a frame")
}

// nextFor is next for a caller that waits for something.
func (l *listener) nextFor(what string) Frame {
	l.Helper()
	for {
		f, err := l.read()
		if err != nil {
			l.Fatalf("waiting for %s: %v", what, err)
		}
		if f.Kind != Ping && f.Kind != Signal {
			return f
		}
	}
}

// want returns the next frame, which must be of the kind.
func (l *listener) want(kind Kind) Frame {
	l.Helper()
	f := l.nextFor(string(kind))
	if f.Kind != kind {
		l.Fatalf("%s comes instead of %s: %v", f.Kind, kind, f)
	}
	return f
}

// wantEvents fails the test unless the next frames are these events, byte for
// byte.
func (l *listener) wantEvents(events ...chat.Event) {
	l.Helper()
	for i, e := range events {
		if f := l.want(Event); string(f.JSON) != string(e.JSON()) {
			l.Fatalf("event %d of %d is\n%.300s\nand not\n%.300s", i+1, len(events), f.JSON, e.JSON())
		}
	}
}

// wantEnd fails the test unless the reader ends now, with the reason.
func (l *listener) wantEnd(reason string) {
	l.Helper()
	if f := l.want(End); f.Reason != reason {
		l.Fatalf("the end is %v, and not %s", f, reason)
	}
	l.wantSilence()
}

// wantSilence fails the test if anything comes of a room that has ended. What
// was stored by now would come before the second ping, if not the end of all.
func (l *listener) wantSilence() {
	l.Helper()
	for pings := 0; pings < 2; pings++ {
		f, err := l.read()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			l.Fatalf("the reader has ended, and then comes: %v", err)
		case f.Kind != Ping:
			l.Fatalf("the reader has ended, and then comes %v", f)
		}
	}
}
