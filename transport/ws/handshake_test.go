package ws_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// handshake asks for a socket with the headers, and returns the answer.
func handshake(t *testing.T, s *wiretest.Server, after string, headers ...string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(wiretest.Patience))
	fmt.Fprintf(conn, "GET /api/ws HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n%s", s.Addr, strings.Join(headers, "\r\n"), after)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestHandshake_isJudgedBeforeTheUpgrade(t *testing.T) {
	t.Parallel()
	const listed = "https://app.example.com"
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{Origins: []string{listed}}})
	_, token := s.User("Ann")
	bearer, cookie := "Authorization: Bearer "+token, "Cookie: chat_guest="+token
	upgrade := []string{"Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="}
	for _, test := range []struct {
		name    string
		headers []string
		without string // a header of the upgrade
		status  int
		code    string
	}{
		{"bearer", []string{bearer}, "", 101, ""},
		{"cookie of our page", []string{cookie, "Origin: " + s.HTTP.URL}, "", 101, ""},
		{"cookie of a listed page", []string{cookie, "Origin: " + listed, "Sec-Fetch-Site: cross-site"}, "", 101, ""},
		{"our protocol among others", []string{bearer, "Sec-WebSocket-Protocol: a, chat.v1.json"}, "", 101, ""},
		{"our protocol in a second header", []string{bearer, "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: chat.v1.json"}, "", 101, ""},

		{"nobody", []string{"Origin: " + s.HTTP.URL}, "", 401, "unauthenticated"},
		{"nobody, and all else wrong", []string{"Origin: https://evil.example"}, "Connection", 401, "unauthenticated"},
		{"foreign page", []string{cookie, "Origin: https://evil.example"}, "", 403, "cross_origin"},
		{"cookie and no page", []string{cookie}, "", 403, "cross_origin"},
		{"other protocols", []string{bearer, "Sec-WebSocket-Protocol: a, b"}, "", 400, "invalid_field"},
		{"no Connection", []string{bearer}, "Connection", 400, "invalid_field"},
		{"no Upgrade", []string{bearer}, "Upgrade", 400, "invalid_field"},
		{"no version", []string{bearer}, "Sec-WebSocket-Version", 400, "invalid_field"},
		{"no key", []string{bearer}, "Sec-WebSocket-Key", 400, "invalid_field"},
		{"short key", []string{bearer, "Sec-WebSocket-Key: AAAA"}, "Sec-WebSocket-Key", 400, "invalid_field"},
		{"old version", []string{bearer, "Sec-WebSocket-Version: 8"}, "Sec-WebSocket-Version", 400, "invalid_field"},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := test.headers
			for _, h := range upgrade {
				if test.without == "" || !strings.HasPrefix(h, test.without+":") {
					headers = append(headers, h)
				}
			}
			resp := handshake(t, s, "", headers...)
			if resp.StatusCode != test.status {
				t.Fatalf("the status is %d", resp.StatusCode)
			}
			if test.code == "" {
				offered := strings.Contains(strings.Join(headers, ""), "chat.v1.json")
				if got := resp.Header.Get("Sec-WebSocket-Protocol"); (got == "chat.v1.json") != offered {
					t.Errorf("the protocol is %q", got)
				}
				return
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || !strings.Contains(string(body), `"code":"`+test.code+`"`) {
				t.Errorf("the answer is %s, %v", body, err)
			}
			if test.status == 400 && resp.Header.Get("Sec-WebSocket-Version") != "13" {
				t.Error("the version is not told")
			}
		})
	}
}

func TestHandshake_keepsWhatTheClientSentAhead(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Wrap: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Middleware", "yes")
			time.Sleep(20 * time.Millisecond) // for what was sent ahead to arrive
			h.ServeHTTP(w, r)
		})
	}})
	_, token := s.User("Ann")
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(wiretest.Patience))
	request := "GET /api/ws HTTP/1.1\r\nHost: " + s.Addr + "\r\nAuthorization: Bearer " + token +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	for range 30 {
		request += string(masked(1, true, `{"id":"early","op":"ping"}`))
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != 101 || resp.Header.Get("X-Middleware") != "yes" {
		t.Fatalf("%v, %v", resp, err)
	}
	for n := 0; n < 30; {
		line := make([]byte, 4096)
		got, err := in.Read(line)
		if err != nil {
			t.Fatalf("after %d answers: %v", n, err)
		}
		n += strings.Count(string(line[:got]), `{"re":"early"`)
	}
}

func TestSocket_worksOverTLS(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, slicesRepeat(strings.Repeat("x", 4000), 100)...)
	secure := httptest.NewTLSServer(s.API)
	defer secure.Close()
	d := ws.Dialer{
		TLSConfig: secure.Client().Transport.(*http.Transport).TLSClientConfig,
		Header:    ws.HandshakeHeaderHTTP(http.Header{"Authorization": {"Bearer " + token}}),
	}
	conn, in, _, err := d.Dial(t.Context(), "wss://"+secure.Listener.Addr().String()+"/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(wiretest.Patience))
	if in == nil {
		in = bufio.NewReader(conn)
	}
	if _, err := conn.Write(masked(ws.OpText, true, `{"op":"subscribe","room":"general","after":"earliest"}`)); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 100; {
		h, err := ws.ReadHeader(in)
		if err != nil {
			t.Fatalf("after %d events: %v", n, err)
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(in, payload); err != nil {
			t.Fatal(err)
		}
		n += strings.Count(string(payload), "MessagePosted")
	}
}
