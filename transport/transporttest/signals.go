package transporttest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// told is what the data of a signal may say.
type told struct {
	// Of presence.
	Version, From uint64
	Count         int
	// Of presence and typing.
	Users []chat.Present
	// Of read.
	UpTo   *chat.ID `json:"up_to"`
	Unread int
	// Of the host's own.
	User chat.User
	Data json.RawMessage
}

// ids are the users that are told of, each with the status if there is one.
func (d *told) ids() string {
	var ids []string
	for _, u := range d.Users {
		id := u.ID
		if u.Status != "" {
			id += " " + string(u.Status)
		}
		ids = append(ids, id)
	}
	return strings.Join(ids, ", ")
}

// checkSignal tells what is wrong with a signal that comes next.
func (l *listener) checkSignal(f *Frame) error {
	var d told
	if err := json.Unmarshal(f.JSON, &d); err != nil {
		return fmt.Errorf("the data of %v, %.200q: %w", f, f.JSON, err)
	}
	known := l.told[f.Room]
	switch {
	case !l.late:
		return fmt.Errorf("%v comes before live", f)
	case f.Cursor != "":
		return fmt.Errorf("%v has a cursor", f)
	case l.gone[f.Room]:
		return fmt.Errorf("%v comes after the end of its room", f)
	case f.Name == chat.SignalPresence && d.From != 0 && d.From != known:
		return fmt.Errorf("%v is a change from version %d, and what was told is version %d", f, d.From, known)
	case f.Name == chat.SignalPresence:
		l.told[f.Room] = d.Version
	case f.Name != chat.SignalRead && known == 0:
		return fmt.Errorf("%v comes before it is told who is there", f)
	}
	return nil
}

// wantSignal returns the next signal of the name. Pings and other signals are
// passed over, and nothing else.
func (l *listener) wantSignal(name string) told {
	l.Helper()
	for {
		f, err := l.read()
		switch {
		case err != nil:
			l.Fatalf("waiting for the signal %s: %v", name, err)
		case f.Kind == Ping || f.Kind == Signal && f.Name != name:
		case f.Kind == Signal:
			var d told
			_ = json.Unmarshal(f.JSON, &d) // it has been checked
			return d
		default:
			l.Fatalf("instead of the signal %s comes %v", name, f)
		}
	}
}

// wantTold fails the test unless the next signals of the name come to tell of
// these users, within the time. What comes before may be older.
func (l *listener) wantTold(name, ids string, within time.Duration) {
	l.Helper()
	began := time.Now()
	for {
		d := l.wantSignal(name)
		if time.Since(began) > within {
			l.Fatalf("that %s tells of %q took longer than %s", name, ids, within)
		}
		if d.ids() == ids {
			return
		}
	}
}

// readStored is read but for signals.
func (l *listener) readStored() (Frame, error) {
	for {
		if f, err := l.read(); err != nil || f.Kind != Signal {
			return f, err
		}
	}
}

// must fails the test if something that a user tells is refused.
func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("telling a signal: %v", err)
	}
}

// own is the kind of the host's own signals in the suite.
const own = "x.own"

func signals(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	ctx, r := context.Background(), s.chat.Room(room)
	old := s.post(room, "one", "two", "three")
	_, err := r.MarkRead(ctx, ann, old[0].ID)
	s.must(err)
	s.openWith(dialer{}, ask("bob", "")).want(Live)
	var l *listener
	for _, b := range []beginning{
		{after: "", verdict: transport.Fresh},
		{after: old[1].ID.String(), verdict: transport.Resumed, missed: old[2:]},
		{after: "rubbish", verdict: transport.Reset, reason: "invalid"},
	} {
		s.must(r.Typing(ctx, author))
		s.must(r.Signal(ctx, author, own, json.RawMessage(`1`)))
		l = s.wantBeginning(b)
		if d := l.wantSignal(chat.SignalRead); d.UpTo == nil || *d.UpTo != old[0].ID || d.Unread != 2 {
			t.Errorf("after %q the marker is %v with %d unread, not %s with 2", b.after, d.UpTo, d.Unread, old[0].ID)
		}
		if d := l.wantSignal(chat.SignalPresence); d.From != 0 || d.Count != 2 || d.ids() != "ann online, bob online" {
			t.Errorf("after %q it is first told, from version %d, that %d are there: %s", b.after, d.From, d.Count, d.ids())
		}
		if d := l.wantSignal(chat.SignalTyping); d.ids() != author.ID {
			t.Errorf("after %q those who are typing are %q", b.after, d.ids())
		}
		if d := l.wantSignal(own); d.User != author || string(d.Data) != "1" {
			t.Errorf("after %q the host's own is %s of %v", b.after, d.Data, d.User)
		}
	}

	// Then what changes.
	s.openWith(dialer{}, ask("late", "")).want(Live)
	l.wantTold(chat.SignalPresence, "late online", s.patience())
	s.post(room, "four") // who posts is no longer typing
	l.wantEvents(s.log(room, old[2].ID)...)
	l.wantTold(chat.SignalTyping, "", s.patience())
	s.must(r.Signal(ctx, author, own, json.RawMessage(`null`)))
	if d := l.wantSignal(own); string(d.Data) != "null" {
		t.Errorf("the end of the host's own is %s", d.Data)
	}
	_, err = r.MarkRead(ctx, ann, old[2].ID)
	s.must(err)
	if d := l.wantSignal(chat.SignalRead); *d.UpTo != old[2].ID || d.Unread != 1 {
		t.Errorf("then the marker is %s with %d unread", d.UpTo, d.Unread)
	}
}

func signalsMoveNoCursor(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	ctx, r := context.Background(), s.chat.Room(room)
	cursor := s.post(room, "one")[0].ID
	for i := range 5 {
		l := s.open(cursor.String())
		l.wantEvents(s.log(room, cursor)...)
		l.want(Live)
		s.must(r.Signal(ctx, author, own, json.RawMessage(`"before"`)))
		for string(l.wantSignal(own).Data) != `"before"` {
		}
		last := s.post(room, fmt.Sprint("two ", i))
		l.wantEvents(last...)
		s.must(r.Signal(ctx, author, own, json.RawMessage(`"behind"`)))
		l.wantSignal(own)
		if l.cursor != last[0].ID.String() {
			t.Errorf("after a signal the cursor is %s, not %s", l.cursor, last[0].ID)
		}
		_ = l.line.Close()
		s.post(room, "meanwhile")
		s.must(r.Signal(ctx, author, own, json.RawMessage(`"meanwhile"`)))
		cursor = last[0].ID
	}
}
