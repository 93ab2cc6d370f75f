package protocol_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// scene is a server in the state that a row of a table begins with.
type scene struct {
	*server
	names map[string]string // what stands between ‹ and ›

	header http.Header // of the one who asks
	later  func()      // what happens once a socket is open; nil is nothing
}

// given is a state that a row can name: how the server is made, and what has
// happened to it before the request.
type given struct {
	setup func(*setup)
	begin func(*scene)
}

// states are those of the column "given", by their words there.
var states = map[string]given{
	"":             {},
	"Bob asks":     {begin: func(s *scene) { s.as(bob) }},
	"nobody asks":  {begin: func(s *scene) { s.header.Del("Authorization") }},
	"Ann's cookie": {begin: func(s *scene) { s.cookie() }},
	"her token has expired": {begin: func(s *scene) {
		s.header.Set("Authorization", "Bearer "+s.guest.Token(ann, time.Now().Add(-time.Hour)))
	}},
	"her credentials end soon": {setup: func(u *setup) {
		u.auth = func(g transport.Grant, err error) (transport.Grant, error) {
			g.Expires = time.Now().Add(100 * time.Millisecond)
			return g, err
		}
	}},
	"the host forbids it": {setup: func(u *setup) {
		u.may = func(transport.Action, string) error { return errors.New("not today") }
	}},
	"the host hides the room": {setup: func(u *setup) {
		u.may = func(transport.Action, string) error { return chat.ErrRoomNotFound }
	}},
	"the host will forbid it": func() given {
		var forbid atomic.Bool
		return given{setup: func(u *setup) {
			forbid.Store(false)
			u.transport.Heartbeat, u.transport.IdleTimeout = 20*time.Millisecond, patience
			u.may = func(transport.Action, string) error {
				if forbid.Load() {
					return chat.ErrForbidden
				}
				return nil
			}
		}, begin: func(s *scene) { s.later = func() { forbid.Store(true) } }}
	}(),
	"the host's hook panics": {setup: func(u *setup) {
		u.auth = func(transport.Grant, error) (transport.Grant, error) { panic("a bug of the host's") }
	}},
	"a join creates no room": {setup: func(u *setup) { u.transport.NoJoinCreates = true }},
	"two messages are kept":  {setup: func(u *setup) { u.chat.Keep = 2 }, begin: expire},
	"the commands are used up": {
		setup: func(u *setup) { u.transport.CommandBurst, u.transport.CommandRate = 1, 1 },
		begin: func(s *scene) { s.do(s.request(ann, "POST", "/rooms/general/join", "")) },
	},
	"the signals are used up": {
		setup: func(u *setup) { u.transport.SignalBurst, u.transport.SignalRate = 1, 1 },
		begin: func(s *scene) { s.do(s.request(ann, "POST", "/rooms/general/typing", "")) },
	},
	"the guests are used up": {
		setup: func(u *setup) { u.transport.GuestBurst, u.transport.GuestRate = 1, 1 },
		begin: func(s *scene) { s.do(s.request(ann, "POST", "/guest", `{"name":"Ann"}`)) },
	},
	"one room a socket":               {setup: func(u *setup) { u.transport.MaxRooms = 1 }},
	"one connection, and it is taken": {setup: func(u *setup) { u.transport.ConnectionsPerUser = 1 }, begin: connect},
	"streams cannot flush": {setup: func(u *setup) {
		u.wrap = func(h http.Handler) http.Handler { return http.TimeoutHandler(h, patience, "") }
	}},
	"the disk is full": {begin: func(s *scene) { fillDisk(s.t, s.path) }},
	"the disk fails":   {begin: func(s *scene) { failDisk(s.t, s.path) }},
	"a commit has failed": {begin: func(s *scene) {
		failDisk(s.t, s.path)
		if _, err := s.chat.Room("general").Post(s.t.Context(), ann, "lost"); err == nil {
			s.t.Fatal("a commit to a disk that fails has not failed")
		}
	}},
	"Bob is a member of the club": {begin: addBob},
	"Bob is a member of the club and asks": {begin: func(s *scene) {
		addBob(s)
		s.as(bob)
	}},
	"Bob is a member of the club, asks and will be removed": {begin: func(s *scene) {
		addBob(s)
		s.as(bob)
		s.later = func() { s.must("club", ann, chat.UserLeft{Member: bob}) }
	}},
	"Bob is banned and asks": {begin: func(s *scene) {
		s.byHost("general", chat.UserBanned{Member: bob})
		s.as(bob)
	}},
	"Bob is muted and asks": {begin: func(s *scene) {
		s.byHost("general", chat.UserMuted{Member: bob})
		s.as(bob)
	}},
	"Bob has posted in slow mode and asks": {begin: func(s *scene) {
		s.byHost("general", chat.RoomChanged{SlowMode: new(60)})
		s.must("general", bob, chat.MessagePosted{Text: "First."})
		s.as(bob)
	}},
	"the club is archived": {begin: func(s *scene) { s.must("club", ann, chat.RoomArchived{}) }},
	"the club is deleted":  {begin: func(s *scene) { s.must("club", ann, chat.RoomDeleted{}) }},
	"the host moderates": {setup: func(u *setup) {
		u.chat.BeforeAppend = func(_ context.Context, p chat.Proposed) (chat.Fact, error) {
			if f, ok := p.Fact.(chat.MessagePosted); ok && f.Text == "Hi." {
				return nil, chat.Reject("spam", "say more")
			}
			return p.Fact, nil
		}
	}},
	"the server drains":     {begin: func(s *scene) { s.chat.Drain() }},
	"the server will drain": {begin: func(s *scene) { s.later = s.chat.Drain }},
	"the chat is closed": {begin: func(s *scene) {
		if err := s.chat.Close(); err != nil {
			s.t.Fatal(err)
		}
	}},
	"she does not read for a second": {setup: func(u *setup) { u.transport.WriteTimeout = 200 * time.Millisecond }, begin: frozen},
}

