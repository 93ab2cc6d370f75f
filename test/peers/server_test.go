package peers_test

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// scripts are what runs under Node and in the browser.
//
//go:embed js/*.mjs js/page.html js/package.json js/package-lock.json js/.npmrc
var scripts embed.FS

// server is a chat that is served at its address, the API at /api and the
// readers' page at /page.html.
type server struct {
	t     *testing.T
	chat  *chat.Chat
	guest *transport.Guest
	url   string // "http://127.0.0.1:1234"
	log   *growth
	poke  chan struct{} // wakes a writer
}

// serve serves a new chat until the test ends.
func serve(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, log: newGrowth(), poke: make(chan struct{}, writers), guest: transport.NewGuest([]byte("a secret of the tests"))}
	var err error
	s.chat, err = chat.Create(filepath.Join(t.TempDir(), "chat.db"), &chat.Options{
		OnCommit: func(c chat.Commit) { s.log.add(c.Records) },
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(nil)
	s.url = "http://" + srv.Listener.Addr().String()
	api := mount.Handler(s.chat, s.guest.Auth, &transport.Options{
		Guest:    s.guest,
		NoLimits: true,
		Origins:  []string{s.url}, // the page reads through the ports of the proxies
		Logger:   slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	pages, err := fs.Sub(scripts, "js")
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = api.Under("/api", http.FileServerFS(pages))
	srv.Config.ConnContext = transport.ConnContext
	srv.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(api.Drain(ctx), s.chat.Close()); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return s
}

// user is a user of that name, token what they show.
func user(name string) chat.User { return chat.User{ID: name, Name: name} }

func (s *server) token(name string) string { return s.guest.Token(user(name), time.Time{}) }

// call makes a call of the API and decodes the answer, unless it is nil.
func (s *server) call(client *http.Client, r *http.Request, name string, answer any) error {
	r.Header.Set("Authorization", "Bearer "+s.token(name))
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", r.Method, r.URL, resp.Status, body)
	}
	if answer == nil || len(body) == 0 {
		return nil
	}
	return json.Unmarshal(body, answer)
}

// read reads a room's whole log over HTTP.
func (s *server) read(room string) (all []event) {
	s.t.Helper()
	for after := "earliest"; ; {
		r, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+"/api/rooms/"+room+"/log?limit=1000&after="+after, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		var page struct {
			Events []json.RawMessage
			Next   string
		}
		if err := s.call(http.DefaultClient, r, "cleo", &page); err != nil {
			s.t.Fatal(err)
		}
		if len(page.Events) == 0 {
			return all
		}
		for _, raw := range page.Events {
			e, err := parseEvent(string(raw))
			if err != nil {
				s.t.Fatal(err)
			}
			all = append(all, e)
		}
		after = page.Next
	}
}

// growth counts something and lets others wait for more of it.
type growth struct {
	mu    sync.Mutex
	total int
	grown chan struct{} // closed at the next
}

func newGrowth() *growth { return &growth{grown: make(chan struct{})} }

func (g *growth) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total += n
	close(g.grown)
	g.grown = make(chan struct{})
}

// wait returns when there are n more, or ctx is done.
func (g *growth) wait(ctx context.Context, n int) {
	g.mu.Lock()
	for goal := g.total + n; g.total < goal && ctx.Err() == nil; {
		grown := g.grown
		g.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
		}
		g.mu.Lock()
	}
	g.mu.Unlock()
}
