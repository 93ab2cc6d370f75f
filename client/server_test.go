package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// server is a chat that is served at /api, and can be started anew.
type server struct {
	t     testing.TB
	path  string
	addr  string
	guest *transport.Guest
	chat  *chat.Chat
	api   *mount.API
	http  *http.Server
	setup setup
	over  chan struct{} // closed when the http.Server has ended
}

// setup says how a server differs from the usual one.
type setup struct {
	chat    chat.Options
	options transport.Options
	wrap    func(http.Handler) http.Handler // nil = nothing
}

// anyPort is the address of a server that has none yet.
const anyPort = "127.0.0.1:0"

// serve serves a new chat until the test ends. The room general is there.
func serve(t testing.TB, o setup) *server {
	t.Helper()
	s := &server{
		t: t, path: filepath.Join(t.TempDir(), "chat.db"), addr: anyPort, setup: o,
		guest: transport.NewGuest([]byte("a secret of the tests")),
	}
	s.start()
	t.Cleanup(s.stop)
	s.join("general", "host")
	return s
}

// start starts the server on its file, at the address that it had before.
func (s *server) start() {
	s.t.Helper()
	var err error
	if s.chat, err = chat.Open(s.path, &s.setup.chat); err != nil {
		s.t.Fatal(err)
	}
	options := s.setup.options
	options.Guest = s.guest
	options.NoLimits = options.CommandRate == 0
	s.api = mount.Handler(s.chat, s.guest.Auth, &options)
	h := s.api.Under("/api", http.NotFoundHandler())
	if s.setup.wrap != nil {
		h = s.setup.wrap(h)
	}
	s.http = &http.Server{Handler: h, ConnContext: transport.ConnContext, ReadHeaderTimeout: time.Minute}
	in, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.addr == anyPort { // from here on it stays
		s.addr = in.Addr().String()
	}
	s.over = make(chan struct{})
	go func(srv *http.Server, over chan struct{}) {
		defer close(over)
		_ = srv.Serve(in)
	}(s.http, s.over)
}

// stop drains the server and closes the chat. It may be called again.
func (s *server) stop() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	drained := s.api.Drain(ctx)
	if err := errors.Join(drained, s.http.Close(), s.chat.Close()); err != nil {
		s.t.Error(err)
	}
	<-s.over
}

func (s *server) url() string { return "http://" + s.addr + "/api" }

func (s *server) token(name string) string { return s.guest.Token(user(name), time.Time{}) }

// join makes somebody a member of a room.
func (s *server) join(room, name string) {
	s.t.Helper()
	if _, err := s.chat.Room(room).Join(s.t.Context(), user(name)); err != nil {
		s.t.Fatal(err)
	}
}

// post stores a message.
func (s *server) post(room, name, text string) chat.Event {
	s.t.Helper()
	e, err := s.chat.Room(room).Post(context.Background(), user(name), text)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// log returns the log of a room behind a cursor, as lines of JSON.
func (s *server) log(room string, after chat.ID) (lines []string) {
	s.t.Helper()
	for e, err := range s.chat.Room(room).Replay(context.Background(), after) {
		if err != nil {
			s.t.Fatal(err)
		}
		lines = append(lines, string(e.JSON()))
	}
	return lines
}
