package chattest

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// User is somebody who uses the chat. Its User is who they are to the chat.
type User struct {
	chat.User
	s *Server

	mu     sync.Mutex
	client *client.Client // nil until it is asked for
}

// User returns the user of that name: the same one each time. Their id is the name in
// lower case, with "-" for spaces.
func (s *Server) User(name string) *User {
	id := strings.ToLower(strings.Join(strings.Fields(name), "-"))
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	if !ok {
		u = &User{User: chat.User{ID: id, Name: name}, s: s}
		s.users[id] = u
	}
	return u
}

// Token returns a new token of the user, good for Options.TokenTTL.
func (u *User) Token() string {
	var expires time.Time
	if ttl := u.s.options.TokenTTL; ttl > 0 {
		expires = u.s.Clock.Now().Add(ttl)
	}
	if u.s.options.Token != nil {
		return u.s.options.Token(u.User, expires)
	}
	return u.s.guest.Token(u.User, expires)
}

// Client returns the user's client. The first call connects it, and fails the test if
// it cannot. Until the test ends it comes back whenever its connection is lost.
func (u *User) Client() *client.Client {
	u.s.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.client != nil {
		return u.client
	}
	o := u.s.options.Client
	o.Token = func(context.Context) (string, error) { return u.Token(), nil }
	ctx, cancel := u.s.within()
	defer cancel()
	c, err := client.Dial(ctx, u.s.URL+"/api", &o)
	if err != nil {
		u.s.t.Fatalf("chattest: %s cannot connect: %v", u.Name, err)
	}
	u.client = c
	return c
}

// Room returns a room as the user's client sees it.
func (u *User) Room(id string) *client.Room {
	u.s.t.Helper()
	return u.Client().Room(id)
}

// Join makes the user a member of rooms, which come into being where there are none,
// and returns the user. A refusal fails the test.
func (u *User) Join(rooms ...string) *User {
	u.s.t.Helper()
	ctx, cancel := u.s.within()
	defer cancel()
	for _, id := range rooms {
		if _, err := u.Room(id).Join(ctx); err != nil {
			u.s.t.Fatalf("chattest: %s cannot join %s: %v", u.Name, id, err)
		}
	}
	return u
}

// Post posts a message and returns its event once it is stored. A refusal fails the
// test, and so does a server that cannot be reached in time.
func (u *User) Post(room, text string) client.Event {
	u.s.t.Helper()
	ctx, cancel := u.s.within()
	defer cancel()
	e, err := u.Room(room).Post(ctx, text)
	if err != nil {
		u.s.t.Fatalf("chattest: %s cannot post %q in %s: %v", u.Name, text, room, err)
	}
	return e
}

// Record records what the user's client is sent of rooms, which must be there: all
// that they hold, and what comes, until the test ends. A cursor that is of no use
// on the way is in Recorder.Err.
func (u *User) Record(rooms ...string) *Recorder {
	u.s.t.Helper()
	c := u.Client()
	rec := u.s.newRecorder(u.Name, rooms)
	rec.state, rec.open = c.State, len(rooms)
	for _, id := range rooms {
		u.s.work.Go(func() { rec.follow(u.s.ctx, c.Room(id)) })
	}
	return rec
}

// close ends the user's client, if there is one.
func (u *User) close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.client == nil {
		return nil
	}
	return u.client.Close()
}
