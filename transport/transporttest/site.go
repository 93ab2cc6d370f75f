package transporttest

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// The rooms and the users of the suite. Whatever stands behind "Bearer " is the
// id of a user.
const (
	room    = "general"
	missing = "nothing" // no room
	ann     = "ann"
)

var author = chat.User{ID: "author", Name: "Author"}

// setting says how a site differs from the usual one.
type setting struct {
	chat    chat.Options
	options transport.Options
	auth    transport.Auth         // nil = whoever has credentials
	grant   func(*transport.Grant) // changes what the usual Auth says; nil = nothing
}

// site is a chat in a file of its own, served by the transport that is tested.
type site struct {
	testing.TB
	tr      *Transport
	setting setting
	path    string
	chat    *chat.Chat
	server  Server
}

// serve serves a chat until the test ends.
func serve(t testing.TB, tr *Transport, set setting) *site {
	t.Helper()
	s := &site{TB: t, tr: tr, setting: set, path: filepath.Join(t.TempDir(), "chat.db")}
	s.start()
	return s
}

// start opens the file and serves it.
func (s *site) start() {
	s.Helper()
	c, err := chat.Open(s.path, &s.setting.chat)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		if err := c.Close(); err != nil {
			s.Errorf("closing the chat: %v", err)
		}
	})
	s.chat = c
	auth := s.setting.auth
	if auth == nil {
		auth = s.authenticate
	}
	o := s.setting.options
	o.IdleTimeout = time.Hour // readers that are not asked for the next frame answer no ping
	s.server = s.tr.Serve(s.TB, c, auth, &o)
}

// authenticate lets in whoever has credentials.
func (s *site) authenticate(r *http.Request) (transport.Grant, error) {
	name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || name == "" {
		return transport.Grant{}, transport.Errorf(transport.ErrUnauthenticated, "no credentials")
	}
	g := transport.Grant{User: chat.User{ID: name, Name: name}}
	if s.setting.grant != nil {
		s.setting.grant(&g)
	}
	return g, nil
}

func (s *site) patience() time.Duration {
	if s.tr.patience > 0 {
		return s.tr.patience
	}
	return 10 * time.Second
}

// within returns a context for one thing that must come.
func (s *site) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), s.patience())
}

// eventually fails the test unless the condition comes true.
func (s *site) eventually(what string, condition func() bool) {
	s.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(s.patience()); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			s.Fatalf("%s: it did not come true", what)
		}
	}
}

// post stores messages in a room and returns their events.
func (s *site) post(room string, texts ...string) []chat.Event {
	s.Helper()
	var events []chat.Event
	for _, text := range texts {
		e, err := s.chat.Room(room).Post(context.Background(), author, text)
		if err != nil {
			s.Fatalf("posting: %v", err)
		}
		events = append(events, e)
	}
	return events
}

// numbered stores n messages in a room, by many writers at once so that it does
// not take long.
func (s *site) numbered(room string, n int, text string) {
	s.Helper()
	var (
		next   atomic.Int64
		failed atomic.Pointer[error]
		all    sync.WaitGroup
	)
	for range 16 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, err := s.chat.Room(room).Post(context.Background(), author, fmt.Sprint(i, text)); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		s.Fatalf("posting: %v", *err)
	}
}

// log returns what is stored of a room behind a cursor.
func (s *site) log(room string, after chat.ID) []chat.Event {
	s.Helper()
	var events []chat.Event
	for e, err := range s.chat.Room(room).Replay(context.Background(), after) {
		if err != nil {
			s.Fatalf("reading the log: %v", err)
		}
		events = append(events, e)
	}
	return events
}

// info returns where a room stands.
func (s *site) info(room string) chat.RoomInfo {
	s.Helper()
	info, err := s.chat.Room(room).Info(context.Background(), "")
	if err != nil {
		s.Fatalf("asking about the room: %v", err)
	}
	return info
}

// texts are the events as their JSON.
func texts(events []chat.Event) []string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = string(e.JSON())
	}
	return all
}
