package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// said is what a server has written to its log.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// All that the server says, from its start to its end, holds no text, no token, no
// ticket and not the key that signs them.
func TestRun_saysNothingThatIsSecret(t *testing.T) {
	const key = "hush, the key of the tests"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stderr said
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", "127.0.0.1:0", "-db", filepath.Join(t.TempDir(), "chat.db"), "-secret", key}, in, &stderr)
		in.CloseWithError(errors.Join(err, io.EOF))
		done <- err
	}()
	stdout, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(stdout[strings.Index(stdout, "http"):])
	token := guest(t, url)[0].Value
	call := func(method, path, token, body string) (answer []byte) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url+"api"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, _ = io.ReadAll(response.Body)
		return answer
	}
	call("POST", "/rooms/general/join", token, "")
	if !strings.Contains(string(call("POST", "/rooms/general/messages", token, `{"text":"hush"}`)), `"text":"hush"`) {
		t.Fatal("void: nothing was posted")
	}
	for _, body := range []string{`{"text":"hush`, `{"text":"hush\u0000"}`, `{"text":"` + strings.Repeat("hush", 30_000) + `"}`} {
		call("POST", "/rooms/general/messages", token, body)
		call("POST", "/rooms/general/messages", token+"hush", body)
	}
	var ticket struct{ Ticket string }
	if err := json.Unmarshal(call("POST", "/ticket", token, ""), &ticket); err != nil || ticket.Ticket == "" {
		t.Fatal(err)
	}
	call("GET", "/ws?ticket="+ticket.Ticket, token, "")
	for _, request := range []string{ // what is no request, or ends within one
		"hush\r\n\r\n",
		"GET /api/ws?ticket=" + ticket.Ticket + " HTTP/1.1\r\nHost: hush\r\nAuthorization: Bearer " + token + "\r\nhush\r\n\r\n",
		"POST /api/rooms/general/messages HTTP/1.1\r\nHost: hush\r\nContent-Type: application/json\r\nContent-Length: 900\r\n" +
			"Authorization: Bearer " + token + "\r\n\r\n{\"text\":\"hush",
	} {
		conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, request)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn) // until it was answered, or given up
		conn.Close()
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hush", token, token[strings.LastIndexByte(token, '.')+1:], ticket.Ticket} {
		if strings.Contains(stdout+stderr.text.String(), secret) {
			t.Errorf("%q is in what the server says: %s%s", secret, stdout, stderr.text.String())
		}
	}
}
