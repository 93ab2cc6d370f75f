// Package protocol_test holds the server to what is written about it: to
// docs/openapi.yaml and docs/schemas, and to the frames in
// transport/testdata/golden.
package protocol_test

import (
	"bytes"
	"context"
	"errors"
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

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

var (
	ann = chat.User{ID: "ann", Name: "Ann"}
	bob = chat.User{ID: "bob", Name: "Bob"}
)

// noon is the time at all servers of these tests.
func noon() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }

// server is a chat that is served at its URL.
type server struct {
	t     *testing.T
	chat  *chat.Chat
	path  string // of its file
	guest *transport.Guest
	api   *mount.API
	url   string
}

// setup says how a server differs from the usual one.
type setup struct {
	chat      chat.Options
	transport transport.Options
	may       func(transport.Action, string) error                  // of every grant; nil allows everything
	auth      func(transport.Grant, error) (transport.Grant, error) // what becomes of what the guest's says; nil is nothing
	wrap      func(http.Handler) http.Handler                       // what stands before the API; nil is nothing
}

// serve serves a new chat until the test ends. may is asked about every grant;
// nil allows everything.
func serve(t *testing.T, o transport.Options, may func(transport.Action, string) error) *server {
	t.Helper()
	return serveSetup(t, setup{transport: o, may: may})
}

func serveSetup(t *testing.T, with setup) *server {
	t.Helper()
	s := &server{t: t, path: filepath.Join(t.TempDir(), "chat.db"), guest: transport.NewGuest([]byte("a secret of the tests"))}
	with.chat.Now = noon
	c, err := chat.Create(s.path, &with.chat)
	if err != nil {
		t.Fatal(err)
	}
	s.chat = c
	with.transport.Guest = s.guest
	s.api = mount.Handler(c, func(r *http.Request) (transport.Grant, error) {
		g, err := s.guest.Auth(r)
		g.May = with.may
		if with.auth != nil {
			return with.auth(g, err)
		}
		return g, err
	}, &with.transport)
	h := s.api.Under("/api", http.NotFoundHandler())
	if with.wrap != nil {
		h = with.wrap(h)
	}
	srv := httptest.NewServer(h)
	s.url = srv.URL + "/api"
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(s.api.Drain(ctx), c.Close()); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return s
}

func (s *server) token(u chat.User) string { return s.guest.Token(u, time.Time{}) }

// request makes a request of a user; one without an id has no credentials. A
// body is JSON unless the header says otherwise.
func (s *server) request(by chat.User, method, path, body string, header ...string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if by.ID != "" {
		r.Header.Set("Authorization", "Bearer "+s.token(by))
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// do carries out a request and reads the answer.
func (s *server) do(r *http.Request) (*http.Response, []byte) {
	s.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, bytes.TrimSpace(body)
}
