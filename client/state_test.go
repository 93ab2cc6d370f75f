package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat/client"
)

// scripted answers the first attempt to connect as a test says, and leaves those that
// follow without an answer.
func scripted(first http.HandlerFunc) func(http.Handler) http.Handler {
	attempts := 0
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/ws") && !strings.HasSuffix(r.URL.Path, "/me/events") {
				h.ServeHTTP(w, r)
				return
			}
			if attempts++; attempts == 1 {
				first(w, r)
				return
			}
			<-r.Context().Done()
		})
	}
}

const greeting = `{"v":1,"store":"x","user":{"id":"ann","name":"Ann"},"heartbeat_ms":15000}`

// socketThen says hello over a socket, and a second later what is said then. It leaves
// the socket open.
func socketThen(then []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := ws.HTTPUpgrader{Protocol: func(string) bool { return true }}.Upgrade(r, w)
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = conn.Write(ws.MustCompileFrame(ws.NewTextFrame([]byte(`{"hello":` + greeting + `}`))))
			time.Sleep(time.Second)
			_, _ = conn.Write(then)
			buf := make([]byte, 100)
			for err == nil {
				_, err = conn.Read(buf)
			}
		}()
	}
}

func closing(code int) http.HandlerFunc {
	return socketThen(ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(code), "so it is"))))
}

// streamThen says hello over a stream, and a second later the end; none is silence.
func streamThen(reason string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "retry: 1000\n\nevent: chat.hello\ndata: %s\n\n", greeting)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Second)
		if reason != "" {
			fmt.Fprintf(w, "event: chat.end\ndata: {\"reason\":%q}\n\n", reason)
			return
		}
		<-r.Context().Done()
	}
}

// What is wrong is told in a word, which is the same over both transports.
func TestState_tellsWhyInAWord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, code string
		as         client.Transport
		phase      client.Phase
		first      http.HandlerFunc
	}{
		{"1001", "draining", client.WebSocket, client.Reconnecting, closing(1001)},
		{"1012", "draining", client.WebSocket, client.Reconnecting, closing(1012)},
		{"4401", "expired", client.WebSocket, client.Reconnecting, closing(4401)},
		{"4408", "too_slow", client.WebSocket, client.Reconnecting, closing(4408)},
		{"4429", "too_many", client.WebSocket, client.Reconnecting, closing(4429)},
		{"4403", "forbidden", client.WebSocket, client.Closed, closing(4403)},
		{"1008", "protocol", client.WebSocket, client.Closed, closing(1008)},
		{"1011", "lost", client.WebSocket, client.Reconnecting, closing(1011)},
		{"a frame that is none", "lost", client.WebSocket, client.Reconnecting, socketThen([]byte{0x82, 0})},
		{"silence", "timeout", client.WebSocket, client.Reconnecting, socketThen(nil)},
		{"draining", "draining", client.Streams, client.Reconnecting, streamThen("draining")},
		{"expired", "expired", client.Streams, client.Reconnecting, streamThen("expired")},
		{"too many", "too_many", client.Streams, client.Reconnecting, streamThen("too_many")},
		{"a new word", "tired", client.Streams, client.Reconnecting, streamThen("tired")},
		{"no stream", "timeout", client.Streams, client.Reconnecting, streamThen("")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, scripted(test.first))
				c := b.dial("Ann", &client.Options{Transport: test.as, MinDelay: 24 * time.Hour, MaxDelay: 24 * time.Hour})
				if s := c.State(); s.Code() != "" || s.Phase != client.Connected {
					t.Errorf("while it is connected, %s is because of %q", s.Phase, s.Code())
				}
				var s client.State
				for s = range c.States(t.Context()) {
					if s.Phase != client.Connected {
						break
					}
				}
				if s.Phase != test.phase || s.Code() != test.code {
					t.Errorf("it is %s because of %q, not %s because of %q: %v", s.Phase, s.Code(), test.phase, test.code, s.Reason)
				}
				var l *client.Lost
				if !errors.As(s.Reason, &l) || l.Code() != test.code {
					t.Errorf("the reason is %v", s.Reason)
				}
				_ = c.Close()
				if s := c.State(); s.Code() != "closed" && test.phase != client.Closed {
					t.Errorf("in the end it is because of %q", s.Code())
				}
			})
		})
	}
}

// So is what keeps a client from its first connection.
func TestDial_tellsWhyInAWord(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, status) }
	}
	token := client.Token("")
	for _, test := range []struct {
		name, code string
		token      func(context.Context) (string, error)
		h          http.HandlerFunc
	}{
		{"a page", "blocked", token, answer(200, "Welcome to this hotel.")},
		{"a proxy", "http_502", token, answer(502, "bad gateway")},
		{"a problem", "shutting_down", token, answer(503, `{"code":"shutting_down","status":503}`)},
		{"no answer", "timeout", token, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"no token", "token", func(context.Context) (string, error) { return "", errors.New("none today") }, answer(200, "")},
	} {
		for _, as := range transports {
			t.Run(test.name+"/"+string(as), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := inBubble(t, func(http.Handler) http.Handler { return test.h })
					hc := &http.Client{Transport: &http.Transport{DialContext: b.connect}}
					defer hc.CloseIdleConnections()
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					_, err := client.Dial(ctx, "http://chat/api", &client.Options{Transport: as, Token: test.token, HTTPClient: hc})
					s, waited := client.State{Reason: err}, errors.Is(err, context.DeadlineExceeded)
					if s.Code() != test.code || waited == (test.code == "blocked") { // at first that is a wrong address
						t.Errorf("it is %q, not %q: %v", s.Code(), test.code, err)
					}
				})
			})
		}
	}
}

func TestCursor_tellsItsEventAndStore(t *testing.T) {
	t.Parallel()
	const id = "01K6ABCDEFGHJKMNPQRSTVWXYZ"
	for cursor, want := range map[client.Cursor][2]string{
		id:                                  {id, ""},
		client.Cursor(strings.ToLower(id)):  {id, ""},
		client.Cursor("some/store/" + id):   {id, "some/store"},
		client.Earliest:                     {"", ""},
		client.Latest:                       {"", ""},
		"":                                  {"", ""},
		"no cursor":                         {"", ""},
		"store/" + client.Earliest:          {"", "store"},
		client.Cursor("store/8" + id[1:]):   {"", "store"},
		client.Cursor("store/" + id[1:]):    {"", "store"},
		client.Cursor("store/U" + id[1:25]): {"", "store"},
	} {
		if got := [2]string{string(cursor.ID()), cursor.Store()}; got != want {
			t.Errorf("the cursor %q is of %q", cursor, got)
		}
	}
	s := serve(t, setup{})
	e := must[client.Event](t)(s.dial("ann", quick(client.WebSocket)).Room("general").Post(within(t), "Hello."))
	if c := e.Cursor(); c.ID() != e.ID || c.Store() != s.chat.StoreID() {
		t.Errorf("the event %s has the cursor %q", e.ID, c)
	}
}
