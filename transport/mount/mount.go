// Package mount puts every transport of a chat behind one handler: the calls
// of package rest, the streams of sse at /events, /rooms/{room}/events
// and /me/events, the
// sockets of ws at /ws and, if the options have one, the Guest at /guest.
package mount

import (
	"context"
	"net/http"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/rest"
	"github.com/roomlog/chat/transport/sse"
	"github.com/roomlog/chat/transport/ws"
)

// API is an http.Handler that serves a chat, as docs/protocol.md has it.
type API struct {
	chat    *chat.Chat
	mux     *transport.Mux
	streams *sse.Handler
	lists   *sse.Handler
	sockets *ws.Handler
}

// Handler returns an API. Its paths are relative to where it is mounted, which
// Under does best:
//
//	api := mount.Handler(c, auth, nil)
//	http.ListenAndServe(addr, api.Under("/chat", mux))
//
// It panics if c or auth is nil. The limits of o are counted over all
// transports together.
func Handler(c *chat.Chat, auth transport.Auth, o *transport.Options) *API {
	o = transport.Shared(o)
	m := rest.Handler(c, auth, o)
	streams := sse.New(c, auth, o)
	m.Handle("GET /events", streams)
	m.Handle("GET /rooms/{room}/events", streams)
	lists := sse.NewRooms(c, auth, o)
	m.Handle("GET /me/events", lists)
	sockets := ws.New(c, auth, o)
	m.Handle("GET /ws", sockets)
	if o.Guest != nil {
		m.Handle("POST /guest", o.Guest.Handler(o))
	}
	return &API{chat: c, mux: m, streams: streams, lists: lists, sockets: sockets}
}

// ServeHTTP serves a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Drain ends all streams and sockets, so that their clients come back with their
// cursors, and returns when they have ended. http.Server.Shutdown waits for
// requests, but knows nothing of streams and sockets that have left the server;
// so first tell all to end, then wait for both:
//
//	srv.RegisterOnShutdown(c.Drain)
//	err := errors.Join(srv.Shutdown(ctx), api.Drain(ctx))
//
// If ctx ends first what is left is cut off, and its error is returned. It may be
// called again.
func (a *API) Drain(ctx context.Context) error {
	a.chat.Drain()
	err := a.streams.Drain(ctx) // meanwhile the sockets end too: the chat drains
	if more := a.lists.Drain(ctx); more != nil {
		err = more
	}
	if more := a.sockets.Drain(ctx); more != nil {
		err = more
	}
	return err
}
