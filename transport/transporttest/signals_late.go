package transporttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// What is so while a reader takes nothing: so many users each tell so many values,
// and so many others come. No more of it may come later than a few of each.
const (
	talkers = 50
	values  = 1000
	mostOld = 3
)

func signalsOfTheLate(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{chat: chat.Options{MaxText: bigText}, options: transport.Options{WriteTimeout: time.Hour}})
	ctx, r := context.Background(), s.chat.Room(room)
	s.post(room, "first")
	l := s.openWith(dialer{buffer: smallBuffer}, ask(ann, "latest"))
	l.want(Live)
	s.numbered(room, bigEvents, strings.Repeat("x", bigText-8)) // more than any buffer takes: from now on it can be told nothing
	user := func(i int) chat.User { return chat.User{ID: fmt.Sprint("u", i), Name: "User"} }
	statuses := []chat.Status{chat.Away, chat.Busy, chat.Offline, chat.Online}
	for v := range values {
		for i := range talkers {
			s.must(r.Signal(ctx, user(i), own, json.RawMessage(fmt.Sprint(v+1))))
		}
		s.must(r.Typing(ctx, user(v%talkers)))
		_, err := s.chat.SetStatus(ann, statuses[v%len(statuses)], "")
		s.must(err)
	}
	last := s.post(room, "the last")[0] // which says when all has come that was made before

	came := map[string]int{}     // signals, by name and user
	newest := map[string]told{}  // of each
	missing := map[string]bool{} // the host's own that have not come in their last value
	for i := range talkers {
		missing[own+" "+user(i).ID] = true
	}
	for l.last != last.ID || len(missing) > 0 {
		f, err := l.read()
		if err != nil {
			t.Fatalf("of %d signals of the host's own %d have not come: %v", talkers, len(missing), err)
		}
		if f.Kind != Signal {
			continue
		}
		var d told
		_ = json.Unmarshal(f.JSON, &d) // it has been checked
		key := strings.TrimSpace(f.Name + " " + d.User.ID)
		came[key]++
		newest[key] = d
		if string(d.Data) == fmt.Sprint(values) {
			delete(missing, key)
		}
	}
	for key, n := range came {
		if n > mostOld {
			t.Errorf("of all that was %s while the reader took nothing it is told %d times", key, n)
		}
	}
}

func signalsOfTheRemoved(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{options: transport.Options{Heartbeat: time.Minute}})
	ctx := context.Background()
	for i := range 8 {
		name := fmt.Sprint("removed", i)
		r := s.chat.Room(name)
		s.do(name, chat.RoomCreated{RoomKind: chat.Private, Members: []chat.User{reads}})
		l := s.open("", name)
		l.want(Live)
		stop, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- burst(ctx, r, stop)
		}()
		l.wantSignal(own)
		removed := s.do(name, chat.UserLeft{Member: reads})
		s.must(r.Signal(ctx, author, "x.not.for.you", json.RawMessage(`1`)))
		s.must(r.Typing(ctx, author))
		for {
			f, err := l.read()
			if err != nil {
				t.Fatalf("waiting for the end: %v", err)
			}
			if f.Kind == Signal && (f.Name == "x.not.for.you" || l.last == removed.ID) {
				t.Fatalf("of a room that was taken away comes %v", f)
			}
			if f.Kind == End {
				break
			}
		}
		// More of it, and what is stored behind it.
		s.must(r.Signal(ctx, author, "x.not.for.you", json.RawMessage(`2`)))
		s.post(name, "not for you")
		s.wantNothing(l)
		close(stop)
		s.must(<-done)
		_ = l.reader.Close()
	}
}

// burst tells signals of several users as fast as it can.
func burst(ctx context.Context, r *chat.Room, stop <-chan struct{}) error {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := r.Signal(ctx, author, own, json.RawMessage(fmt.Sprint(i))); err != nil {
			return err
		}
		if i%100 == 0 {
			if err := r.Typing(ctx, author); err != nil {
				return err
			}
		}
	}
}

// wantNothing fails the test if anything but a ping comes of a reader whose only
// room has ended, within a time that would suffice for much.
func (s *site) wantNothing(l *listener) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	for {
		f, err := l.reader.Next(ctx)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil:
			return
		case err != nil:
			s.Fatalf("the room has ended, and then comes: %v", err)
		case f.Kind != Ping:
			s.Fatalf("the room has ended, and then comes %v", f)
		}
	}
}

// soon is less than any signal lasts that is not ended: 6 seconds.
const soon = 3 * time.Second

func departure(t testing.TB, tr *Transport) {
	ctx := context.Background()
	gone := map[string]func(*listener){
		"closed": func(l *listener) { _ = l.reader.Close() },
		"cut":    func(l *listener) { _ = l.line.Close() },
	}
	// Within a long grace time.
	s := serve(t, tr, setting{chat: chat.Options{PresenceGrace: time.Hour}})
	s.post(room, "one")
	r := s.chat.Room(room)
	bob := s.openWith(dialer{}, ask("bob", ""))
	bob.want(Live)
	for how, leave := range gone {
		who := chat.User{ID: how, Name: how}
		l, other := s.openWith(dialer{}, ask(how, "")), s.openWith(dialer{}, ask(how, ""))
		l.want(Live)
		other.want(Live)
		s.must(r.Typing(ctx, who))
		s.must(r.Signal(ctx, who, own, json.RawMessage(`1`)))
		bob.wantTold(chat.SignalTyping, how, s.patience())
		leave(l)
		leave(other)
		bob.wantTold(chat.SignalTyping, "", soon)
		if p, err := r.Presence(ctx, ""); err != nil || !strings.Contains((&told{Users: p.Users}).ids(), how+" online") {
			t.Errorf("%s, within the grace time there are %v, %v", how, p.Users, err)
		}
	}

	// Within none to speak of.
	s = serve(t, tr, setting{chat: chat.Options{PresenceGrace: time.Millisecond}})
	s.post(room, "one")
	r = s.chat.Room(room)
	bob = s.openWith(dialer{}, ask("bob", ""))
	bob.want(Live)
	bob.wantTold(chat.SignalPresence, "bob online", s.patience())
	for how, leave := range gone {
		l := s.openWith(dialer{}, ask(how, ""))
		l.want(Live)
		bob.wantTold(chat.SignalPresence, how+" online", s.patience())
		leave(l)
		bob.wantTold(chat.SignalPresence, how+" offline", s.patience())
	}
	_ = bob.reader.Close()
	s.eventually("nobody is there any more", func() bool {
		p, err := r.Presence(ctx, "")
		return err == nil && p.Count == 0
	})
}
