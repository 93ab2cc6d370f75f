package transporttest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// keep is how many events a room keeps where the tests are about that.
const keep = 5

func expiredCursor(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{chat: chat.Options{Keep: keep}})
	other := s.post("other", "one")
	first := s.post(room, "first")[0]
	s.numbered(room, 6*keep, " of many")
	s.eventually("the room has lost its oldest events", func() bool {
		return s.kept() == keep
	})
	kept, floor := s.log(room, chat.Start), s.info(room).Floor
	for _, after := range []string{first.ID.String(), strings.ToLower(first.ID.String()), other[0].ID.String(), none} {
		s.wantBeginning(beginning{after: after, verdict: transport.Reset, reason: "expired"})
	}
	l := s.wantBeginning(beginning{after: floor.String(), verdict: transport.Resumed, missed: kept})
	s.wantBeginning(beginning{after: "earliest", verdict: transport.Resumed, missed: kept})
	l.wantEvents(s.post(room, "next")...) // which pushes another one out, at some time
	if tr.OneRoom != "" {
		return
	}

	// Each room has its verdict, and what is reset begins where the replay of
	// the others ends.
	other = append(other, s.post("other", "two")...)
	several := s.open(first.ID.String(), room, "other")
	if v := several.hello.Verdict; v != transport.Reset {
		t.Errorf("of a room that is reset and one that is not the verdict is %s", v)
	}
	several.wantVerdicts(map[string]transport.Verdict{room: transport.Reset, "other": transport.Resumed})
	if f := several.want(Reset); f.Room != room || f.Reason != "expired" {
		t.Errorf("the reset of one of two rooms is %v", f)
	}
	several.wantEvents(other[1:]...)
	several.want(Live)
	several.wantEvents(slices.Concat(s.post(room, "three"), s.post("other", "three"))...)
}

func overtaken(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{
		chat:    chat.Options{Keep: keep, TailBytes: 1, MaxText: bigText},
		options: transport.Options{WriteTimeout: time.Hour},
	})
	s.post(room, "first")
	l := s.openWith(dialer{buffer: steadyBuffer}, ask(ann, "earliest"))
	l.want(Event)
	l.want(Live)
	s.numbered(room, bigEvents, strings.Repeat("x", bigText-8)) // more than any buffer takes while nothing is read
	s.eventually("the room has lost what the reader has not read", func() bool {
		return s.kept() == keep
	})
	var got int
	for f := l.nextFor("a reset"); f.Kind != Reset; f = l.nextFor("a reset") {
		if f.Kind != Event {
			t.Fatalf("on the way to the reset comes %v", f)
		}
		got++
	}
	if got >= bigEvents {
		t.Errorf("the reader was told of a reset, and has missed nothing")
	}
	// It goes on from where the chat is now. What was kept may come or not.
	next := s.post(room, "next")[0]
	for f := l.next(); f.Cursor != next.ID.String(); f = l.next() {
		if f.Kind != Live {
			t.Fatalf("after the reset comes %v", f)
		}
	}
	s.must(s.chat.Room(room).Signal(context.Background(), author, own, json.RawMessage(`1`))) // and signals go on too
	l.wantSignal(own)
}

// kept returns how many events the room has in one page of its log.
func (s *site) kept() int {
	s.Helper()
	page, err := s.chat.Room(room).Log(context.Background(), "", chat.Start, 1000)
	if err != nil {
		s.Fatalf("reading the log: %v", err)
	}
	return len(page.Events)
}

// wantVerdicts fails the test unless hello gives the rooms these verdicts.
func (l *listener) wantVerdicts(want map[string]transport.Verdict) {
	l.Helper()
	got := map[string]transport.Verdict{}
	for _, s := range l.hello.Standings {
		got[s.Room] = s.Verdict
	}
	for room, v := range want {
		if got[room] != v {
			l.Errorf("the verdict of room %s is %q, not %s", room, got[room], v)
		}
	}
	if len(got) != len(want) {
		l.Errorf("the verdicts are %v", got)
	}
}
