package clients_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// server is a made-up one: it does what a case says. What a client asks by itself,
// such as who one is, or for a page, it answers from what the case has told it.
// Subscriptions and commands wait for the case.
type server struct {
	t    *testing.T
	http *httptest.Server

	mu      sync.Mutex
	store   string
	beat    int                 // heartbeat_ms
	retry   int                 // of streams
	deaf    bool                // pings of clients are not answered
	tokens  []string            // that are good; empty is all
	refuse  *refusal            // of who connects; nil is none
	logs    map[string][]string // events by room
	floors  map[string]string   // by room: the log does not go back further
	missing map[string]bool     // rooms that are not there
	held    map[string]bool     // queries by name that wait for the case
	conns   map[*conn]bool
	feeds   map[string]chan *feed // by room
	asked   map[string]chan *ask  // by room
	lists   chan *conn            // that follow the list of rooms
	pongs   chan string           // what came back of pings
}

// refusal is what a client gets in the place of a connection.
type refusal struct {
	status int    // of HTTP; 0 is one of the below
	code   string // of the problem
	retry  int    // seconds
	end    string // the reason of a chat.end before hello; a socket is closed
}

// feed is a subscription to a room, or a stream's part of it.
type feed struct {
	room, after, store string
	conn               *conn
	re                 string // the id of the request; empty on a stream
	at                 time.Time
}

// ask is a command or a query that waits for its answer.
type ask struct {
	op, key string
	fields  map[string]any
	at      time.Time
	answer  func(answer)
}

// answer is what an ask comes to.
type answer struct {
	status int    // of HTTP
	body   string // JSON; empty is none
	retry  int    // seconds, as a header
	replay bool
	cut    bool // nothing of it, or the half, and the connection is cut
	half   bool
}

func serve(t *testing.T) *server {
	s := &server{
		t: t, store: "store-a", beat: 15_000, retry: 20, logs: map[string][]string{}, floors: map[string]string{}, missing: map[string]bool{},
		held: map[string]bool{}, conns: map[*conn]bool{}, feeds: map[string]chan *feed{}, asked: map[string]chan *ask{}, lists: make(chan *conn, 100),
		pongs: make(chan string, 100),
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.handle))
	s.http.Config.ErrorLog = nil
	s.http.Start()
	t.Cleanup(func() {
		s.endAll((*conn).cut)
		s.http.CloseClientConnections()
		s.http.Close()
	})
	return s
}

// waiting returns the queue of a room, of which there are as many as need be.
func waiting[T any](s *server, all map[string]chan T, room string) chan T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all[room] == nil {
		all[room] = make(chan T, 1000)
	}
	return all[room]
}

func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// endAll ends every connection. A client whose
// stream of its list of rooms has ended closes its other streams by itself: that is
// waited for, so that none of them comes back only to be closed.
func (s *server) endAll(how func(c *conn)) {
	s.mu.Lock()
	conns := s.conns
	s.conns = map[*conn]bool{}
	s.mu.Unlock()
	lists := false
	for c := range conns {
		if c.lists {
			lists = true
			how(c)
		}
	}
	for c := range conns {
		if c.lists {
			continue
		}
		if lists {
			select {
			case <-c.gone:
			case <-time.After(patience):
			}
		}
		how(c)
	}
}

