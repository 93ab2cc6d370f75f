package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/coder/websocket"
)

// Socket is a WebSocket of a client. Its methods must not be called concurrently.
type Socket struct {
	conn *websocket.Conn
	asks int
}

// Socket opens a socket. The caller closes it.
func (c *Client) Socket(ctx context.Context) (*Socket, error) {
	conn, _, err := websocket.Dial(ctx, c.URL+"/ws", &websocket.DialOptions{
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + c.Token}},
		Subprotocols: []string{"chat.v1.json"},
		HTTPClient:   c.HTTP,
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	return &Socket{conn: conn}, nil
}

// Close cuts the connection.
func (s *Socket) Close() { _ = s.conn.CloseNow() }

type reply struct {
	Re     string
	OK     *json.RawMessage
	Error  *struct{ Code string }
	Room   string
	Events []json.RawMessage
	Live   string
	Reset  *json.RawMessage
}

func (s *Socket) read(ctx context.Context) (r reply, err error) {
	_, raw, err := s.conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	return r, err
}

func (s *Socket) write(ctx context.Context, frame map[string]string) error {
	raw, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return s.conn.Write(ctx, websocket.MessageText, raw)
}

// Post posts a message with a key and waits for the answer, on a socket that has
// no subscriptions. Its status is that of a call over HTTP.
func (s *Socket) Post(ctx context.Context, room, key, text string) (Answer, error) {
	s.asks++
	re := fmt.Sprint(s.asks)
	if err := s.write(ctx, map[string]string{"id": re, "op": "post", "room": room, "key": key, "text": text}); err != nil {
		return Answer{}, err
	}
	for {
		r, err := s.read(ctx)
		switch {
		case err != nil:
			return Answer{}, err
		case r.Re != re: // hello
		case r.Error != nil:
			return Answer{Status: http.StatusBadRequest, Code: r.Error.Code}, nil
		case r.OK != nil:
			var ok struct {
				Event    json.RawMessage
				Replayed bool
			}
			err := json.Unmarshal(*r.OK, &ok)
			a := Answer{Status: http.StatusCreated, Replayed: ok.Replayed, Body: ok.Event}
			if ok.Replayed {
				a.Status = http.StatusOK
			}
			return a, err
		default:
			return Answer{}, errors.New("an answer that is neither ok nor an error")
		}
	}
}

// Follow subscribes to each room behind its cursor and hands on what comes, until
// the socket ends or take returns an error, and returns that. It never returns nil.
func (s *Socket) Follow(ctx context.Context, cursors map[string]string, take func(Frame) error) error {
	for room, after := range cursors {
		if err := s.write(ctx, map[string]string{"id": room, "op": "subscribe", "room": room, "after": after}); err != nil {
			return err
		}
	}
	for {
		r, err := s.read(ctx)
		if err != nil {
			return err
		}
		if r.Error != nil {
			return fmt.Errorf("subscribe: %s", r.Error.Code)
		}
		if r.OK != nil {
			var ok struct{ Verdict string }
			if err := json.Unmarshal(*r.OK, &ok); err != nil {
				return err
			}
			if err := take(Frame{Room: r.Re, Verdict: ok.Verdict}); err != nil {
				return err
			}
		}
		for _, raw := range r.Events {
			e, err := ParseEvent(raw)
			if err != nil {
				return err
			}
			if err := take(Frame{Room: r.Room, Event: &e}); err != nil {
				return err
			}
		}
		if r.Live != "" {
			if err := take(Frame{Room: r.Room, Live: r.Live}); err != nil {
				return err
			}
		}
	}
}
