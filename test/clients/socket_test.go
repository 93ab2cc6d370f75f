package clients_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

// textFrame returns a text message as it goes over the wire.
func textFrame(text string) []byte { return ws.MustCompileFrame(ws.NewTextFrame([]byte(text))) }

// close begins to close a socket. Its client answers, and then it ends.
func (c *conn) close(code int, reason string) {
	c.closed.Store(true)
	c.write(ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(code), reason))))
}

var closeCodes = map[string]int{"draining": 1012, "expired": 4401, "too_many": 4429, "forbidden": 4403}

// serveSocket opens a socket, says hello and then does what is asked, until the end.
func (s *server) serveSocket(w http.ResponseWriter, r *http.Request, refuse *refusal) {
	up := ws.HTTPUpgrader{Protocol: func(p string) bool { return p == "chat.v1.json" }}
	raw, _, _, err := up.Upgrade(r, w)
	if err != nil {
		s.t.Errorf("upgrade: %v", err)
		return
	}
	defer raw.Close()
	c := &conn{s: s, net: raw, gone: make(chan struct{})}
	defer close(c.gone)
	s.add(c)
	if refuse != nil {
		c.close(closeCodes[refuse.end], refuse.end)
	} else {
		c.write(textFrame(`{"hello":{"user":{"id":"ann","name":"Ann"},` + s.hello() + `}}`))
	}
	for {
		h, err := ws.ReadHeader(raw)
		if err != nil {
			return
		}
		if !h.Masked || !h.Fin || h.Length > 64<<10 {
			s.t.Errorf("the client sends %+v", h)
			return
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(raw, payload); err != nil {
			return
		}
		ws.Cipher(payload, h.Mask, 0)
		switch h.OpCode {
		case ws.OpPong:
			s.pongs <- string(payload)
		case ws.OpClose:
			if !c.closed.Load() {
				c.write(ws.MustCompileFrame(ws.NewCloseFrame(payload)))
			}
			return
		case ws.OpText:
			fields := map[string]any{}
			if err := json.Unmarshal(payload, &fields); err != nil {
				s.t.Errorf("the client sends %q: %v", payload, err)
				return
			}
			s.request(c, fields)
		default:
			s.t.Errorf("the client sends %+v", h)
		}
	}
}

// request takes what a client asks over a socket.
func (s *server) request(c *conn, fields map[string]any) {
	word := func(name string) string { text, _ := fields[name].(string); return text }
	re, op, room := word("id"), word("op"), word("room")
	ok := func() { c.write(textFrame(fmt.Sprintf(`{"re":%q,"ok":{}}`, re))) }
	s.mu.Lock()
	deaf, missing := s.deaf, s.missing[room]
	s.mu.Unlock()
	switch {
	case deaf && op == "ping":
	case op == "ping", op == "unsubscribe", op == "unwatch_rooms", op == "auth":
		ok()
	case op == "watch_rooms":
		ok()
		s.lists <- c
	case missing:
		c.write(textFrame(fmt.Sprintf(`{"re":%q,"error":%s}`, re, problem(404, "room_not_found", 0))))
	case op == "subscribe":
		waiting(s, s.feeds, room) <- &feed{room: room, after: word("after"), store: word("store"), conn: c, re: re, at: time.Now()}
	default:
		a := &ask{op: op, key: word("key"), fields: fields, at: time.Now()}
		a.answer = func(is answer) { c.answer(re, is) }
		waiting(s, s.asked, room) <- a
	}
}

// answer answers a request as HTTP would.
func (c *conn) answer(re string, is answer) {
	body := is.body
	switch {
	case is.status >= 400:
		body = `"error":` + body
	case strings.Contains(body, `"type":`):
		body = fmt.Sprintf(`"ok":{"event":%s,"replayed":%v}`, body, is.replay)
	case body == "":
		body = `"ok":{}`
	default:
		body = `"ok":` + body
	}
	frame := textFrame(fmt.Sprintf(`{"re":%q,%s}`, re, body))
	switch {
	case is.half:
		c.write(frame[:len(frame)/2])
		c.cut()
	case is.cut:
		c.cut()
	default:
		c.write(frame)
	}
}
