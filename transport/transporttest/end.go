package transporttest

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// behindEvents large ones are more than the buffers take of a reader that does
// not read, and less than a feed gives at once.
const behindEvents = 15

func drain(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{
		chat:    chat.Options{MaxText: bigText},
		options: transport.Options{Heartbeat: time.Hour},
	})
	s.post(room, "one")
	live := []*listener{
		s.open(""), s.open("earliest"),
		s.openWith(dialer{buffer: smallBuffer}, ask(ann, "")), // and is behind when the drain comes
	}
	for _, l := range live {
		for l.next().Kind != Live {
		}
	}
	var stored []chat.Event
	for i := range behindEvents {
		stored = append(stored, s.post(room, fmt.Sprint(i, strings.Repeat("x", bigText-8)))...)
	}
	drained := make(chan error, 1)
	go func() {
		ctx, cancel := s.within()
		defer cancel()
		drained <- s.server.Drain(ctx)
	}()
	s.eventually("who comes after the drain is told so", func() bool {
		l, why := s.outcome(ask("late", ""))
		if l != nil {
			_ = l.reader.Close()
		}
		return why == "draining" || why == chat.ErrShuttingDown.Code
	})
	for _, l := range live {
		l.wantEvents(stored...)
		l.wantEnd("draining")
	}
	if err := <-drained; err != nil {
		t.Errorf("draining: %v", err)
	}
}

// drainedAnywhere drains readers that are in the midst of their replays.
func drainedAnywhere(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	s.numbered(room, 3000, " of many")
	all := texts(s.log(room, chat.Start))
	var behind []*listener
	var got [][]string
	for _, n := range []int{0, 1, 700, 2500} {
		l := s.openWith(dialer{buffer: steadyBuffer}, ask(ann, "earliest"))
		var read []string
		for len(read) < n {
			read = append(read, string(l.want(Event).JSON))
		}
		behind, got = append(behind, l), append(got, read)
	}
	drained := make(chan error, 1)
	go func() {
		ctx, cancel := s.within()
		defer cancel()
		drained <- s.server.Drain(ctx)
	}()
	for i, l := range behind {
		for {
			f, err := l.read()
			if errors.Is(err, io.EOF) && l.ended {
				break
			} else if err != nil {
				t.Fatalf("reader %d, drained: %v", i, err)
			}
			switch {
			case f.Kind == Event:
				got[i] = append(got[i], string(f.JSON))
			case f.Kind == End && f.Reason != "draining":
				t.Errorf("reader %d is drained with %v", i, f)
			}
		}
	}
	if err := <-drained; err != nil {
		t.Fatalf("draining: %v", err)
	}
	if err := s.chat.Close(); err != nil {
		t.Fatal(err)
	}
	s.start()
	all = append(all, texts(s.post(room, "after the restart"))...)
	for i, l := range behind {
		back := s.open(l.cursor)
		read, err := back.readSome(len(all))
		if err != nil {
			t.Fatalf("reader %d, back again: %v", i, err)
		}
		if err := equal(append(got[i], read...), all); err != nil {
			t.Errorf("reader %d, over a restart: %v", i, err)
		}
	}
}

func tooMany(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{options: transport.Options{ConnectionsPerUser: 2}})
	s.post(room, "one")
	in := []*listener{s.open(""), s.open("")}
	for range 3 {
		if _, why := s.outcome(ask(ann, "")); why != "too_many" && why != transport.ErrTooManyConnections.Code {
			t.Errorf("the third reader of two is told %q", why)
		}
	}
	s.openWith(dialer{}, ask("bob", "")).want(Live) // another user's are counted apart
	for _, l := range in {
		l.want(Live)
	}
	next := s.post(room, "two")
	for _, l := range in {
		l.wantEvents(next...)
	}
}

// released is how many readers end in each way in release.
const released = 10

func release(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{
		options: transport.Options{ConnectionsPerUser: 1, Heartbeat: beat},
		grant: func(g *transport.Grant) {
			if g.User.ID[0] == 'e' {
				g.Expires = time.Now().Add(100 * time.Millisecond)
			}
		},
	})
	s.post(room, "one")
	s.vacate(ann) // whatever is made with the first reader and stays
	before := runtime.NumGoroutine()
	var expiring []*listener // all at once, while the others come and go
	for i := range released {
		if l, why := s.outcome(ask(fmt.Sprint("e", i), "")); why == "" {
			expiring = append(expiring, l)
		}
	}
	for i := range released {
		closes, cut := fmt.Sprint("c", i), fmt.Sprint("l", i)
		l := s.openWith(dialer{}, ask(closes, ""))
		l.want(Live)
		if err := l.reader.Close(); err != nil {
			t.Errorf("closing a reader: %v", err)
		}
		s.vacate(closes)

		l = s.openWith(dialer{}, ask(cut, ""))
		_ = l.line.Close()
		s.vacate(cut)

		s.eventually("who asks for a missing room is told so", func() bool { // and takes no place
			_, why := s.outcome(ask(cut, "", missing))
			return why == chat.ErrRoomNotFound.Code
		})
		s.vacate(cut)
	}
	for _, l := range expiring {
		for l.next().Kind != End {
		}
		l.wantSilence()
		_ = l.reader.Close()
	}
	s.eventually(fmt.Sprintf("no more than %d goroutines are left of %d readers", before, 3*released), func() bool {
		return runtime.NumGoroutine() <= before
	})
}

// vacate fails the test unless the user's only place comes free, and leaves it
// so.
func (s *site) vacate(user string) {
	s.Helper()
	s.eventually("the place of "+user+" comes free", func() bool {
		l, why := s.outcome(ask(user, ""))
		if why == "" {
			_ = l.reader.Close()
		}
		return why == ""
	})
}
