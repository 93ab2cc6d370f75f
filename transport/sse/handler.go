// Package sse serves the events of rooms as server-sent events: section 4 of
// docs/protocol.md.
package sse

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// Handler serves event streams: of the room that the path value "room" names or,
// where the pattern it is mounted at has none, of those that the parameters
// "room" name. It panics if c or auth is nil.
//
// The stream ends when the client goes, when the chat drains, and when the grant
// ends. It outlives the WriteTimeout and the ReadTimeout of the http.Server. A
// server with slow readers should set transport.ConnContext.
func Handler(c *chat.Chat, auth transport.Auth, o *transport.Options) http.Handler {
	return &handler{gate: transport.NewGate(c, auth, o)}
}

type handler struct{ gate *transport.Gate }

// request is a request for a stream, admitted.
type request struct {
	grant transport.Grant
	rooms []string
	many  bool // it may name several rooms, so what is said names its room
	named bool // the type of an event goes into its event field
}

// ServeHTTP serves a stream until it ends.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.gate.AllowOrigin(w, r)
	q, err := h.admit(r)
	if err == nil {
		err = h.stream(w, r, q)
	}
	if err != nil {
		h.gate.Log("stream "+r.URL.Path, err)
		transport.ProblemOf(err).ServeHTTP(w, r)
	}
}

// admit finds out who asks, and for what.
func (h *handler) admit(r *http.Request) (q request, err error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return q, transport.Errorf(transport.ErrMethodNotAllowed, "a stream is asked for with GET")
	}
	if q.grant, err = h.gate.Authenticate(r); err != nil {
		return q, err
	}
	if !accepted(r.Header) {
		return q, transport.Errorf(transport.ErrNotAcceptable, "the stream is %s", contentType)
	}
	query := r.URL.Query() // of one that cannot be read, what can
	named := query.Get("named")
	q.named = named == "1" || named == "true"
	if room, ok := pathRoom(r); ok {
		q.rooms = []string{room}
		return q, h.gate.Allow(&q.grant, transport.Read, room)
	}
	q.many = true
	for _, room := range query["room"] {
		if !slices.Contains(q.rooms, room) {
			q.rooms = append(q.rooms, room)
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

// stream opens the feed and the connection, and runs the stream. An error is
// for the caller to answer: nothing has been written then.
func (h *handler) stream(w http.ResponseWriter, r *http.Request, q request) error {
	out, err := newSink(w, h.gate.Options().WriteTimeout)
	if err != nil {
		h.gate.Options().Logger.Error("an event stream cannot be served: is there a middleware without Unwrap?",
			"error", err, "writer", fmt.Sprintf("%T", w))
		return transport.ErrStreamingUnsupported
	}
	feed, err := h.open(r, &q)
	if err != nil && !errors.Is(err, chat.ErrShuttingDown) {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	if err == nil {
		defer feed.Close()
	}
	if r.Method == http.MethodHead {
		return nil
	}
	// From here on no condition is an error status: a browser would not come
	// back after one.
	select {
	case <-h.gate.Chat().Draining():
		_ = out.write(appendEnd(appendRetry(nil, jitter()), endDraining, ""))
		return nil
	default:
	}
	release, err := h.gate.Connect(&q.grant)
	if err != nil {
		_ = out.write(appendEnd(appendRetry(nil, 30*time.Second), endTooMany, ""))
		return nil
	}
	defer release()
	s := &stream{gate: h.gate, request: q, feed: feed, out: out}
	s.run(r.Context())
	return nil
}

func (h *handler) open(r *http.Request, q *request) (*transport.Feed, error) {
	return h.gate.Open(r.Context(), transport.FeedQuery{
		Rooms:  q.rooms,
		Cursor: transport.RequestCursor(r),
		Store:  r.URL.Query().Get("store"),
		Hidden: func(room string) bool {
			return h.gate.Allow(&q.grant, transport.Read, room) != nil
		},
	})
}
