package transporttest_test

import (
	"context"
	"net/http"
	"sync"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// lineHandler serves the events of the rooms that the parameters "room" name, as
// lines of JSON on an answer that does not end. It is the example of a transport
// written on transport.Gate, which knows who may come in, and transport.Feed,
// which knows what comes next. One line is one of
//
//	{"hello":{"verdict":"resumed","rooms":[{"room","verdict","head","floor"}]}}
//	{"reset":{"room","reason","floor","head"}}
//	{"event":{…}}
//	{"live":"01K6…"}
//	{"signal":{"room","name","data":{…}}}
//	{"ping":{}}
//	{"end":{"reason","room"}}
type lineHandler struct {
	gate  *transport.Gate
	drain chan struct{} // closed when no reader is taken any more

	mu   sync.Mutex
	open sync.WaitGroup // readers; joined under mu while drain is not closed
}

func newLineHandler(c *chat.Chat, auth transport.Auth, o *transport.Options) *lineHandler {
	return &lineHandler{gate: transport.NewGate(c, auth, o), drain: make(chan struct{})}
}

// ServeHTTP serves a reader until it ends. What is refused is refused before
// anything is written.
func (h *lineHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.serve(w, r); err != nil {
		h.gate.Log("lines", err)
		transport.ProblemOf(err).ServeHTTP(w, r)
	}
}

func (h *lineHandler) serve(w http.ResponseWriter, r *http.Request) error {
	grant, err := h.gate.Authenticate(r) // before anything of the request is looked at
	if err != nil {
		return err
	}
	rooms := r.URL.Query()["room"]
	switch len(rooms) {
	case 0:
		return transport.Errorf(chat.ErrInvalidField, "there is no parameter room")
	case 1: // of several, those that may not be read seem not to be there
		if err := h.gate.Allow(&grant, transport.Read, rooms[0]); err != nil {
			return err
		}
	}
	if !h.enter() {
		return chat.ErrShuttingDown
	}
	defer h.open.Done()
	release, err := h.gate.Connect(&grant)
	if err != nil {
		return err
	}
	defer release()
	feed, err := h.gate.Open(r.Context(), transport.FeedQuery{
		Rooms:  rooms,
		Cursor: transport.RequestCursor(r), Store: r.URL.Query().Get("store"),
		Grant: &grant,
	})
	if err != nil {
		return err
	}
	defer feed.Close()
	feed.Attend() // from here on the user is present
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	l := &lines{lineHandler: h, grant: grant, feed: feed, w: w, rc: http.NewResponseController(w)}
	l.run(r.Context())
	return nil
}

// enter counts a reader in, unless the handler drains.
func (h *lineHandler) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if isClosed(h.drain) || isClosed(h.gate.Chat().Draining()) {
		return false
	}
	h.open.Add(1)
	return true
}

// Drain ends all readers, and returns when they have ended or ctx has.
func (h *lineHandler) Drain(ctx context.Context) error {
	h.mu.Lock()
	if !isClosed(h.drain) {
		close(h.drain)
	}
	h.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		h.open.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
