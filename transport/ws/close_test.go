package ws_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
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

func masked(op ws.OpCode, fin bool, payload string) []byte {
	return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload))))
}

func closeFrame(code uint16, reason string) []byte {
	return masked(ws.OpClose, true, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

// header returns the header of a masked frame that announces a length, and no
// payload.
func header(op byte, length uint64) []byte {
	b := binary.BigEndian.AppendUint64([]byte{0x80 | op, 0x80 | 127}, length)
	return append(b, 1, 2, 3, 4)
}

func TestSocket_closesWithTheCodeOfWhatWasWrong(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	unmasked := ws.MustCompileFrame(ws.NewTextFrame([]byte(`{}`)))
	reserved := masked(ws.OpText, true, `{}`)
	reserved[0] |= 0x40
	for _, test := range []struct {
		name  string
		bytes []byte
		code  int
	}{
		{"not masked", unmasked, 1002},
		{"reserved bit", reserved, 1002},
		{"reserved opcode", masked(0x3, true, ""), 1002},
		{"reserved control opcode", masked(0xb, true, ""), 1002},
		{"continuation of nothing", masked(ws.OpContinuation, true, "x"), 1002},
		{"text within text", append(masked(ws.OpText, false, "x"), masked(ws.OpText, true, "y")...), 1002},
		{"fragmented ping", masked(ws.OpPing, false, ""), 1002},
		{"long ping", masked(ws.OpPing, true, strings.Repeat("x", 126)), 1002},
		{"length of 64 bits", header(byte(ws.OpText), 1<<63), 1002},
		{"binary", masked(ws.OpBinary, true, "x"), 1003},
		{"announced binary", header(byte(ws.OpBinary), 1<<40), 1003},
		{"not UTF-8", masked(ws.OpText, true, "\xff"), 1007},
		{"UTF-8 cut at the end", masked(ws.OpText, true, "\xc3"), 1007},
		{"announced too big", header(byte(ws.OpText), 64<<10+1), 1009},
		{"announced far too big", header(byte(ws.OpText), 1<<62), 1009},
		{"too big in fragments", append(masked(ws.OpText, false, strings.Repeat("x", 40<<10)), header(byte(ws.OpContinuation), 40<<10)...), 1009},

		{"close without a code", masked(ws.OpClose, true, ""), 1005},
		{"close 1000", closeFrame(1000, "bye"), 1000},
		{"close 1001", closeFrame(1001, ""), 1001},
		{"close 1012", closeFrame(1012, ""), 1012},
		{"close 3000", closeFrame(3000, ""), 3000},
		{"close 4999", closeFrame(4999, ""), 4999},
		{"close of one byte", masked(ws.OpClose, true, "\x03"), 1002},
		{"close 999", closeFrame(999, ""), 1002},
		{"close 1004", closeFrame(1004, ""), 1002},
		{"close 1005", closeFrame(1005, ""), 1002},
		{"close 1006", closeFrame(1006, ""), 1002},
		{"close 1013", closeFrame(1013, ""), 1013},
		{"close 1014", closeFrame(1014, ""), 1014},
		{"close 1015", closeFrame(1015, ""), 1002},
		{"close 1016", closeFrame(1016, ""), 1002},
		{"close 2000", closeFrame(2000, ""), 1002},
		{"close 2999", closeFrame(2999, ""), 1002},
		{"close 5000", closeFrame(5000, ""), 1002},
		{"close 65535", closeFrame(65535, ""), 1002},
		{"close 1012, not UTF-8", closeFrame(1012, "\xff"), 1007},
		{"close, not UTF-8", closeFrame(1000, "\xff"), 1007},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := s.In(t).Socket(token)
			k.Write(test.bytes)
			if code := k.WantClose(); code != test.code {
				t.Errorf("the code is %d, not %d", code, test.code)
			}
		})
	}
}

func TestSocket_takesWhatIsAllowed(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	k := s.Socket(token)
	k.Write(masked(ws.OpText, false, `{"id":"1",`))
	k.Write(masked(ws.OpPing, true, "between"))
	k.Write(masked(ws.OpContinuation, false, ``))
	k.Write(masked(ws.OpPong, true, "unasked"))
	k.Write(masked(ws.OpContinuation, true, `"op":"ping"}`))
	op, payload, err := k.ReadFrame()
	if err != nil || op != ws.OpPong || string(payload) != "between" {
		t.Errorf("the ping is answered with %d %q, %v", op, payload, err)
	}
	if m := k.Next(); m.Re == nil || *m.Re != "1" || m.OK == nil {
		t.Errorf("the fragments are answered %s", m.Raw)
	}
	const head, tail = `{"id":"2","op":"ping"`, `}`
	k.Send(head + strings.Repeat(" ", 64<<10-len(head)-len(tail)) + tail)
	if m := k.Next(); m.Re == nil || *m.Re != "2" {
		t.Errorf("64 KiB are answered %s", m.Raw)
	}
	for _, b := range masked(ws.OpText, true, `{"id":"3","op":"ping"}`) {
		k.Write([]byte{b})
	}
	if m := k.Next(); m.Re == nil || *m.Re != "3" {
		t.Errorf("single bytes are answered %s", m.Raw)
	}
	var many []byte
	for range 100 {
		many = append(many, masked(ws.OpText, true, `{"id":"4","op":"ping"}`)...)
	}
	k.Write(many)
	for range 100 {
		if m := k.Next(); m.Re == nil || *m.Re != "4" {
			t.Fatalf("one of many is answered %s", m.Raw)
		}
	}
}

