// Package hosts_test serves the chat inside what programs put around it: server
// timeouts, middleware, HTTP/2 and nginx with its default settings.
package hosts_test

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// host is a program that serves a chat at /api.
type host struct {
	t    *testing.T
	chat *chat.Chat
	srv  *httptest.Server
	log  logged
	ann  chat.User
}

// start starts a host whose middleware stands before everything. config may be
// nil; start is what starts the server, nil for plain HTTP.
func start(t *testing.T, o transport.Options, middleware func(http.Handler) http.Handler, config func(*http.Server), start func(*httptest.Server)) *host {
	t.Helper()
	c, err := chat.Create(filepath.Join(t.TempDir(), "chat.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, chat: c, ann: chat.User{ID: "ann", Name: "Ann"}}
	o.Logger = slog.New(slog.NewTextHandler(&h.log, nil))
	o.Origins = append(o.Origins, "https://app.example")
	api := mount.Handler(c, func(*http.Request) (transport.Grant, error) { return transport.Grant{User: h.ann}, nil }, &o)
	handler := api.Under("/api", http.NotFoundHandler())
	if middleware != nil {
		handler = middleware(handler)
	}
	h.srv = httptest.NewUnstartedServer(handler)
	if config != nil {
		config(h.srv.Config)
	}
	if start == nil {
		start = (*httptest.Server).Start
	}
	start(h.srv)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := api.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		h.srv.CloseClientConnections()
		h.srv.Close()
		_ = c.Close()
	})
	h.post("first")
	return h
}

func (h *host) post(text string) chat.Event {
	h.t.Helper()
	e, err := h.chat.Room("general").Post(h.t.Context(), h.ann, text)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// stream is an open event stream.
type stream struct {
	t     *testing.T
	resp  *http.Response
	close context.CancelFunc
	lines *bufio.Reader
}

// open asks for a stream with a client. header holds names and values in turn.
func (h *host) open(client *http.Client, base, query string, header ...string) *stream {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/rooms/general/events?"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { cancel(); resp.Body.Close() })
	return &stream{t: h.t, resp: resp, close: cancel, lines: bufio.NewReader(resp.Body)}
}

// want reads up to the line.
func (s *stream) want(line string) {
	s.t.Helper()
	timer := time.AfterFunc(patience, s.close)
	defer timer.Stop()
	for {
		got, err := s.lines.ReadString('\n')
		if err != nil {
			s.t.Fatalf("the stream ended before %q: %v", line, err)
		}
		if strings.TrimSuffix(got, "\n") == line {
			return
		}
	}
}

// gone waits until no stream is open any more: the options of the host allow
// one, which is opened and closed again.
func (h *host) gone(client *http.Client, base string) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		s := h.open(client, base, "")
		first, err := s.lines.ReadString('\n')
		s.close()
		if err == nil && strings.TrimSpace(first) != "retry: 30000" {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	h.t.Error("the server has not noticed that the stream is closed")
}

// plain is a client that says nothing of compression and keeps no connection.
func plain() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
}

// logged is a log that may be written to and read at once.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