func problem(status int, code string, retry int) string {
	p := map[string]any{"type": "urn:chat:problem:" + code, "code": code, "title": code, "status": status}
	if retry > 0 {
		p["retry_after"] = retry
	}
	b, _ := json.Marshal(p)
	return string(b)
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	if a.status >= 400 {
		w.Header().Set("Content-Type", "application/problem+json")
	}
	if a.retry > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(a.retry))
	}
	if a.replay {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	if a.cut || a.half {
		if a.half {
			w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
			w.WriteHeader(a.status)
			_, _ = w.Write([]byte(a.body[:len(a.body)/2]))
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

// handle answers a request.
func (s *server) handle(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/")
	parts := strings.Split(path, "/")
	stream := strings.HasSuffix(path, "events")
	s.mu.Lock()
	refuse := s.refuse
	good := len(s.tokens) == 0 || slices.Contains(s.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) ||
		slices.Contains(s.tokens, strings.TrimPrefix(r.URL.Query().Get("ticket"), "of-"))
	s.mu.Unlock()
	switch {
	case !good:
		w.Header().Set("WWW-Authenticate", "Bearer")
		write(w, answer{status: 401, body: problem(401, "unauthenticated", 0)})
	case refuse != nil && refuse.status > 0 && (path == "me" || path == "ws" || stream):
		write(w, answer{status: refuse.status, body: problem(refuse.status, refuse.code, refuse.retry), retry: refuse.retry})
	case path == "me":
		write(w, answer{status: 200, body: `{"user":{"id":"ann","name":"Ann"}}`})
	case path == "ticket":
		ticket := "of-" + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		write(w, answer{status: 201, body: `{"ticket":"` + ticket + `","expires":"2099-01-02T03:05:04.678Z"}`})
	case path == "ws":
		s.serveSocket(w, r, refuse)
	case stream:
		s.serveStream(w, r, parts, refuse)
	case parts[0] == "rooms" && len(parts) > 1:
		s.serveCall(w, r, parts[1], parts[2:])
	default:
		write(w, answer{status: 404, body: problem(404, "not_found", 0)})
	}
}

// serveCall answers what is asked of a room over HTTP: a query at once, unless it is
// held, and a command when the case says so.
func (s *server) serveCall(w http.ResponseWriter, r *http.Request, room string, rest []string) {
	s.mu.Lock()
	log, floor, missing := s.logs[room], s.floors[room], s.missing[room]
	op := strings.Join(rest, "/")
	held := s.held[op]
	s.mu.Unlock()
	head := id(0)
	if n := len(log); n > 0 {
		head = ids.FindString(log[n-1])
	}
	if missing {
		write(w, answer{status: 404, body: problem(404, "room_not_found", 0)})
		return
	}
	if r.Method == http.MethodGet && !held {
		switch op {
		case "messages":
			write(w, answer{status: 200, body: page(log, head)})
			return
		case "log":
			after := r.URL.Query().Get("after")
			if after < floor {
				write(w, answer{status: 410, body: problem(410, "cursor_expired", 0)})
				return
			}
			write(w, answer{status: 200, body: logPage(log, head, after)})
			return
		}
	}
	a := &ask{op: opOf(r.Method, rest), key: r.Header.Get("Idempotency-Key"), fields: map[string]any{}, at: time.Now()}
	_ = json.NewDecoder(r.Body).Decode(&a.fields)
	done := make(chan answer, 1)
	a.answer = func(is answer) { done <- is }
	waiting(s, s.asked, room) <- a
	select {
	case is := <-done:
		write(w, is)
	case <-r.Context().Done():
	}
}

// opOf is the op that is the same as a call.
func opOf(method string, rest []string) string {
	last := rest[len(rest)-1]
	switch {
	case last == "typing", last == "read", method == http.MethodGet:
		return last
	case last == "signals":
		return "signal"
	case slices.Contains(rest, "reactions"):
		return map[string]string{http.MethodPut: "react", http.MethodDelete: "unreact"}[method]
	}
	return map[string]string{http.MethodPost: "post", http.MethodPatch: "edit", http.MethodDelete: "delete"}[method]
}

// page is the newest page of the messages of a log.
func page(log []string, head string) string {
	messages := []map[string]any{}
	for _, line := range log {
		var e struct {
			ID, Room, Type, At string
			User               any
			Data               struct{ Text string }
		}
		_ = json.Unmarshal([]byte(line), &e)
		if e.Type == "MessagePosted" {
			messages = append(messages, map[string]any{"id": e.ID, "room": e.Room, "at": e.At, "user": e.User, "text": e.Data.Text, "kind": "text", "reactions": []any{}})
		}
	}
	b, _ := json.Marshal(map[string]any{"messages": messages, "has_more": false, "prev": nil, "next": nil, "cursor": head})
	return string(b)
}

// logPage is what stands in a log behind a cursor.
func logPage(log []string, head, after string) string {
	var list []string
	for _, line := range log {
		if at := ids.FindString(line); after == "earliest" || after != "latest" && at > after {
			list = append(list, line)
		}
	}
	return fmt.Sprintf(`{"events":[%s],"next":%q,"head":%q,"floor":%q}`, strings.Join(list, ","), head, head, id(0))
}

// hello is the first that a server says, but for the verdicts of a stream.
func (s *server) hello() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf(`"v":1,"store":%q,"heartbeat_ms":%d,"limits":{"message":65536,"body":65536,"text":4000,"rooms":256},"colour":"red"`, s.store, s.beat)
}

// conn is a connection of a client: a socket or a stream.
type conn struct {
	s      *server
	net    net.Conn
	stream *stream       // nil for a socket
	lists  bool          // a stream of the list of rooms
	gone   chan struct{} // closed when it has ended
	closed atomic.Bool   // a socket: a close frame was sent
	mu     sync.Mutex
}

// write writes bytes, in as many pieces as there are.
func (c *conn) write(pieces ...[]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range pieces {
		_, _ = c.net.Write(p) // one who has gone will come back
	}
}

func (s *server) add(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
}

// cut ends a connection as a broken network does.
func (c *conn) cut() {
	_ = c.net.Close()
	c.s.set(func() { delete(c.s.conns, c) })
}
