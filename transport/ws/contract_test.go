package ws_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	gobwas "github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
	"github.com/roomlog/chat/transport/transporttest"
	"github.com/roomlog/chat/transport/ws"
)

func TestContract(t *testing.T) {
	transporttest.Run(t, transporttest.Transport{
		Name: "WebSocket",
		Serve: func(t testing.TB, c *chat.Chat, auth transport.Auth, o *transport.Options) transporttest.Server {
			h := ws.New(c, auth, o)
			srv := httptest.NewServer(h)
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), wiretest.Patience)
				defer cancel()
				_ = h.Drain(ctx) // a socket that is stuck is cut
				srv.Close()
			})
			return &server{Handler: h, address: srv.Listener.Addr().String()}
		},
		OneRoom: "each room of a socket has a cursor of its own",
	})
}

// server opens sockets that are subscribed to one room.
type server struct {
	*ws.Handler
	address string
}

func (s *server) Open(ctx context.Context, q transporttest.Query) (transporttest.Reader, error) {
	header := http.Header{}
	if q.Credentials != "" {
		header.Set("Authorization", "Bearer "+q.Credentials)
	}
	var refused error
	d := gobwas.Dialer{
		NetDial: q.Dial,
		Header:  gobwas.HandshakeHeaderHTTP(header),
		OnStatusError: func(_ int, _ []byte, answer io.Reader) {
			refused = problemOf(answer)
		},
	}
	conn, in, _, err := d.Dial(ctx, "ws://"+s.address+"/")
	if err != nil {
		if refused != nil {
			err = refused
		}
		return nil, err
	}
	if in == nil {
		in = bufio.NewReader(conn)
	}
	r := &reader{conn: conn, in: in, room: q.Rooms[0]}
	if err := r.begin(ctx, q); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return r, nil
}

// problemOf reads an answer that refuses the upgrade.
func problemOf(answer io.Reader) error {
	resp, err := http.ReadResponse(bufio.NewReader(answer), nil)
	if err != nil {
		return err
	}
	p := new(transport.Problem)
	if err := json.NewDecoder(resp.Body).Decode(p); err != nil {
		return fmt.Errorf("status %d: %w", resp.StatusCode, err)
	}
	return p
}

// reader is a socket that is subscribed to one room.
type reader struct {
	conn  net.Conn
	in    *bufio.Reader
	room  string
	queue []transporttest.Frame // of messages that have been read
}

// message is what a socket is sent.
type message struct {
	Hello  json.RawMessage
	Re     string
	OK     *position
	Error  *transport.Problem
	Room   string
	Events []json.RawMessage
	Live   string
	Reset  *position
	End    *struct{ Reason string }
	Signal string
	Data   json.RawMessage
}

// position is where a reader stands.
type position struct {
	Verdict     transport.Verdict
	Reason      string
	Head, Floor chat.ID
}

// begin subscribes to the room, and reads up to the answer.
func (r *reader) begin(ctx context.Context, q transporttest.Query) error {
	deadline, _ := ctx.Deadline()
	_ = r.conn.SetWriteDeadline(deadline)
	request := map[string]string{"id": "1", "op": "subscribe", "room": q.Rooms[0]}
	if q.After != "" {
		request["after"] = q.After
	}
	if q.Store != "" {
		request["store"] = q.Store
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if err := r.write(gobwas.NewTextFrame(text)); err != nil {
		return err
	}
	for len(r.queue) == 0 {
		f, err := r.read(ctx)
		if err != nil {
			return err
		}
		if len(f) > 0 && f[0].Kind == transporttest.Ping { // it is of the socket, not of the room
			continue
		}
		r.queue = append(f, r.queue...)
	}
	return nil
}

func (r *reader) write(f gobwas.Frame) error {
	return gobwas.WriteFrame(r.conn, gobwas.MaskFrame(f))
}

// Close closes the socket with 1000, and does not wait for the answer.
func (r *reader) Close() error {
	_ = r.write(gobwas.NewCloseFrame(gobwas.NewCloseFrameBody(gobwas.StatusNormalClosure, "")))
	return ignoreClosed(r.conn.Close())
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Next returns the next frame of the room.
func (r *reader) Next(ctx context.Context) (transporttest.Frame, error) {
	for len(r.queue) == 0 {
		var err error
		if r.queue, err = r.read(ctx); err != nil {
			return transporttest.Frame{}, err
		}
	}
	f := r.queue[0]
	r.queue = r.queue[1:]
	return f, nil
}

// reasons are what close codes say in the words of the contract.
var reasons = map[gobwas.StatusCode]string{1012: "draining", 4401: "expired", 4429: "too_many"}

// read reads one frame of the socket.
func (r *reader) read(ctx context.Context) ([]transporttest.Frame, error) {
	deadline, _ := ctx.Deadline()
	_ = r.conn.SetDeadline(deadline)
	h, err := gobwas.ReadHeader(r.in)
	if err != nil {
		return nil, err
	}
	if err := gobwas.CheckHeader(h, gobwas.StateClientSide); err != nil || !h.Fin {
		return nil, fmt.Errorf("header %+v: %w", h, err)
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(r.in, payload); err != nil {
		return nil, err
	}
	switch h.OpCode {
	case gobwas.OpPing:
		return []transporttest.Frame{{Kind: transporttest.Ping}}, r.write(gobwas.NewPongFrame(payload))
	case gobwas.OpClose:
		code, text := gobwas.ParseCloseFrameData(payload)
		reason := reasons[code]
		if reason == "" {
			return nil, fmt.Errorf("socket is closed with %d %s", code, text)
		}
		_ = r.write(gobwas.NewCloseFrame(payload))
		return []transporttest.Frame{{Kind: transporttest.End, Reason: reason}}, nil
	case gobwas.OpText:
		return r.frames(payload)
	}
	return nil, fmt.Errorf("frame of opcode %d: %q", h.OpCode, payload)
}

// frames are what a message says.
func (r *reader) frames(text []byte) (frames []transporttest.Frame, err error) {
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("message %.200q: %w", text, err)
	}
	if m.Room != "" && m.Room != r.room {
		return nil, fmt.Errorf("message of a room that was not asked for: %.200q", text)
	}
	switch {
	case m.Hello != nil:
		return nil, nil
	case m.Error != nil:
		return nil, m.Error
	case m.Re == "1" && m.OK != nil:
		return []transporttest.Frame{{Kind: transporttest.Hello, Verdict: m.OK.Verdict, Standings: []transport.Standing{
			{Room: r.room, Verdict: m.OK.Verdict, Head: m.OK.Head, Floor: m.OK.Floor},
		}}}, nil
	case m.Reset != nil:
		return []transporttest.Frame{{
			Kind: transporttest.Reset, Room: m.Room, Reason: m.Reset.Reason, Head: m.Reset.Head, Floor: m.Reset.Floor,
		}}, nil
	case m.Live != "":
		return []transporttest.Frame{{Kind: transporttest.Live, Cursor: m.Live}}, nil
	case m.Signal != "":
		return []transporttest.Frame{{Kind: transporttest.Signal, Room: m.Room, Name: m.Signal, JSON: m.Data}}, nil
	case m.End != nil:
		return []transporttest.Frame{{Kind: transporttest.End, Room: m.Room, Reason: m.End.Reason}}, nil
	}
	for _, event := range m.Events {
		var e struct{ ID string }
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		frames = append(frames, transporttest.Frame{Kind: transporttest.Event, JSON: event, Cursor: e.ID})
	}
	if frames == nil {
		return nil, fmt.Errorf("message says nothing: %.200q", text)
	}
	return frames, nil
}
