package transporttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func heartbeat(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{options: transport.Options{Heartbeat: beat}})
	s.post(room, "one")
	l := s.open("")
	l.want(Live)
	for range 3 {
		f, err := l.readStored()
		if err != nil || f.Kind != Ping {
			t.Fatalf("where nothing is written comes %v, %v", f, err)
		}
	}
	l.wantEvents(s.post(room, "two")...)
	if f, err := l.readStored(); err != nil || f.Kind != Ping {
		t.Fatalf("where nothing more is written comes %v, %v", f, err)
	}
}

// The slow reader needs more than two write timeouts until it has all.
const (
	slowTimeout = 1500 * time.Millisecond
	slowRate    = 700 << 10 // bytes a second
	slowEvents  = 200
	slowText    = 4000 // code points, of three bytes each
)

func slowReader(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{options: transport.Options{WriteTimeout: slowTimeout}})
	s.post(room, "first")
	slow := dialer{rate: slowRate, buffer: steadyBuffer}
	live := s.openWith(slow, ask(ann, "latest"))
	live.want(Live)
	began := time.Now()
	late := live.collect(slowEvents)
	for i := range slowEvents { // one by one: a reader with a queue sees many batches
		s.post(room, fmt.Sprint(i, strings.Repeat("漢", slowText-8)))
	}
	all := texts(s.log(room, chat.Start))
	behind := s.openWith(slow, ask(ann, "earliest")).collect(len(all))
	for _, r := range []struct {
		who  string
		done <-chan collected
		want []string
	}{
		{"a live reader that is slow", late, all[1:]},
		{"a reader that is behind and slow", behind, all},
	} {
		got := <-r.done
		if got.err == nil {
			got.err = equal(got.events, r.want)
		}
		if got.err != nil {
			t.Errorf("%s: after %d of %d events: %v", r.who, len(got.events), len(r.want), got.err)
		}
	}
	if took := time.Since(began); !t.Failed() && took < 2*slowTimeout {
		t.Errorf("the readers took %s: they were not slow", took)
	}
}

// collected is what a reader has read in a goroutine of its own.
type collected struct {
	events []string
	err    error
}

// collect reads n events, while the caller does something else.
func (l *listener) collect(n int) <-chan collected {
	done := make(chan collected, 1)
	go func() {
		var c collected
		for len(c.events) < n && c.err == nil {
			var f Frame
			if f, c.err = l.read(); f.Kind == Event {
				c.events = append(c.events, string(f.JSON))
			}
		}
		done <- c
	}()
	return done
}

// frozenTimeout is the write timeout that passes where a reader takes nothing.
const frozenTimeout = 1500 * time.Millisecond

func frozenReader(t testing.TB, tr *Transport) {
	big := strings.Repeat("x", bigText-8)
	s := serve(t, tr, setting{
		chat:    chat.Options{MaxText: bigText},
		options: transport.Options{WriteTimeout: time.Hour, ConnectionsPerUser: 2},
	})
	s.post(room, "first")
	for _, after := range []string{"latest", "earliest"} {
		s.openWith(dialer{buffer: smallBuffer}, ask("frozen", after)) // never to be read from again
	}
	s.wantUndelayed(big)

	// The same with a write timeout that passes. The place of a reader is free
	// when it is closed.
	s = serve(t, tr, setting{
		chat:    chat.Options{MaxText: bigText},
		options: transport.Options{WriteTimeout: frozenTimeout, ConnectionsPerUser: 1},
	})
	s.post(room, "first")
	s.openWith(dialer{buffer: smallBuffer}, ask("frozen", "latest"))
	s.wantUndelayed(big)
	s.vacate("frozen")
}

// wantUndelayed stores more than any buffer takes, which a reader must get while
// it is stored.
func (s *site) wantUndelayed(text string) {
	s.Helper()
	l := s.open("latest")
	l.want(Live)
	reading := l.collect(bigEvents)
	s.numbered(room, bigEvents, text)
	got := <-reading
	if got.err == nil {
		got.err = equal(got.events, texts(s.log(room, chat.Start)[1:]))
	}
	if got.err != nil {
		s.Fatalf("a reader beside a frozen one: after %d of %d events: %v", len(got.events), bigEvents, got.err)
	}
}