// set makes the state of those words, and counts it as used.
func set(t *testing.T, words string, used map[string]bool) *scene {
	t.Helper()
	g, ok := states[words]
	if !ok {
		t.Fatalf("nothing is known of the state %q", words)
	}
	used[words] = true
	var u setup
	if g.setup != nil {
		g.setup(&u)
	}
	s := &scene{server: serveSetup(t, u), header: make(http.Header)}
	s.header.Set("Authorization", "Bearer "+s.token(ann))
	s.begin()
	if g.begin != nil {
		g.begin(s)
	}
	return s
}

// as lets somebody else than Ann ask.
func (s *scene) as(by chat.User) { s.header.Set("Authorization", "Bearer "+s.token(by)) }

// must carries out a command.
func (s *scene) must(room string, by chat.User, fact chat.Fact) {
	s.t.Helper()
	s.carryOut(room, chat.Command{User: by, Fact: fact})
}

// byHost carries out a command in the host's own voice.
func (s *scene) byHost(room string, fact chat.Fact) {
	s.t.Helper()
	s.carryOut(room, chat.Command{User: ann, Host: true, Fact: fact})
}

func (s *scene) carryOut(room string, cmd chat.Command) {
	s.t.Helper()
	if _, err := s.chat.Room(room).Do(s.t.Context(), cmd); err != nil {
		s.t.Fatal(err)
	}
}

// addBob makes Bob a member of the club.
func addBob(s *scene) { s.must("club", ann, chat.UserJoined{Member: bob}) }

// begin is what every state begins with: a room with a message under a key, and
// one that was deleted, and a private one.
func (s *scene) begin() {
	s.t.Helper()
	room := s.chat.Room("general")
	_, err := room.Join(s.t.Context(), ann)
	message, err2 := room.Do(s.t.Context(), chat.Command{User: ann, Key: "k", Fact: chat.MessagePosted{Text: "One."}})
	deleted, err3 := room.Post(s.t.Context(), ann, "Two.")
	if err := errors.Join(err, err2, err3); err != nil {
		s.t.Fatal(err)
	}
	if _, err := room.Delete(s.t.Context(), ann, deleted.ID); err != nil {
		s.t.Fatal(err)
	}
	s.must("club", ann, chat.RoomCreated{RoomKind: chat.Private})
	s.names = map[string]string{"message": message.Event.ID.String(), "deleted": deleted.ID.String(), "store": s.chat.StoreID()}
}

// cookie gives the one who asks Ann's cookie instead of her token.
func (s *scene) cookie() {
	s.header.Del("Authorization")
	s.header.Set("Cookie", "chat_guest="+s.token(ann))
}

// expire posts more, and waits until retention has taken the message.
func expire(s *scene) {
	s.t.Helper()
	room := s.chat.Room("general")
	for range 20 {
		if _, err := room.Post(s.t.Context(), ann, "More."); err != nil {
			s.t.Fatal(err)
		}
	}
	for end := time.Now().Add(patience); time.Now().Before(end); runtime.Gosched() {
		if info, err := room.Info(s.t.Context(), ""); err == nil && info.Floor.String() > s.names["message"] {
			return
		}
	}
	s.t.Fatal("retention takes nothing")
}

// connect opens a stream of Ann's that stays.
func connect(s *scene) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	resp, err := http.DefaultTransport.RoundTrip(s.request(ann, "GET", "/rooms/general/events", "").WithContext(ctx))
	if err == nil {
		s.t.Cleanup(func() { resp.Body.Close() })
		_, err = resp.Body.Read(make([]byte, 1))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// frozen fills the room, so that a page of it is more than a connection holds.
func frozen(s *scene) {
	s.t.Helper()
	text := fill(s.t, "‹3900×x›", nil)
	for range 200 {
		if _, err := s.chat.Room("general").Post(s.t.Context(), ann, text); err != nil {
			s.t.Fatal(err)
		}
	}
	s.later = func() { time.Sleep(time.Second) } // what she does, not what the test waits for
}
