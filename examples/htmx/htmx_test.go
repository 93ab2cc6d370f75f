package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// visitor is a browser without scripts.
type visitor struct {
	t    *testing.T
	url  string
	http *http.Client
}

func serve(t *testing.T) *visitor {
	t.Helper()
	c, err := chat.Create(filepath.Join(t.TempDir(), "chat.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(c, transport.NewGuest([]byte("a secret of the tests")))
	srv := httptest.NewServer(s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.stream.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		srv.Close()
		_ = c.Close()
	})
	jar, _ := cookiejar.New(nil)
	return &visitor{t: t, url: srv.URL, http: &http.Client{Jar: jar}}
}

func (v *visitor) read(resp *http.Response, err error) (int, string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (v *visitor) get(path string) (int, string) {
	v.t.Helper()
	return v.read(v.http.Get(v.url + path))
}

func (v *visitor) post(path string, form ...string) (int, string) {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	return v.read(v.http.PostForm(v.url+path, values))
}

var (
	connect = regexp.MustCompile(`sse-connect="([^"]*)"`)
	key     = regexp.MustCompile(`name="key" value="([^"]*)"`)
)

func TestChat_goesFromTheFormToTheStream(t *testing.T) {
	v := serve(t)
	if _, page := v.get("/"); !strings.Contains(page, `action="/sign-in"`) {
		t.Fatalf("a stranger sees %s", page)
	}
	if status, page := v.post("/sign-in", "name", "Ann <b>"); status != http.StatusOK || !strings.Contains(page, "You are Ann &lt;b&gt;") {
		t.Fatalf("signed in: %d %s", status, page)
	}
	_, page := v.get("/")
	address := strings.ReplaceAll(connect.FindStringSubmatch(page)[1], "&amp;", "&")
	if status, answer := v.post("/messages", "text", "<script>alert(1)</script>\nnext", "key", key.FindStringSubmatch(page)[1]); status != http.StatusOK || !strings.Contains(answer, `id="composer"`) {
		t.Fatalf("posted without htmx: %d %s", status, answer)
	}
	// Sent again, since the answer might have been lost.
	if status, _ := v.post("/messages", "text", "<script>alert(1)</script>\nnext", "key", key.FindStringSubmatch(page)[1]); status != http.StatusOK {
		t.Errorf("posted again: %d", status)
	}
	resp, err := v.http.Get(v.url + address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var stream strings.Builder
	for lines := bufio.NewScanner(resp.Body); lines.Scan() && lines.Text() != "event: chat.live"; {
		stream.WriteString(lines.Text() + "\n")
	}
	if got := stream.String(); strings.Count(got, "event: MessagePosted\n") != 1 || strings.Contains(got, "<script>") ||
		!strings.Contains(got, "data:   <p>&lt;script&gt;alert(1)&lt;/script&gt;\ndata: next</p>\n") {
		t.Errorf("the stream is %s", got)
	}
	if _, page := v.get("/"); strings.Count(page, "&lt;script&gt;alert(1)&lt;/script&gt;\nnext</p>") != 1 || strings.Contains(page, "<script>alert") {
		t.Errorf("the page is %s", page)
	}
}

func TestChat_refusesStrangersAndNonsense(t *testing.T) {
	v := serve(t)
	for _, name := range []string{"", "  ", strings.Repeat("x", 51), "\xff"} {
		if status, _ := v.post("/sign-in", "name", name); status != http.StatusUnprocessableEntity {
			t.Errorf("the name %q is answered %d", name, status)
		}
	}
	if status, _ := v.post("/messages", "text", "hello"); status != http.StatusUnauthorized {
		t.Errorf("a stranger's message is answered %d", status)
	}
	if status, _ := v.get("/rooms/general/stream"); status != http.StatusUnauthorized {
		t.Errorf("a stranger's stream is answered %d", status)
	}
	v.post("/sign-in", "name", "Ann")
	if status, _ := v.post("/messages", "text", " "); status != http.StatusUnprocessableEntity {
		t.Errorf("an empty message is answered %d", status)
	}
	r, _ := http.NewRequest(http.MethodPost, v.url+"/messages", strings.NewReader("text=hello"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _ := v.read(v.http.Do(r)); status != http.StatusForbidden {
		t.Errorf("a form of another site is answered %d", status)
	}
}

func TestPage_isServedWithAStrictPolicy(t *testing.T) {
	v := serve(t)
	for _, path := range []string{"/", "/static/htmx.min.js", "/static/sse.min.js", "/static/stream.js", "/static/style.css"} {
		resp, err := v.http.Get(v.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		policy := resp.Header.Get("Content-Security-Policy")
		if resp.StatusCode != http.StatusOK || !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s, %q", path, resp.Status, policy)
		}
	}
}
