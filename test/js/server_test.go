package js_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/js"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// server is a chat that is served at an address, behind a proxy. It can be
// stopped and started again, at the same one.
type server struct {
	t       *testing.T
	chat    *chat.Chat
	path    string
	addr    string
	keep    int
	beat    time.Duration
	expires func(token string) time.Time // nil: no token ends
	stop    func()
	proxy   *proxy
}

type setting func(*server)

func keeping(events int) setting          { return func(s *server) { s.keep = events } }
func beating(every time.Duration) setting { return func(s *server) { s.beat = every } }
func expiring(when func(string) time.Time) setting {
	return func(s *server) { s.expires = when }
}

// serve serves a new chat, with a room general that ann, bob and cleo are in.
func serve(t *testing.T, settings ...setting) *server {
	t.Helper()
	s := &server{t: t, path: filepath.Join(t.TempDir(), "chat.db"), addr: "127.0.0.1:0"}
	for _, set := range settings {
		set(s)
	}
	s.start()
	t.Cleanup(func() { s.stop() })
	for _, name := range []string{"ann", "bob", "cleo"} {
		if _, err := s.chat.Room("general").Join(t.Context(), user(name)); err != nil {
			t.Fatal(err)
		}
	}
	s.proxy = startProxy(t, s.addr)
	return s
}

// start opens the chat and serves it.
func (s *server) start() {
	s.t.Helper()
	open := chat.Create
	if s.chat != nil {
		open = chat.Open
	}
	var err error
	if s.chat, err = open(s.path, &chat.Options{Keep: s.keep}); err != nil {
		s.t.Fatal(err)
	}
	in, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = in.Addr().String()
	origins := []string{"http://" + s.addr}
	if s.proxy != nil {
		origins = append(origins, s.proxy.url())
	}
	api := mount.Handler(s.chat, s.auth, &transport.Options{
		NoLimits: true, Heartbeat: s.beat, Origins: origins,
		Logger: slog.New(slog.NewTextHandler(s.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	pages := http.NewServeMux()
	pages.Handle("/js/", http.StripPrefix("/js", js.Handler()))
	pages.Handle("/scripts/", http.StripPrefix("/scripts/", http.FileServer(http.Dir("scripts"))))
	pages.HandleFunc("/page", page)
	pages.HandleFunc("/page.js", pageScript)
	pages.HandleFunc("/readme", readmePage)
	srv := &http.Server{Handler: api.Under("/api", pages), ConnContext: transport.ConnContext}
	go func() { _ = srv.Serve(in) }()
	c := s.chat
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c.Drain()
		err := api.Drain(ctx)
		_ = srv.Close()
		if err := errors.Join(err, c.Close()); err != nil {
			s.t.Error(err)
		}
	}
}

// auth takes tokens of the form "name.anything".
func (s *server) auth(r *http.Request) (transport.Grant, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		if c, err := r.Cookie("token"); err == nil {
			token, ok = c.Value, true
		}
	}
	name, _, valid := strings.Cut(token, ".")
	if !ok || !valid {
		return transport.Grant{}, transport.Errorf(transport.ErrUnauthenticated, "no token of ours")
	}
	g := transport.Grant{User: user(name)}
	if s.expires != nil {
		g.Expires = s.expires(token)
		if !g.Expires.IsZero() && time.Now().After(g.Expires) {
			return transport.Grant{}, transport.Errorf(transport.ErrUnauthenticated, "the token has ended")
		}
	}
	return g, nil
}

// until is the end that a token "name.1700000000000" names, in ms since 1970.
func until(token string) time.Time {
	_, ms, _ := strings.Cut(token, ".")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n)
}

func user(name string) chat.User {
	return chat.User{ID: name, Name: strings.ToUpper(name[:1]) + name[1:]}
}

// post posts as somebody, and returns the id.
func (s *server) post(name, text string) string {
	s.t.Helper()
	e, err := s.chat.Room("general").Post(s.t.Context(), user(name), text)
	if err != nil {
		s.t.Fatal(err)
	}
	return e.ID.String()
}

// log returns the log of general after an id, as "id text" where it has a text.
func (s *server) log(after chat.ID) (ids, texts []string) {
	s.t.Helper()
	for {
		page, err := s.chat.Room("general").Log(s.t.Context(), "", after, 1000)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range page.Events {
			ids = append(ids, e.ID.String())
			fact, err := e.Fact()
			if err != nil {
				s.t.Fatal(err)
			}
			if p, ok := fact.(chat.MessagePosted); ok {
				texts = append(texts, e.User.ID+" "+p.Text)
			}
			after = e.ID
		}
		if len(page.Events) == 0 {
			return ids, texts
		}
	}
}

// by keeps the texts of one user.
func by(name string, texts []string) (own []string) {
	for _, text := range texts {
		if rest, ok := strings.CutPrefix(text, name+" "); ok {
			own = append(own, rest)
		}
	}
	return own
}

func numbered(prefix string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint(prefix, i))
	}
	return all
}
