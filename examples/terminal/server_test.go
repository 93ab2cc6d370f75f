package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// asProgram makes the test binary the program itself.
const asProgram = "TERMINAL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// server is a chat that can be started anew, on its file and at its address.
type server struct {
	t     *testing.T
	path  string
	addr  string
	wrap  func(http.Handler) http.Handler
	guest *transport.Guest
	chat  *chat.Chat
	api   *mount.API
	http  *http.Server
	over  chan struct{}
}

// serve serves a new chat until the test ends, to programs that keep their tokens in
// a folder of the test.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) *server {
	t.Helper()
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("HOME", home)
	t.Setenv("NO_COLOR", "")
	s := &server{
		t: t, path: filepath.Join(t.TempDir(), "chat.db"), addr: "127.0.0.1:0", wrap: wrap,
		guest: transport.NewGuest([]byte("a secret of the tests")),
	}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *server) start() {
	s.t.Helper()
	var err error
	if s.chat, err = chat.Open(s.path, nil); err != nil {
		s.t.Fatal(err)
	}
	s.api = mount.Handler(s.chat, s.guest.Auth, &transport.Options{Guest: s.guest, NoLimits: true})
	h := s.api.Under("/api", http.NotFoundHandler())
	if s.wrap != nil {
		h = s.wrap(h)
	}
	in, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = in.Addr().String()
	s.http = &http.Server{Handler: h, ConnContext: transport.ConnContext, ReadHeaderTimeout: time.Minute}
	s.over = make(chan struct{})
	go func(srv *http.Server, over chan struct{}) {
		defer close(over)
		_ = srv.Serve(in)
	}(s.http, s.over)
}

func (s *server) stop() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	drained := s.api.Drain(ctx)
	if err := errors.Join(drained, s.http.Close(), s.chat.Close()); err != nil {
		s.t.Error(err)
	}
	<-s.over
}

func (s *server) url() string { return "http://" + s.addr + "/api" }

func somebody(name string) chat.User { return chat.User{ID: strings.ToLower(name), Name: name} }

// post makes somebody of the test's write; who is no member joins.
func (s *server) post(room, name, text string) {
	s.t.Helper()
	if _, err := s.chat.Room(room).Join(s.t.Context(), somebody(name)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.chat.Room(room).Post(s.t.Context(), somebody(name), text); err != nil {
		s.t.Fatal(err)
	}
}

// user returns who has come to a room under a name.
func (s *server) user(room, name string) chat.User {
	s.t.Helper()
	members, _, err := s.chat.Room(room).Members(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range members {
		if m.Name == name {
			return chat.User{ID: m.ID, Name: m.Name}
		}
	}
	s.t.Fatalf("nobody in %s is called %s", room, name)
	return chat.User{}
}

// do makes the host do something in a room.
func (s *server) do(room string, f chat.Fact) {
	s.t.Helper()
	if _, err := s.chat.Room(room).Do(s.t.Context(), chat.Command{User: somebody("Host"), Fact: f, Host: true}); err != nil {
		s.t.Fatal(err)
	}
}

// posted returns what was written in a room, as "name: text".
func (s *server) posted(room string) (list []string) {
	s.t.Helper()
	for e, err := range s.chat.Room(room).Replay(s.t.Context(), chat.Start) {
		if err != nil {
			s.t.Fatal(err)
		}
		fact, err := e.Fact()
		if err != nil {
			s.t.Fatal(err)
		}
		if posted, ok := fact.(chat.MessagePosted); ok {
			list = append(list, e.User.Name+": "+posted.Text)
		}
	}
	return list
}
