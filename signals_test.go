package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat"
)

// inBubble runs f beside a chat, in synctest's time: it stands still while
// anything runs. The file is a real one: reading and writing it takes no time.
func inBubble(t *testing.T, o *chat.Options, f func(t *testing.T, c *chat.Chat)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c := openAt(t, path, o)
		f(t, c)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A session is an open Attendance whose signals a test reads.
type session struct {
	*chat.Attendance
	t       testing.TB
	bell    *chat.Bell
	version uint64 // of the presence that it knows
	seen    map[string]time.Time
}

// attend opens a session, and reads nothing yet.
func attend(t testing.TB, room *chat.Room, user chat.User) *session {
	bell := chat.NewBell()
	s := &session{Attendance: room.Attend(user, bell), t: t, bell: bell, seen: map[string]time.Time{}}
	t.Cleanup(s.Close)
	return s
}

// hear returns in short all that the session is told just now.
func (s *session) hear() string {
	s.t.Helper()
	var list []string
	for _, n := range s.read() {
		list = append(list, s.short(n))
	}
	return strings.Join(list, "; ")
}

// read returns all signals that the session is told just now.
func (s *session) read() (all []chat.Signal) {
	s.t.Helper()
	for {
		news, _, err := s.Poll(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if len(news) == 0 && !s.Pending() {
			return all
		}
		all = append(all, news...)
	}
}

// expect fails unless the session is told exactly this just now.
func (s *session) expect(want string) {
	s.t.Helper()
	if got := s.hear(); got != want {
		s.t.Errorf("told\n%q, want\n%q", got, want)
	}
}

// short is a signal in short.
func (s *session) short(n chat.Signal) string {
	s.t.Helper()
	if n.Room != s.Room() {
		s.t.Errorf("told of room %q in room %q", n.Room, s.Room())
	}
	switch n.Name {
	case chat.SignalPresence:
		return s.shortPresence(n)
	case chat.SignalTyping:
		var d struct{ Users []chat.User }
		s.decode(n, &d)
		names := []string{"typing"}
		for _, u := range d.Users {
			names = append(names, u.ID)
		}
		return strings.Join(names, " ")
	case chat.SignalRead:
		var d struct {
			chat.ReadState
			Receipts []chat.Receipt
		}
		s.decode(n, &d)
		if d.Receipts != nil {
			return fmt.Sprintf("receipt of %s %s", d.Receipts[0].User.Name, d.Receipts[0].UpTo)
		}
		return fmt.Sprintf("read %d/%d", d.Unread, d.Mentions)
	case chat.SignalCleared:
		return n.Name
	}
	var d struct {
		User chat.User
		Data json.RawMessage
	}
	s.decode(n, &d)
	return fmt.Sprintf("%s of %s %s", n.Name, d.User.ID, d.Data)
}

// shortPresence also checks that a change goes on from what the session knows.
func (s *session) shortPresence(n chat.Signal) string {
	s.t.Helper()
	var p chat.Presence
	s.decode(n, &p)
	if p.Version <= s.version || p.From != 0 && p.From != s.version {
		s.t.Errorf("a change from %d to %d after %d", p.From, p.Version, s.version)
	}
	s.version = p.Version
	what := "all"
	if p.From != 0 {
		what = "now"
	}
	return fmt.Sprintf("%s %d:%s", what, p.Count, s.shortUsers(p.Users))
}

func (s *session) shortUsers(users []chat.Present) string {
	var b strings.Builder
	for _, u := range users {
		fmt.Fprintf(&b, " %s %s", u.ID, u.Status)
		if u.Text != "" {
			fmt.Fprintf(&b, " (%s)", u.Text)
		}
		s.seen[u.ID] = u.LastSeen
	}
	return b.String()
}

func (s *session) decode(n chat.Signal, to any) {
	s.t.Helper()
	if err := json.Unmarshal(n.Data, to); err != nil {
		s.t.Fatalf("%s %s: %v", n.Name, n.Data, err)
	}
}

// A told is when a session was told a signal.
type told struct {
	at     time.Time
	signal chat.Signal
}

// follow reads a session as a transport does, for some time: it polls when the
// bell rings, or after as long as the last Poll has said.
func (s *session) follow(d time.Duration) (list []told) {
	s.t.Helper()
	end := time.After(d)
	for {
		news, wait, err := s.Poll(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, n := range news {
			list = append(list, told{time.Now(), n})
		}
		if len(news) > 0 || s.Pending() {
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(wait)
		}
		select {
		case <-s.bell.C:
		case <-due:
		case <-end:
			return list
		}
	}
}

// apart fails if two signals of a name came closer together than that.
func apart(t *testing.T, list []told, name string, least time.Duration) (n int) {
	t.Helper()
	var last time.Time
	for _, s := range list {
		if s.signal.Name != name {
			continue
		}
		if n++; n > 1 && s.at.Sub(last) < least {
			t.Errorf("%s told twice within %v", name, s.at.Sub(last))
		}
		last = s.at
	}
	return n
}

// A wallClock is one that somebody sets.
type wallClock struct{ off atomic.Int64 }

func (c *wallClock) now() time.Time       { return time.Now().Add(time.Duration(c.off.Load())) }
func (c *wallClock) jump(d time.Duration) { c.off.Add(int64(d)) }

// pass lets time go by, and what is due then happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func users(n int) (list []chat.User) {
	for i := range n {
		list = append(list, chat.User{ID: fmt.Sprintf("u%03d", i), Name: fmt.Sprint("User ", i)})
	}
	return list
}

// stamp is a time as signals tell it.
func stamp(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }

// Presence, typing, signals and marks write nothing to the log.
func TestSignals_areNotInTheLog(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		do(t, room, ann, chat.RoomCreated{Receipts: true})
		do(t, room, bob, chat.UserJoined{})
		last := post(t, room, ann, "Hello.")
		before := lines(logOf(t, room))

		a, b := attend(t, room, ann), attend(t, room, bob)
		if _, err := c.SetStatus("ann", chat.Busy, "at work"); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			room.Typing(t.Context(), ann),
			room.Signal(t.Context(), bob, "x.cursor", json.RawMessage(`[1,2]`)),
			room.Signal(t.Context(), bob, "x.cursor", nil),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := room.MarkRead(t.Context(), "bob", last.ID); err != nil {
			t.Fatal(err)
		}
		if a.hear() == "" || b.hear() == "" {
			t.Error("nothing was told")
		}
		a.Close()
		pass(time.Minute)
		if got := lines(logOf(t, room)); !slices.Equal(got, before) || c.Head() != last.ID {
			t.Errorf("the log is %q, want %q", got, before)
		}
	})
}

