// Package sse serves the events of rooms as server-sent events: section 4 of
// docs/protocol.md.
//
// Over HTTP/1.x a stream leaves the http.Server: the connection is hijacked, so
// that the request, the buffers of the server and the goroutine of the handler
// are freed, and an idle stream costs some kilobytes. Everywhere else, over
// HTTP/2 and behind a middleware that hides Hijack, it is written through the
// http.ResponseController.
package sse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/batches"
	"github.com/roomlog/chat/transport/internal/drain"
	"github.com/roomlog/chat/transport/internal/poller"
	"github.com/roomlog/chat/transport/internal/workers"
)

// Handler serves event streams: of the rooms of the one who asks, if it was made
// by NewRooms; else of the room that the path value "room" names or,
// where the pattern it is mounted at has none, of those that the parameters
// "room" name.
//
// A stream ends when its client goes, when the chat or the handler drains, and
// when the grant ends. It outlives the timeouts of the http.Server. Nor does the
// context of the request end one that is hijacked: the server cancels that as
// soon as the handler returns. Elsewhere a cancelled context ends the stream, as
// that is how the server tells that the client has gone; a deadline that a
// middleware has set does not.
//
// The headers that middleware has set on the response are kept, but for
// Content-Encoding and others that say how the body is sent: a hijacked stream is
// sent as it is. What a middleware would do at WriteHeader or Write does not
// happen to one.
type Handler struct {
	gate    *transport.Gate
	streams *drain.Group[*stream]
	batches [2]batches.Cache // chunks of plain, and of named events
	pool    *workers.Pool
	poller  *poller.Poller
	plain   *encoding
	named   *encoding // with the type in the event field
	lists   bool      // its streams are of lists of rooms
}

// New returns a handler of event streams, whose data are the events as JSON. It
// panics if c or auth is nil.
func New(c *chat.Chat, auth transport.Auth, o *transport.Options) *Handler {
	return newHandler(c, auth, o, plainJSON, namedJSON)
}

// NewRooms returns a handler of streams of the rooms that the one who asks has
// joined: for a list beside a chat, which then needs no polling. It panics if c or
// auth is nil.
func NewRooms(c *chat.Chat, auth transport.Auth, o *transport.Options) *Handler {
	h := New(c, auth, o)
	h.lists = true
	return h
}

func newHandler(c *chat.Chat, auth transport.Auth, o *transport.Options, plain, named *encoding) *Handler {
	gate := transport.NewGate(c, auth, o)
	return &Handler{gate: gate, streams: drain.New[*stream](c.Draining()), pool: workers.New(), poller: poller.New(), plain: plain, named: named}
}

// Drain ends all streams of the handler with chat.end, takes no new ones and
// returns when they have ended. http.Server.Shutdown does not wait for those that
// are hijacked. If ctx ends first they are cut off, and its error is returned.
// It may be called again.
func (h *Handler) Drain(ctx context.Context) error { return h.streams.Drain(ctx) }

// request is a request for a stream, admitted.
type request struct {
	grant  transport.Grant
	rooms  []string
	silent bool // it asks for no signals
	many   bool // it may name several rooms, so what is said names its room
	as     *encoding
}

// ServeHTTP serves a stream: until it ends, or until it has left the server.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.gate.AllowOrigin(w, r)
	q, err := h.admit(r)
	if err == nil {
		err = h.serve(w, r, q)
	}
	if err != nil {
		if !errors.Is(err, transport.ErrStreamingUnsupported) { // which has been logged, with its cause
			h.gate.Log("stream "+r.URL.Path, err)
		}
		transport.ProblemOf(err).ServeHTTP(w, r)
	}
}

// admit finds out who asks, and for what.
func (h *Handler) admit(r *http.Request) (q request, err error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return q, transport.Errorf(transport.ErrMethodNotAllowed, "a stream is asked for with GET")
	}
	if q.grant, err = h.gate.AuthenticateStream(r); err != nil {
		return q, err
	}
	if !accepted(r.Header) {
		return q, transport.Errorf(transport.ErrNotAcceptable, "the stream is %s", contentType)
	}
	query := r.URL.Query() // of one that cannot be read, what can
	q.as = h.plain
	if named := query.Get("named"); named == "1" || named == "true" {
		q.as = h.named
	}
	if h.lists {
		return q, nil
	}
	switch query.Get("signals") {
	case "0", "false":
		q.silent = true
	}
	if room, ok := pathRoom(r); ok {
		q.rooms = []string{strings.Clone(room)} // else it would hold the whole address
		return q, h.gate.Allow(&q.grant, transport.Read, room)
	}
	q.many = true
	for _, room := range query["room"] {
		if !slices.Contains(q.rooms, room) {
			q.rooms = append(q.rooms, strings.Clone(room))
		}
	}
	switch most := h.gate.Options().MaxRooms; {
	case len(q.rooms) == 0:
		return q, transport.Errorf(chat.ErrInvalidField, "there is no parameter room")
	case len(q.rooms) > most:
		return q, transport.Errorf(chat.ErrInvalidField, "there are %d rooms of %d allowed", len(q.rooms), most)
	}
	return q, nil
}

// pathRoom returns the room that the path names, if the pattern has a place
// for one. It may be empty.
func pathRoom(r *http.Request) (string, bool) {
	room := r.PathValue("room")
	return room, room != "" || strings.Contains(r.Pattern, "{room}")
}

// serve opens the feed and the connection, and starts the stream. An error is
// for the caller to answer: nothing has been written then.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, q request) error {
	hijacks := canHijack(w, r)
	var out *response
	if !hijacks {
		var err error
		if out, err = newResponse(w); err != nil {
			return h.unsupported(w, err)
		}
	}
	s := &stream{handler: h, gate: h.gate, request: q}
	err := s.open(r)
	if err != nil && !errors.Is(err, chat.ErrShuttingDown) {
		return err
	}
	if r.Method == http.MethodHead {
		s.discard()
		setHeader(w.Header())
		w.WriteHeader(http.StatusOK)
		return nil
	}
	// From here on what passes is no error status: a browser would not come back
	// after one.
	if err != nil {
		return refuse(w, jitter(), endDraining)
	}
	if s.release, err = h.gate.Connect(&s.grant); err != nil {
		s.source.Close()
		return refuse(w, 30*time.Second, endTooMany)
	}
	if !h.streams.Add(s) {
		s.discard()
		return refuse(w, jitter(), endDraining)
	}
	if s.feed != nil && !s.silent {
		s.feed.Attend()
	}
	if hijacks {
		conn, why := hijack(w)
		if why == nil {
			s.leave(conn, appendHead(nil, w.Header(), r), r.ProtoAtLeast(1, 1))
			return nil
		}
		if out, err = newResponse(w); err != nil {
			s.close()
			return h.unsupported(w, fmt.Errorf("%w; %w", why, err))
		}
	}
	s.stay(r, out)
	return nil
}

// unsupported logs why the response cannot carry a stream. That is for the host
// to mend: the client is not told more than that it is so.
func (h *Handler) unsupported(w http.ResponseWriter, why error) error {
	h.gate.Options().Logger.Error("an event stream cannot be served: is there a middleware without Unwrap, or http.TimeoutHandler?",
		"error", why, "writer", fmt.Sprintf("%T", w))
	return transport.ErrStreamingUnsupported
}

// refuse answers with a stream that only says when to come back, and why.
func refuse(w http.ResponseWriter, retry time.Duration, reason string) error {
	setHeader(w.Header())
	_, _ = w.Write(appendEnd(appendRetry(nil, retry), reason, ""))
	return nil
}
