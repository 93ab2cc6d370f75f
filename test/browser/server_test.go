package browser_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/oklog/ulid/v2"
)

// server is a running examples/web, and the file it runs on.
type server struct {
	t    *testing.T
	db   string
	addr string // host and port, the same after a restart
	cmd  *exec.Cmd
	api  *http.Client // a guest of its own, made when it is first needed
}

// startServer starts examples/web on a new file.
func startServer(t *testing.T, flags ...string) *server {
	t.Helper()
	needBrowser(t)
	s := &server{t: t, db: filepath.Join(t.TempDir(), "chat.db"), addr: "127.0.0.1:0"}
	s.start(flags...)
	t.Cleanup(s.kill)
	return s
}

// start starts the process and returns when it listens.
func (s *server) start(flags ...string) {
	s.t.Helper()
	s.cmd = exec.Command(program, append([]string{"-addr", s.addr, "-db", s.db}, flags...)...)
	s.cmd.Stderr = s.t.Output()
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !found {
		s.t.Fatalf("server said %q and then: %v", line, err)
	}
	s.addr = strings.TrimSuffix(url, "/")
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
}

// kill ends the process as a power cut would end it.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// url is the address of the page in a room.
func (s *server) url(room, query string) string {
	return fmt.Sprintf("http://%s/%s#%s", s.addr, query, room)
}

// event is what the tests look at in an event of the log.
type event struct {
	ID   string
	Type string
	Key  string
	User struct{ ID, Name string }
	Data struct{ Text, Message, Emoji string }
}

// log reads a room's whole log over HTTP.
func (s *server) log(room string) []event {
	s.t.Helper()
	var events []event
	for after := "earliest"; ; {
		var page struct {
			Events []event
			Next   string
		}
		s.call("GET", fmt.Sprintf("rooms/%s/log?limit=1000&after=%s", room, after), nil, &page)
		if len(page.Events) == 0 {
			return events
		}
		events = append(events, page.Events...)
		after = page.Next
	}
}

// posted are the ids of the messages of a room's log, and their texts.
func (s *server) posted(room string) (ids, texts []string) {
	s.t.Helper()
	for _, e := range s.log(room) {
		if e.Type == "MessagePosted" {
			ids = append(ids, e.ID)
			texts = append(texts, e.Data.Text)
		}
	}
	return ids, texts
}

// post posts a message as Cleo, who has no page open.
func (s *server) post(room, text string) {
	s.t.Helper()
	s.call("POST", "rooms/"+room+"/join", nil, nil)
	s.call("POST", "rooms/"+room+"/messages", map[string]string{"text": text}, nil)
}

// follow holds a stream of a room open until the test ends.
func (s *server) follow(room string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), "GET", "http://"+s.addr+"/api/rooms/"+room+"/events", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.api.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatal(response, err)
	}
	s.t.Cleanup(func() { response.Body.Close() })
}

// erase deletes what Cleo posted with that text.
func (s *server) erase(room, text string) {
	s.t.Helper()
	for _, e := range s.log(room) {
		if e.Type == "MessagePosted" && e.Data.Text == text {
			s.call("DELETE", "rooms/"+room+"/messages/"+e.ID, nil, nil)
		}
	}
}

func (s *server) call(method, path string, body, answer any) {
	s.t.Helper()
	if s.api == nil {
		jar, _ := cookiejar.New(nil)
		s.api = &http.Client{Jar: jar}
		s.call("POST", "guest", map[string]string{"name": "Cleo"}, nil)
	}
	var text strings.Builder
	if body != nil {
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			s.t.Fatal(err)
		}
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+"/api/"+path, strings.NewReader(text.String()))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", ulid.Make().String())
	}
	response, err := s.api.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %s %v", method, path, response.Status, raw, err)
	}
	if answer != nil {
		if err := json.Unmarshal(raw, answer); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
}
