package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// start runs the server on a file and returns its address, and what ends it:
// that returns how long it took, and run's error.
func start(t *testing.T, db string, flags ...string) (url string, end func() (time.Duration, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0", "-db", db}, flags...), in, t.Output())
		in.CloseWithError(errors.Join(err, io.EOF))
		done <- err
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("server did not start: %v", err)
	}
	end = func() (time.Duration, error) {
		from := time.Now()
		cancel()
		err := <-done
		return time.Since(from), err
	}
	t.Cleanup(func() { cancel() })
	return strings.TrimSpace(line[strings.Index(line, "http"):]), end
}

func get(t *testing.T, url string, cookies ...*http.Cookie) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range cookies {
		request.AddCookie(cookie)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func guest(t *testing.T, url string) []*http.Cookie {
	t.Helper()
	response, err := http.Post(url+"api/guest", "application/json", strings.NewReader(`{"name":"Ann"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("guest: %s", response.Status)
	}
	return response.Cookies()
}

func TestRun_drainsStreamsAndEndsInTime(t *testing.T) {
	url, end := start(t, filepath.Join(t.TempDir(), "chat.db"))
	ann := guest(t, url)
	request, _ := http.NewRequestWithContext(t.Context(), "POST", url+"api/rooms/general/join", nil)
	request.AddCookie(ann[0])
	if response, err := http.DefaultClient.Do(request); err != nil || response.StatusCode != http.StatusCreated {
		t.Fatal(response, err)
	}
	stream := get(t, url+"api/rooms/general/events", ann...)
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() && lines.Text() != "event: chat.live" {
	}
	ended := make(chan string)
	go func() {
		rest, _ := io.ReadAll(stream.Body)
		ended <- string(rest)
	}()
	took, err := end()
	if err != nil || took > 4*time.Second {
		t.Errorf("ended with %v after %v", err, took)
	}
	if rest := <-ended; !strings.Contains(rest, "chat.end") {
		t.Errorf("the stream ended with %q", rest)
	}
}

func TestRun_keepsTheSecretBesideTheDatabase(t *testing.T) {
	db := filepath.Join(t.TempDir(), "chat.db")
	url, end := start(t, db)
	ann := guest(t, url)
	if _, err := end(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(db + ".secret")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v %v", info, err)
	}
	url, end = start(t, db)
	if response := get(t, url+"api/rooms", ann...); response.StatusCode != http.StatusOK {
		t.Errorf("after a restart Ann gets %s", response.Status)
	}
	if _, err := end(); err != nil {
		t.Fatal(err)
	}
	url, _ = start(t, db, "-secret", "another")
	if response := get(t, url+"api/rooms", ann...); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("with another secret Ann gets %s", response.Status)
	}
}

func TestTokenKey_isTheFileThatItNames(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("the key"), 0o600); err != nil {
		t.Fatal(err)
	}
	fromFile, err := tokenKey(file, "")
	given, err2 := tokenKey("the key", "")
	if err := errors.Join(err, err2); err != nil || !bytes.Equal(fromFile, given) {
		t.Errorf("file %x, text %x, error %v", fromFile, given, err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tokenKey(file, ""); err == nil {
		t.Error("an empty file was taken for a key")
	}
}

func TestPage_isServedWithAStrictPolicy(t *testing.T) {
	url, _ := start(t, filepath.Join(t.TempDir(), "chat.db"))
	response := get(t, url)
	body, _ := io.ReadAll(response.Body)
	policy := response.Header.Get("Content-Security-Policy")
	if response.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("<!doctype html>")) {
		t.Errorf("the page is %s %.100s", response.Status, body)
	}
	if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	request, _ := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	request.Header.Set("If-None-Match", response.Header.Get("ETag"))
	again, err := http.DefaultClient.Do(request)
	if err != nil || again.StatusCode != http.StatusNotModified {
		t.Errorf("what the browser has is sent again: %v %v", again, err)
	}
}

// What the page names is another file with every version, so it is kept for ever.
func TestPage_namesFilesThatAreKept(t *testing.T) {
	url, _ := start(t, filepath.Join(t.TempDir(), "chat.db"))
	body, _ := io.ReadAll(get(t, url).Body)
	named := regexp.MustCompile(`"/?((?:app-|client/)[^"]+)"`).FindAllStringSubmatch(string(body), -1)
	if len(named) < 7 { // the script, the style sheet, and five files of the client
		t.Fatalf("the page names %q", named)
	}
	for _, name := range named {
		response := get(t, url+name[1])
		if cache := response.Header.Get("Cache-Control"); response.StatusCode != http.StatusOK || !strings.Contains(cache, "immutable") {
			t.Errorf("%s: %s, %q", name[1], response.Status, cache)
		}
	}
	for _, gone := range []string{"app.js", "app-0000000000000000.js", "static/index.html", "index.html"} {
		if response := get(t, url+gone); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", gone, response.Status)
		}
	}
}

func TestHealth_isReady(t *testing.T) {
	url, _ := start(t, filepath.Join(t.TempDir(), "chat.db"))
	if response := get(t, url+"healthz"); response.StatusCode != http.StatusOK {
		t.Errorf("healthz is %s", response.Status)
	}
}

func TestParse_refusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, args := range [][]string{{"-limits", "of"}, {"-keep", "-1"}, {"chat.db"}, {"-port", "80"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}
