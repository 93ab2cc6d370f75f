package wiretest

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// Socket is a client of a WebSocket that can also do what it should not.
type Socket struct {
	t    testing.TB
	Conn net.Conn
	in   *bufio.Reader
}

// Message is a text frame from the server.
type Message struct {
	Raw    string                                `json:"-"`
	Re     *string                               `json:"re"`
	OK     json.RawMessage                       `json:"ok"`
	Error  *Problem                              `json:"error"`
	Hello  json.RawMessage                       `json:"hello"`
	Room   string                                `json:"room"`
	Events []json.RawMessage                     `json:"events"`
	Live   string                                `json:"live"`
	Reset  *struct{ Reason, Floor, Head string } `json:"reset"`
	End    *struct{ Reason string }              `json:"end"`
	Signal string                                `json:"signal"`
	Data   json.RawMessage                       `json:"data"`
}

// Problem is a refusal.
type Problem struct {
	Code       string `json:"code"`
	RetryAfter int    `json:"retry_after"` // seconds
}

// Socket opens a socket and reads its hello.
func (s *Server) Socket(token string) *Socket {
	s.t.Helper()
	k := s.RawSocket(token)
	if m := k.Next(); m.Hello == nil {
		s.t.Fatalf("first frame is %s", m.Raw)
	}
	return k
}

// RawSocket opens a socket.
func (s *Server) RawSocket(token string) *Socket {
	s.t.Helper()
	d := ws.Dialer{
		Timeout:   Patience,
		Protocols: []string{"chat.v1.json"},
		Header:    ws.HandshakeHeaderHTTP(http.Header{"Authorization": {"Bearer " + token}}),
	}
	conn, in, hs, err := d.Dial(context.Background(), "ws://"+s.Addr+"/api/ws")
	if err != nil {
		s.t.Fatal(err)
	}
	if hs.Protocol != "chat.v1.json" {
		s.t.Fatalf("subprotocol is %q", hs.Protocol)
	}
	s.t.Cleanup(func() { conn.Close() })
	if in == nil {
		in = bufio.NewReader(conn)
	}
	return &Socket{t: s.t, Conn: conn, in: in}
}

// Write writes bytes as they are.
func (k *Socket) Write(b []byte) {
	k.t.Helper()
	if _, err := k.Conn.Write(b); err != nil {
		k.t.Fatal(err)
	}
}

// WriteFrame writes a frame, masked.
func (k *Socket) WriteFrame(f ws.Frame) {
	k.t.Helper()
	k.Write(ws.MustCompileFrame(ws.MaskFrame(f)))
}

// Send sends a text message.
func (k *Socket) Send(text string) {
	k.t.Helper()
	k.WriteFrame(ws.NewTextFrame([]byte(text)))
}

// ReadFrame reads the next frame of any kind.
func (k *Socket) ReadFrame() (ws.OpCode, []byte, error) {
	_ = k.Conn.SetReadDeadline(time.Now().Add(Patience))
	h, err := ws.ReadHeader(k.in)
	if err != nil {
		return 0, nil, err
	}
	if err := ws.CheckHeader(h, ws.StateClientSide); err != nil {
		return 0, nil, err
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(k.in, payload)
	return h.OpCode, payload, err
}

// Next reads the next text frame that is not a signal, which come when they come;
// pings are answered.
func (k *Socket) Next() Message {
	k.t.Helper()
	for {
		if m := k.next(); m.Signal == "" {
			return m
		}
	}
}

// NextMessage reads the next text frame, whatever it is; pings are answered.
func (k *Socket) NextMessage() Message {
	k.t.Helper()
	return k.next()
}

// NextSignal reads up to the next signal of the name, or of any name if that is
// empty; all else is passed over.
func (k *Socket) NextSignal(name string) Message {
	k.t.Helper()
	for {
		if m := k.next(); m.Signal == name && name != "" || m.Signal != "" && name == "" {
			return m
		}
	}
}

func (k *Socket) next() Message {
	k.t.Helper()
	for {
		op, payload, err := k.ReadFrame()
		switch {
		case err != nil:
			k.t.Fatalf("socket: %v", err)
		case op == ws.OpPing:
			k.WriteFrame(ws.NewPongFrame(payload))
			continue
		case op != ws.OpText:
			k.t.Fatalf("frame is a %d: %q", op, payload)
		}
		m := Message{Raw: string(payload)}
		if err := json.Unmarshal(payload, &m); err != nil {
			k.t.Fatalf("frame %q: %v", payload, err)
		}
		return m
	}
}

// Ask sends a request and reads up to its answer. What comes before it is
// returned too.
func (k *Socket) Ask(id, request string) (answer Message, before []Message) {
	k.t.Helper()
	k.Send(request)
	for {
		m := k.Next()
		if m.Re != nil && *m.Re == id {
			return m, before
		}
		before = append(before, m)
	}
}

// WantOK sends a request and fails the test unless it is granted.
func (k *Socket) WantOK(id, request string) Message {
	k.t.Helper()
	m, _ := k.Ask(id, request)
	if m.OK == nil {
		k.t.Fatalf("request %s is answered %s", request, m.Raw)
	}
	return m
}

// WantClose reads to the close frame and returns its code; other frames on the
// way are dropped. It then closes the connection.
func (k *Socket) WantClose() int {
	k.t.Helper()
	for {
		op, payload, err := k.ReadFrame()
		if err != nil {
			k.t.Fatalf("socket ended without a close frame: %v", err)
		}
		if op != ws.OpClose {
			continue
		}
		k.Conn.Close()
		if len(payload) < 2 {
			return 1005
		}
		return int(binary.BigEndian.Uint16(payload))
	}
}
