package transporttest

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// beat is the heartbeat of tests that wait for one.
const beat = 40 * time.Millisecond

// denied are the rooms that May refuses, and with what.
type denied struct {
	now atomic.Pointer[map[string]error]
}

func (d *denied) set(rooms map[string]error) { d.now.Store(&rooms) }

func (d *denied) may(_ transport.Action, room string) error {
	if rooms := d.now.Load(); rooms != nil {
		return (*rooms)[room]
	}
	return nil
}

func unauthenticated(t testing.TB, tr *Transport) {
	asked := false
	s := serve(t, tr, setting{grant: func(g *transport.Grant) {
		g.May = func(transport.Action, string) error {
			asked = true
			return nil
		}
	}})
	s.post(room, "one")
	there := s.refusal(ask("", "", room))
	if there.Code != transport.ErrUnauthenticated.Code {
		t.Errorf("without credentials the refusal is %v", &there)
	}
	for _, q := range []Query{ask("", "", missing), ask("", "no cursor", room), {Rooms: []string{room}, Store: "another"}} {
		if p := s.refusal(q); p != there {
			t.Errorf("without credentials the refusal of %v after %q is %v, not %v", q.Rooms, q.After, &p, &there)
		}
	}
	if asked {
		t.Error("May was asked about who has no credentials")
	}

	panics := serve(t, tr, setting{auth: func(*http.Request) (transport.Grant, error) { panic("in a host's Auth, as a test") }})
	panics.post(room, "one")
	if p := panics.refusal(ask(ann, "", room)); p.Code != chat.ErrInternal.Code {
		t.Errorf("where the Auth panics the refusal is %v", &p)
	}
}

func missingRoom(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	s.post(room, "one")
	for _, name := range []string{missing, "not/a/room", "two words", "a\"b", "é", "..", strings.Repeat("x", 129)} {
		for _, after := range []string{"", "earliest", "rubbish"} {
			if p := s.refusal(ask(ann, after, name)); p.Code != chat.ErrRoomNotFound.Code {
				t.Errorf("room %.20q after %q is refused with %v", name, after, &p)
			}
		}
	}
}

func hiddenRoom(t testing.TB, tr *Transport) {
	var d denied
	grant := func(g *transport.Grant) { g.May = d.may }
	hides, empty := serve(t, tr, setting{grant: grant}), serve(t, tr, setting{})
	hides.post(room, "one")
	hides.post("secret", "two")
	d.set(map[string]error{"secret": chat.ErrRoomNotFound})
	for _, after := range []string{"", "earliest", "rubbish"} {
		hidden, absent := hides.refusal(ask(ann, after, "secret")), empty.refusal(ask(ann, after, "secret"))
		if hidden != absent {
			t.Errorf("a hidden room is %v, and one that is not there %v", &hidden, &absent)
		}
	}
	d.set(map[string]error{"secret": errors.New("members only")})
	if p := hides.refusal(ask(ann, "", "secret")); p.Code != chat.ErrForbidden.Code {
		t.Errorf("a room that May forbids is refused with %v", &p)
	}
	hides.open("", room).want(Live) // and the other one is open
}

func refused(t testing.TB, tr *Transport) {
	var d denied
	s := serve(t, tr, setting{
		options: transport.Options{Heartbeat: beat},
		grant:   func(g *transport.Grant) { g.May = d.may },
	})
	first := s.post(room, "one")[0]
	silent, busy := s.open(""), s.open(first.ID.String())
	silent.want(Live)
	busy.want(Live)
	s.post(room, "two") // silent is woken by it, and by nothing else that is meant for it
	silent.want(Event)
	d.set(map[string]error{room: errors.New("banned")})
	silent.wantForbidden()
	d.set(nil)

	// The next event comes as soon as the last has: there is never a silence.
	busy.want(Event)
	d.set(map[string]error{room: errors.New("banned")})
	for until := time.Now().Add(s.patience()); ; {
		s.post(room, "more")
		f := busy.next()
		if f.Kind == End {
			busy.isForbidden(f)
			break
		}
		if f.Kind != Event || time.Now().After(until) {
			t.Fatalf("instead of the end comes %v", f)
		}
	}
	s.post(room, "not for you")
	busy.wantSilence()
}

// wantForbidden fails the test unless the room ends for the reader.
func (l *listener) wantForbidden() {
	l.Helper()
	l.isForbidden(l.want(End))
	l.post(room, "not for you")
	l.wantSilence()
}

func (l *listener) isForbidden(f Frame) {
	l.Helper()
	if f.Reason != "forbidden" || f.Room != "" && f.Room != room {
		l.Fatalf("the end is %v, and not forbidden", f)
	}
}

func expiry(t testing.TB, tr *Transport) {
	// The grant ends, and nothing else happens.
	silent := serve(t, tr, setting{
		options: transport.Options{Heartbeat: time.Hour},
		grant:   func(g *transport.Grant) { g.Expires = time.Now().Add(500 * time.Millisecond) },
	})
	silent.post(room, "one")
	l := silent.open("")
	l.want(Live)
	l.wantEnd("expired")

	// The grant has ended, and something is stored.
	var late atomic.Bool
	began := time.Now()
	s := serve(t, tr, setting{
		options: transport.Options{Heartbeat: time.Hour, Now: func() time.Time {
			if late.Load() {
				return began.Add(3 * time.Hour)
			}
			return began
		}},
		grant: func(g *transport.Grant) { g.Expires = began.Add(2 * time.Hour) },
	})
	s.post(room, "one")
	l = s.open("")
	l.want(Live)
	late.Store(true)
	s.post(room, "not for you")
	l.wantEnd("expired")
}
