package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// grace is how long requests may take to end once the server drains.
const grace = 3 * time.Second

// server is the chat's API, the page and the health check behind one address.
type server struct {
	chat *chat.Chat
	api  *mount.API
	http *http.Server
}

func newServer(c *chat.Chat, guest *transport.Guest, o *transport.Options) *server {
	s := &server{chat: c, api: mount.Handler(c, guest.Auth, o)}
	mux := http.NewServeMux()
	mux.Handle("/healthz", http.HandlerFunc(s.health))
	mux.Handle("/", page())
	unasked := &silent{conns: map[net.Conn]struct{}{}}
	s.http = &http.Server{
		Handler:           s.api.Under("/api", mux),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute, // no WriteTimeout: streams do not end
		ConnState:         unasked.state,
	}
	s.http.RegisterOnShutdown(unasked.close)
	s.http.RegisterOnShutdown(c.Drain) // Shutdown waits for streams, Drain ends them
	return s
}

// health answers 200 as long as messages can be written.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	select {
	case <-s.chat.Draining():
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	default:
	}
	if err := s.chat.Failed(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// serve answers requests until ctx ends. Then it tells streams and sockets to
// come back later, waits for them and for requests, at most grace, and returns.
func (s *server) serve(ctx context.Context, listener net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		patience, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		if err := errors.Join(s.http.Shutdown(patience), s.api.Drain(patience)); err != nil {
			_ = s.http.Close() // what has not ended by now is cut
		}
		return nil
	})
	return g.Wait()
}
