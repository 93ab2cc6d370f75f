package ws_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// wantLost fails the test unless the server ends the connection.
func wantLost(t *testing.T, k *wiretest.Socket) {
	t.Helper()
	_ = k.Conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
	_, err := io.Copy(io.Discard, k.Conn)
	if err, is := err.(net.Error); is && err.Timeout() {
		t.Error("the socket is still open")
	}
}

func TestAMessageThatNeverEnds_endsTheSocket(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{IdleTimeout: 300 * time.Millisecond}})
	_, token := s.User("Ann")
	text := masked(ws.OpText, true, strings.Repeat(" ", 1000))
	for name, pieces := range map[string][][]byte{
		"header":      {text[:1], text[1:2], text[2:3], text[3:4]},
		"payload":     {text[:20], text[20:21], text[21:22], text[22:23]},
		"fragments":   {masked(ws.OpText, false, "{"), masked(ws.OpContinuation, false, " ")},
		"empty ones":  {masked(ws.OpText, false, ""), masked(ws.OpContinuation, false, "")},
		"with pings":  {masked(ws.OpText, false, "{"), masked(ws.OpPing, true, "x")},
		"with pongs":  {masked(ws.OpText, false, "{"), masked(ws.OpPong, true, "")},
		"a slow ping": {masked(ws.OpPing, true, strings.Repeat("x", 100))[:7], {1}, {2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := s.In(t).Socket(token)
			ended := make(chan struct{})
			go func() { // one piece in a while, the last of them again and again
				defer close(ended)
				for i := 0; ; i++ {
					if _, err := k.Conn.Write(pieces[min(i, len(pieces)-1)]); err != nil {
						return
					}
					if i >= len(pieces) && (name == "header" || name == "payload" || name == "a slow ping") && i > 50 {
						return // these would be complete at some time
					}
					time.Sleep(20 * time.Millisecond)
				}
			}()
			wantLost(t, k)
			<-ended
		})
	}
}

// descriptors counts the open files and connections of the process.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors cannot be counted here")
	}
	return len(list)
}

func TestSockets_leaveNothingBehindHoweverTheyEnd(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{
		ConnectionsPerUser: 5, IdleTimeout: 1500 * time.Millisecond, Heartbeat: 50 * time.Millisecond,
	}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	_ = s.Socket(token).Conn.Close() // what is made once is made
	s.Call("GET", "/me", token, "")
	settled := func() (int, int) { return runtime.NumGoroutine(), descriptors(t) }
	s.HTTP.Client().CloseIdleConnections()
	var goroutines, files int
	wiretest.Eventually(t, "the first is gone", func() bool {
		g, f := settled()
		same := g == goroutines && f == files
		goroutines, files = g, f
		time.Sleep(20 * time.Millisecond)
		return same
	})
	for name, end := range map[string]func(*wiretest.Socket){
		"closes":       func(k *wiretest.Socket) { k.Write(closeFrame(1000, "")); k.WantClose() },
		"breaks rules": func(k *wiretest.Socket) { k.Write(masked(ws.OpBinary, true, "x")); k.WantClose() },
		"goes":         func(k *wiretest.Socket) { k.Conn.Close() },
		"is cut":       func(k *wiretest.Socket) { _ = k.Conn.(*net.TCPConn).SetLinger(0); k.Conn.Close() },
		"says nothing": func(k *wiretest.Socket) { wantLost(t, k); k.Conn.Close() },
		"goes in the midst of a frame": func(k *wiretest.Socket) {
			k.Write(header(byte(ws.OpText), 1000))
			k.Conn.Close()
		},
		"never answers a close": func(k *wiretest.Socket) {
			k.Write(masked(ws.OpText, true, "\xff"))
			wantLost(t, k)
			k.Conn.Close()
		},
	} {
		var sockets []*wiretest.Socket
		for range 8 { // three of them too many
			k := s.RawSocket(token)
			op, payload, err := k.ReadFrame()
			if err != nil {
				t.Fatal(err)
			}
			if op == ws.OpClose {
				if code := int(payload[0])<<8 | int(payload[1]); code != 4429 {
					t.Errorf("one too many is closed with %d", code)
				}
				k.Conn.Close()
				continue
			}
			k.Send(`{"op":"subscribe","room":"general","after":"earliest"}`)
			sockets = append(sockets, k)
		}
		if len(sockets) != 5 {
			t.Fatalf("%d sockets are open, of 5 allowed", len(sockets))
		}
		for _, k := range sockets {
			end(k)
		}
		wiretest.Eventually(t, name+": goroutines and descriptors are gone", func() bool {
			g, f := settled()
			return g <= goroutines && f <= files
		})
	}
}

func TestAHookThatEndsItsGoroutine_endsTheSocketAlone(t *testing.T) {
	var exits atomic.Value // what the hooks exit at
	exits.Store("")
	ann := chat.User{ID: "ann", Name: "Ann"}
	at := func(what string) {
		if exits.Load() == what {
			runtime.Goexit()
		}
	}
	s := wiretest.New(t, wiretest.Setup{
		Options: transport.Options{Heartbeat: 20 * time.Millisecond},
		Auth: func(r *http.Request) (transport.Grant, error) {
			if r.Header.Get("Authorization") == "Bearer bad" {
				at("auth")
			}
			return transport.Grant{User: ann, May: func(a transport.Action, _ string) error {
				at(string(a))
				return nil
			}}, nil
		},
	})
	s.Post("general", ann, "hello")
	before := runtime.NumGoroutine()
	for what, request := range map[string]string{
		"post": `{"id":"1","op":"post","room":"general","text":"a"}`,
		"auth": `{"id":"1","op":"auth","token":"bad"}`,
		"read": `{"id":"1","op":"subscribe","room":"general"}`,
	} {
		k := s.Socket("x")
		exits.Store(what)
		head := s.Chat.Head()
		k.Send(request)
		wantLost(t, k)
		k.Conn.Close()
		if s.Chat.Head() != head {
			t.Errorf("%s was let through", what)
		}
		exits.Store("")
	}
	k := s.Socket("x")
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
	exits.Store("read") // at the next heartbeat
	wantLost(t, k)
	k.Conn.Close()
	exits.Store("")
	wiretest.Eventually(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before })
	s.Call("POST", "/rooms/general/messages", "x", `{"text":"a"}`).Want(201)
}

func TestHandshake_hasNoBody(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /api/ws HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="+
		"\r\nContent-Length: 5\r\n\r\nhello")
	_ = conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
	b := make([]byte, 12)
	if _, err := io.ReadFull(conn, b); err != nil || !bytes.Equal(b, []byte("HTTP/1.1 400")) {
		t.Errorf("the answer is %q, %v", b, err)
	}
}