// After Close nothing rings, and no goroutine is left: synctest would say so.
func TestClose_endsAllSignals(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, ann, "Hello.")
		a, b := attend(t, room, ann), attend(t, room, bob)
		list := c.WatchRooms("ann", chat.NewBell())
		if err := room.Typing(t.Context(), bob); err != nil {
			t.Fatal(err)
		}
		if err := room.Signal(t.Context(), bob, "x.calls", json.RawMessage("true")); err != nil {
			t.Fatal(err)
		}
		a.hear()
		b.Close() // their grace time begins
		a.hear()
		_ = a.follow(2 * time.Second)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		late := attend(t, room, cat)
		if _, err := c.SetStatus("ann", chat.Away, ""); err != nil {
			t.Error(err)
		}
		for _, s := range []*session{a, late} {
			if _, _, err := s.Poll(t.Context()); err != nil && !errors.Is(err, chat.ErrShuttingDown) {
				t.Error(err)
			}
		}
		pass(time.Minute)
		if a.Pending() || late.Pending() {
			t.Error("something is pending a minute after Close")
		}
		a.Close()
		late.Close()
		list.Close()
		list.Close()
	})
}

// Of a room that is deleted nothing is told in one that is begun anew in its place:
// neither what was signalled there nor who was there.
func TestDeleteRoom_takesTheSignals(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, bob, "Hello.")
		b, gone := attend(t, room, bob), attend(t, room, cat)
		gone.Close()
		b.expect("all 2: bob online cat online")
		signal(t, room, cat, "x.draft", `"secret"`)
		if err := room.Typing(t.Context(), cat); err != nil {
			t.Fatal(err)
		}
		b.expect(`typing cat; x.draft of cat "secret"`)
		host(t, room, chat.RoomDeleted{})
		post(t, room, ann, "anew")
		pass(time.Second)
		b.expect("now 1: cat offline; typing; cleared")
		b.Close() // as they lose the room
		a := attend(t, room, ann)
		a.expect("all 1: ann online")
		signal(t, room, cat, "x.draft", "1")
		a.expect("x.draft of cat 1")
		a.Close()
		attend(t, room, bob).expect("all 2: ann online bob online; x.draft of cat 1") // ann is as one who comes back
	})
}
