// Package ws serves a chat over WebSockets: any number of rooms, commands and
// queries on one socket. Section 5 of docs/protocol.md.
package ws

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// subprotocol is what the frames of a socket are called.
const subprotocol = "chat.v1.json"

// Handler serves sockets. A socket leaves the http.Server with its upgrade:
// Shutdown neither ends it nor waits for it, Drain does both.
type Handler struct {
	gate *transport.Gate

	open sync.WaitGroup // all of conns

	mu       sync.Mutex
	conns    map[*conn]struct{}
	empty    chan struct{} // closed when the last of conns has gone
	draining bool          // no socket is taken any more
}

// New returns a handler of sockets. It panics if c or auth is nil.
func New(c *chat.Chat, auth transport.Auth, o *transport.Options) *Handler {
	return &Handler{gate: transport.NewGate(c, auth, o), conns: make(map[*conn]struct{})}
}

// ServeHTTP upgrades the connection to a socket, or answers why not.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.gate.AllowOrigin(w, r)
	grant, err := h.admit(r)
	if err != nil {
		h.gate.Log("socket", err)
		switch {
		case errors.Is(err, chat.ErrInvalidField): // the handshake
			w.Header().Set("Sec-WebSocket-Version", supportedVersion)
		case errors.Is(err, transport.ErrMethodNotAllowed):
			w.Header().Set("Allow", "GET, OPTIONS")
		}
		transport.ProblemOf(err).ServeHTTP(w, r)
		return
	}
	upgrader := ws.HTTPUpgrader{
		Timeout:  h.gate.Options().WriteTimeout,
		Header:   w.Header(),
		Protocol: func(p string) bool { return p == subprotocol },
	}
	nc, rw, _, err := upgrader.Upgrade(r, w)
	if err != nil { // the upgrader has answered
		h.gate.Options().Logger.Error("a socket cannot be served: is there a middleware without Unwrap?", "error", err)
		if nc != nil {
			_ = nc.Close()
		}
		return
	}
	// What the client sent ahead is in the server's buffer, which goes with it.
	ahead := make([]byte, rw.Reader.Buffered())
	_, _ = io.ReadFull(rw.Reader, ahead)
	c := newConn(h, nc, ahead, grant, r)
	if !h.add(c) {
		_ = nc.Close()
		return
	}
	c.start()
}

// admit finds out who asks, and whether for a socket.
func (h *Handler) admit(r *http.Request) (transport.Grant, error) {
	grant, err := h.gate.AuthenticateStream(r)
	if err != nil {
		return grant, err
	}
	if err := h.gate.CheckSocket(r); err != nil {
		return grant, err
	}
	if err := checkHandshake(r); err != nil {
		return grant, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.gate.Chat().Draining():
		return grant, chat.ErrShuttingDown
	default:
	}
	if h.draining {
		return grant, chat.ErrShuttingDown
	}
	return grant, nil
}

// add counts a socket in, unless the handler drains.
func (h *Handler) add(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return false
	}
	if len(h.conns) == 0 {
		h.empty = make(chan struct{})
		go h.watch(h.empty)
	}
	h.conns[c] = struct{}{}
	h.open.Add(1)
	return true
}

// watch waits for the chat to drain, on behalf of all sockets: that each looked
// for itself would make them all meet at one channel, at every event.
func (h *Handler) watch(empty <-chan struct{}) {
	select {
	case <-h.gate.Chat().Draining():
		h.restart()
	case <-empty:
	}
}

func (h *Handler) remove(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	if len(h.conns) == 0 {
		close(h.empty)
	}
	h.open.Done()
}

// Drain closes all sockets with 1012, which tells clients to come back with
// their cursors, takes no new ones and returns when they have ended. If ctx ends
// first they are cut off, and its error is returned. It may be called again.
func (h *Handler) Drain(ctx context.Context) error {
	h.restart()
	ended := make(chan struct{})
	go func() {
		h.open.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		h.cut()
		return ctx.Err()
	}
}

// restart tells all sockets to end.
func (h *Handler) restart() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	for c := range h.conns {
		c.end(restart)
	}
}

// cut closes the connections of all sockets.
func (h *Handler) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		_ = c.net.Close()
	}
}
