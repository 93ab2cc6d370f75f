package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// verbatim sends a request whose path nothing cleans, and follows no redirect.
func verbatim(t *testing.T, method, url, path string, cookies ...*http.Cookie) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.URL.Path = path
	for _, cookie := range cookies {
		request.AddCookie(cookie)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestPaths_areNotCleanedBeforeTheAPI(t *testing.T) {
	url, _ := start(t, filepath.Join(t.TempDir(), "chat.db"))
	ann := guest(t, url)
	verbatim(t, "POST", url, "/api/rooms/cc/join", ann...)
	const id = "01K6ABCDEFGHJKMNPQRSTVWXYZ"
	for _, test := range []struct{ method, path, code string }{
		{"DELETE", "/api/rooms/cc/messages/" + id + "/reactions/..", "invalid_reaction"},
		{"POST", "/api/rooms//join", "invalid_room_id"},
		{"GET", "/api", "not_found"},
		{"GET", "/api/", "not_found"},
		{"GET", "/api/../healthz", "not_found"},
		{"DELETE", "//api/rooms/cc/messages/" + id, "not_found"},
		{"DELETE", "/js/../api/rooms/cc/messages/" + id, "not_found"},
	} {
		response := verbatim(t, test.method, url, test.path, ann...)
		body, _ := io.ReadAll(response.Body)
		if location := response.Header.Get("Location"); location != "" || !strings.Contains(string(body), `"code":"`+test.code+`"`) {
			t.Errorf("%s %s is answered %s %s %s", test.method, test.path, response.Status, location, body)
		}
	}
}

func TestRun_endsInTimeBesideARequestThatIsHalfSent(t *testing.T) {
	t.Parallel() // it waits for the rest, for a while
	url, end := start(t, filepath.Join(t.TempDir(), "chat.db"))
	ann := guest(t, url)
	host := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "POST /api/rooms/general/join HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n", host, ann[0])
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("the server does not wait for the body: %q, %v", line, err)
	}
	if _, err := io.WriteString(conn, `{"key":`); err != nil {
		t.Fatal(err)
	}
	if took, err := end(); err != nil || took >= 5*time.Second {
		t.Errorf("ended with %v after %v", err, took)
	}
}

// Browsers open connections that they may need, and net/http would wait for a
// request on them.
func TestRun_doesNotWaitForAConnectionThatSaysNothing(t *testing.T) {
	url, end := start(t, filepath.Join(t.TempDir(), "chat.db"))
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	guest(t, url) // by then it has been accepted
	if took, err := end(); err != nil || took >= grace {
		t.Errorf("ended with %v after %v", err, took)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection has brought %d bytes and %v", n, err)
	}
}
