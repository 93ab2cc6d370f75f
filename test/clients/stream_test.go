package clients_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// stream is what is to be said of one before anything else.
type stream struct {
	rooms    []string          // that have not been heard yet
	verdicts map[string]string // of those that have, as JSON
	resets   string            // frames behind the hello
	own      string            // all that it begins with, where a case says it
}

// chunk is a piece of a body that has no length.
func chunk(text string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(text), text) }

// serveStream opens a stream. That of the list of rooms begins at once; the others
// when all their rooms were heard.
func (s *server) serveStream(w http.ResponseWriter, r *http.Request, parts []string, refuse *refusal) {
	rooms := r.URL.Query()["room"]
	if len(parts) == 3 {
		rooms = []string{parts[1]}
	}
	st := &stream{verdicts: map[string]string{}}
	s.mu.Lock()
	for _, room := range rooms {
		if s.missing[room] {
			st.verdicts[room] = `{"verdict":"not_found"}`
		} else {
			st.rooms = append(st.rooms, room)
		}
	}
	s.mu.Unlock()
	list := parts[0] == "me"
	if len(st.rooms) == 0 && !list {
		write(w, answer{status: 404, body: problem(404, "room_not_found", 0)})
		return
	}
	raw, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.t.Errorf("hijack: %v", err)
		return
	}
	defer raw.Close()
	c := &conn{s: s, net: raw, stream: st, lists: list, gone: make(chan struct{})}
	defer close(c.gone)
	s.add(c)
	c.write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"))
	switch {
	case refuse != nil:
		c.write(chunk(fmt.Sprintf("retry: %d\n\n", refuse.retry)+sse("chat.end", "", fmt.Sprintf(`{"reason":%q}`, refuse.end))), []byte("0\r\n\r\n"))
		return
	case list:
		c.begin()
		s.lists <- c
	default:
		q := r.URL.Query()
		for _, room := range append([]string(nil), st.rooms...) {
			waiting(s, s.feeds, room) <- &feed{room: room, after: q.Get("after"), store: q.Get("store"), conn: c, at: time.Now()}
		}
	}
	_, _ = raw.Read(make([]byte, 1)) // until the client or a cut ends it
}

// begin says what stands at the beginning.
func (c *conn) begin() {
	st := c.stream
	if st.own != "" {
		c.write(chunk(st.own))
		return
	}
	c.s.mu.Lock()
	retry := c.s.retry
	c.s.mu.Unlock()
	var verdicts []string
	for room, verdict := range st.verdicts {
		verdicts = append(verdicts, fmt.Sprintf("%q:%s", room, verdict))
	}
	c.write(chunk(fmt.Sprintf("retry: %d\n\n", retry) +
		sse("chat.hello", "", fmt.Sprintf(`{"verdict":"fresh","rooms":{%s},%s}`, strings.Join(verdicts, ","), c.s.hello())) + st.resets))
}

// accept answers a subscription: with a verdict, and the reset that follows it.
func (f *feed) accept(verdict string, reset saying) {
	body := fmt.Sprintf(`{"verdict":%q,"head":%q,"floor":%q}`, verdict, id(0), id(0))
	if f.conn.stream == nil {
		f.conn.write(textFrame(fmt.Sprintf(`{"re":%q,"ok":%s}`, f.re, body)))
		for _, frame := range reset.socket {
			f.conn.write(textFrame(frame))
		}
		return
	}
	f.conn.mu.Lock()
	st := f.conn.stream
	st.verdicts[f.room] = body
	st.resets += reset.stream
	for i, room := range st.rooms {
		if room == f.room {
			st.rooms = append(st.rooms[:i], st.rooms[i+1:]...)
			break
		}
	}
	ready := len(st.rooms) == 0
	f.conn.mu.Unlock()
	if ready {
		f.conn.begin()
	}
}
