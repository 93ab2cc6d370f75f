package peers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// followCoder follows with sockets of coder/websocket.
func followCoder(ctx context.Context, _ *testing.T, _ *server, readers []*reader) {
	for _, r := range readers {
		go func() {
			cursors := make(map[string]string)
			for _, room := range r.Rooms {
				cursors[room] = r.After
			}
			for ctx.Err() == nil {
				_ = coderSocket(ctx, r, cursors) // it was cut
				select {
				case <-ctx.Done():
				case <-time.After(time.Duration(r.Pause) * time.Millisecond):
				}
			}
		}()
	}
}

// coderSocket opens a socket, subscribes after the cursors, and moves them with
// every frame that it has taken in.
func coderSocket(ctx context.Context, r *reader, cursors map[string]string) error {
	socket, _, err := websocket.Dial(ctx, r.URL, &websocket.DialOptions{
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + r.Token}},
		Subprotocols: []string{"chat.v1.json"},
	})
	if err != nil {
		return err
	}
	defer socket.CloseNow()
	socket.SetReadLimit(1 << 20)
	for {
		_, raw, err := socket.Read(ctx)
		if err != nil {
			return err
		}
		if !json.Valid(raw) {
			// It takes the end of a connection for the end of a message where
			// that falls between two of its reads. Then nothing can follow.
			if _, _, err := socket.Read(ctx); err != nil {
				return err
			}
		}
		r.take(note{Frame: string(raw)})
		var frame struct {
			Hello  *struct{}
			Room   string
			Events []struct{ ID string }
			Live   string
		}
		if err := json.Unmarshal(raw, &frame); err != nil {
			return err // the note has told
		}
		if frame.Hello != nil {
			for room, after := range cursors {
				ask := map[string]string{"id": room, "op": "subscribe", "room": room}
				if after != "" {
					ask["after"] = after
				}
				if err := wsjson.Write(ctx, socket, ask); err != nil {
					return err
				}
			}
		}
		if n := len(frame.Events); n > 0 {
			cursors[frame.Room] = frame.Events[n-1].ID
		}
		if frame.Live != "" {
			cursors[frame.Room] = frame.Live
		}
	}
}
