// Package ws serves a chat over WebSockets: any number of rooms, commands and
// queries on one socket. Section 5 of docs/protocol.md.
package ws

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/batches"
	"github.com/roomlog/chat/transport/internal/drain"
	"github.com/roomlog/chat/transport/internal/poller"
	"github.com/roomlog/chat/transport/internal/workers"
)

// subprotocol is what the frames of a socket are called.
const subprotocol = "chat.v1.json"

// Handler serves sockets. A socket leaves the http.Server with its upgrade:
// Shutdown neither ends it nor waits for it, Drain does both.
type Handler struct {
	gate *transport.Gate

	sockets *drain.Group[*conn]
	batches batches.Cache
	pool    *workers.Pool
	poller  *poller.Poller
}

// New returns a handler of sockets. It panics if c or auth is nil.
func New(c *chat.Chat, auth transport.Auth, o *transport.Options) *Handler {
	return &Handler{gate: transport.NewGate(c, auth, o), sockets: drain.New[*conn](c.Draining()), pool: workers.New(), poller: poller.New()}
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
	if !h.sockets.Add(c) {
		c.Cut()
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
	if h.sockets.Draining() {
		return grant, chat.ErrShuttingDown
	}
	return grant, nil
}

// Drain closes all sockets with 1012, which tells clients to come back with
// their cursors, takes no new ones and returns when they have ended. If ctx ends
// first they are cut off, and its error is returned. It may be called again.
func (h *Handler) Drain(ctx context.Context) error { return h.sockets.Drain(ctx) }