func TestExpiry_closesASocket(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, _ := s.User("Ann")
	k := s.Socket(s.Guest.Token(ann, time.Now().Add(2*time.Second)))
	if code := k.WantClose(); code != 4401 {
		t.Errorf("the code is %d", code)
	}
}

func TestTooManySockets_areClosed(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{ConnectionsPerUser: 1}})
	_, token := s.User("Ann")
	s.Socket(token)
	if code := s.RawSocket(token).WantClose(); code != 4429 {
		t.Errorf("the code is %d", code)
	}
}

func TestMay_isAskedAtEveryHeartbeat(t *testing.T) {
	t.Parallel()
	ann := chat.User{ID: "ann", Name: "Ann"}
	var banned atomic.Bool
	s := wiretest.New(t, wiretest.Setup{
		Options: transport.Options{Heartbeat: 20 * time.Millisecond, IdleTimeout: wiretest.Patience},
		Auth: func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, May: func(_ transport.Action, room string) error {
				if banned.Load() && room == "a" {
					return errors.New("banned")
				}
				return nil
			}}, nil
		},
	})
	s.Post("a", ann, "one")
	s.Post("b", ann, "one")
	k := s.Socket("x")
	for _, room := range []string{"a", "b"} {
		k.WantOK(room, `{"id":"`+room+`","op":"subscribe","room":"`+room+`"}`)
		k.Next() // live
	}
	banned.Store(true)
	if m := k.Next(); m.Raw != `{"room":"a","end":{"reason":"forbidden"}}` {
		t.Errorf("the frame is %s", m.Raw)
	}
	s.Post("a", ann, "not for us")
	wantEvents(t, k, s.Post("b", ann, "for us")...)
	m, _ := k.Ask("1", `{"id":"1","op":"subscribe","room":"a"}`)
	if m.Error == nil || m.Error.Code != "forbidden" {
		t.Errorf("a new subscription is answered %s", m.Raw)
	}
}

func TestHeartbeat_findsOutWhoIsGone(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{Heartbeat: 20 * time.Millisecond, IdleTimeout: 200 * time.Millisecond}})
	_, token := s.User("Ann")
	silent, lively := s.Socket(token), s.Socket(token)
	go func() { // answers pings, and says nothing else
		for {
			op, payload, err := lively.ReadFrame()
			if err != nil {
				return
			}
			if op == ws.OpPing {
				_, _ = lively.Conn.Write(masked(ws.OpPong, true, string(payload)))
			}
		}
	}()
	pings := 0
	for {
		op, _, err := silent.ReadFrame()
		if err != nil {
			if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the silent one ended with %v", err)
			}
			break
		}
		if op == ws.OpPing {
			pings++
		}
	}
	if pings < 2 {
		t.Errorf("there were %d pings", pings)
	}
	if _, err := lively.Conn.Write(masked(ws.OpPing, true, "still there")); err != nil {
		t.Errorf("the lively one is closed: %v", err)
	}
}

func TestAClientThatTakesNothing_isClosed(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{WriteTimeout: 200 * time.Millisecond}})
	ann, token := s.User("Ann")
	text := strings.Repeat("x", 4000)
	s.Post("general", ann, text)
	before := runtime.NumGoroutine()
	k := s.Socket(token)
	_ = k.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
	for range 500 {
		s.Post("general", ann, text)
	}
	wiretest.Eventually(t, "the socket is closed", func() bool { return runtime.NumGoroutine() <= before })
}

