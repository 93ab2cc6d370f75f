// Package wiretest serves a chat over real sockets and speaks to it with small
// clients of its own, for the tests of the transports.
package wiretest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// Patience is how long a test waits for what must come.
const Patience = 10 * time.Second

// Setup says how a server differs from the usual one.
type Setup struct {
	Chat    chat.Options
	Options transport.Options
	Auth    transport.Auth                  // nil = that of the guest
	Wrap    func(http.Handler) http.Handler // nil = nothing
	Config  func(*http.Server)              // nil = nothing
	Form    Form                            // how it is spoken to
}

// Server is a chat that is served at /api.
type Server struct {
	t     testing.TB
	Chat  *chat.Chat
	API   *mount.API
	Guest *transport.Guest
	HTTP  *httptest.Server
	URL   string // of the API, without a slash at the end
	Addr  string // host and port
	form  Form
}

// New serves a new chat in a file until the test ends.
func New(t testing.TB, setup Setup) *Server {
	t.Helper()
	c, err := chat.Create(filepath.Join(t.TempDir(), "chat.db"), &setup.Chat)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, Chat: c, form: setup.Form, Guest: transport.NewGuest([]byte("a secret of the tests"))}
	if setup.Auth == nil {
		setup.Auth = s.Guest.Auth
	}
	if setup.Options.Guest == nil {
		setup.Options.Guest = s.Guest
	}
	s.API = mount.Handler(c, setup.Auth, &setup.Options)
	h := s.API.Under("/api", http.NotFoundHandler())
	if setup.Wrap != nil {
		h = setup.Wrap(h)
	}
	s.HTTP = httptest.NewUnstartedServer(h)
	s.HTTP.Config.ConnContext = transport.ConnContext
	if setup.Config != nil {
		setup.Config(s.HTTP.Config)
	}
	s.form.start(s.HTTP)
	s.Addr = s.HTTP.Listener.Addr().String()
	s.URL = s.HTTP.URL + "/api"
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := s.API.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		s.HTTP.Close()
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// In returns the server for a subtest.
func (s *Server) In(t testing.TB) *Server {
	c := *s
	c.t = t
	return &c
}

// User returns a user with the name as their id, and a token of theirs.
func (s *Server) User(name string) (chat.User, string) {
	u := chat.User{ID: strings.ToLower(name), Name: name}
	return u, s.Guest.Token(u, time.Time{})
}

// Post stores messages in a room and returns their events.
func (s *Server) Post(room string, by chat.User, texts ...string) []chat.Event {
	s.t.Helper()
	var events []chat.Event
	for _, text := range texts {
		e, err := s.Chat.Room(room).Post(context.Background(), by, text)
		if err != nil {
			s.t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// Answer is an answer to a call.
type Answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   []byte
}

// Call makes a call with a token, or none, and a JSON body, or none. header
// holds further names and values in turn.
func (s *Server) Call(method, path, token, body string, header ...string) *Answer {
	s.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, s.URL+path, content)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := s.HTTP.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return &Answer{t: s.t, Status: resp.StatusCode, Header: resp.Header, Body: b}
}

// Want fails the test unless the answer has the status, and returns it.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status is %d, not %d: %s", a.Status, status, a.Body)
	}
	return a
}

// WantProblem fails the test unless the answer is the problem with the code.
func (a *Answer) WantProblem(status int, code string) *Answer {
	a.t.Helper()
	a.Want(status)
	var p struct {
		Type, Code, Title string
		Status            int
	}
	a.Decode(&p)
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		a.t.Fatalf("content type is %q: %s", kind, a.Body)
	}
	if p.Code != code || p.Status != status || p.Type != "urn:chat:problem:"+code || p.Title == "" {
		a.t.Fatalf("problem is not %s: %s", code, a.Body)
	}
	return a
}

// Decode reads the body as JSON into v.
func (a *Answer) Decode(v any) *Answer {
	a.t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		a.t.Fatalf("body %q: %v", a.Body, err)
	}
	return a
}

// Eventually fails the test unless the condition comes true.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it did not come true", what)
		}
		time.Sleep(time.Millisecond)
	}
}