func TestAClientThatTakesLittle_isNotClosed(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{WriteTimeout: time.Second}})
	ann, token := s.User("Ann")
	text := strings.Repeat("x", 4000)
	s.Post("general", ann, "first")
	k := s.Socket(token)
	_ = k.Conn.(*net.TCPConn).SetReadBuffer(32 << 10)
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
	want := s.Post("general", ann, slicesRepeat(text, 120)...)
	slow := bufio.NewReader(readerFunc(func(p []byte) (int, error) {
		time.Sleep(40 * time.Millisecond)
		return k.Conn.Read(p[:min(len(p), 4<<10)])
	}))
	began, n := time.Now(), 0
	for n < len(want) {
		_ = k.Conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
		h, err := ws.ReadHeader(slow)
		if err != nil {
			t.Fatalf("after %s and %d events: %v", time.Since(began), n, err)
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(slow, payload); err != nil {
			t.Fatalf("after %s and %d events: %v", time.Since(began), n, err)
		}
		n += strings.Count(string(payload), `"type":"MessagePosted"`)
	}
	if time.Since(began) < 2*time.Second {
		t.Errorf("it took %s: the test shows nothing", time.Since(began))
	}
}

func TestAClientThatAsksAndNeverListens_isStopped(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{WriteTimeout: 300 * time.Millisecond, NoLimits: true}})
	ann, token := s.User("Ann")
	s.Post("general", ann, slicesRepeat(strings.Repeat("x", 4000), 200)...)
	before := runtime.NumGoroutine()
	k := s.Socket(token)
	_ = k.Conn.SetWriteDeadline(time.Now().Add(wiretest.Patience))
	for {
		if _, err := k.Conn.Write(masked(ws.OpText, true, `{"id":"1","op":"history","room":"general","limit":200}`)); err != nil {
			break
		}
	}
	wiretest.Eventually(t, "the socket is closed", func() bool { return runtime.NumGoroutine() <= before })
}

func TestDrain_closesSocketsWithRestart(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	before := runtime.NumGoroutine()
	var sockets []*wiretest.Socket
	for range 10 {
		k := s.Socket(token)
		k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
		sockets = append(sockets, k)
	}
	frozen := s.Socket(token) // which answers no close frame
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	drained := make(chan error)
	go func() { drained <- s.API.Drain(ctx) }()
	for _, k := range sockets {
		if code := k.WantClose(); code != 1012 {
			t.Errorf("the code is %d", code)
		}
	}
	if err := <-drained; err != nil {
		t.Errorf("drain: %v", err)
	}
	frozen.Conn.Close()
	s.Call("GET", "/ws", token, "", "Connection", "Upgrade", "Upgrade", "websocket",
		"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==").WantProblem(503, "shutting_down")
	s.HTTP.Client().CloseIdleConnections()
	wiretest.Eventually(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before })
}

func TestDrain_answersWhatItHasTaken(t *testing.T) {
	t.Parallel()
	ann := chat.User{ID: "ann", Name: "Ann"}
	taken, release := make(chan struct{}), make(chan struct{})
	s := wiretest.New(t, wiretest.Setup{Auth: func(*http.Request) (transport.Grant, error) {
		return transport.Grant{User: ann, May: func(transport.Action, string) error {
			close(taken)
			<-release
			return nil
		}}, nil
	}})
	s.Post("general", ann, "one")
	k := s.Socket("x")
	k.Send(`{"id":"1","op":"post","room":"general","text":"two"}`)
	<-taken
	drained := make(chan error)
	go func() { drained <- s.API.Drain(t.Context()) }()
	<-s.Chat.Draining()
	time.AfterFunc(50*time.Millisecond, func() { close(release) }) // for the writer to hear of the drain
	if m := k.Next(); m.Re == nil || *m.Re != "1" || m.OK == nil {
		t.Errorf("the command is answered %s", m.Raw)
	}
	if code := k.WantClose(); code != 1012 {
		t.Errorf("the code is %d", code)
	}
	if err := <-drained; err != nil {
		t.Errorf("drain: %v", err)
	}
}

func TestGoroutines_areGoneWithTheirClients(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	before := runtime.NumGoroutine()
	for i := range 20 {
		k := s.Socket(token)
		k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
		switch i % 3 {
		case 0:
			k.Conn.Close()
		case 1:
			_ = k.Conn.(*net.TCPConn).SetLinger(0)
			k.Conn.Close()
		case 2:
			k.Write(closeFrame(1000, ""))
			k.WantClose()
		}
	}
	wiretest.Eventually(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func slicesRepeat(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = s
	}
	return list
}

// Not parallel: it counts goroutines.
func TestIdleSockets_haveNoGoroutines(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("only Linux tells when a connection can be read without a goroutine for it")
		return
	}
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	before := runtime.NumGoroutine()
	var sockets []*wiretest.Socket
	for range 30 {
		k := s.Socket(token)
		k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
		sockets = append(sockets, k)
	}
	wiretest.Eventually(t, "idle sockets have no goroutines", func() bool { return runtime.NumGoroutine() < before+10 })
	for _, k := range sockets { // and are served all the same
		k.WantOK("p", `{"id":"p","op":"ping"}`)
	}
}
