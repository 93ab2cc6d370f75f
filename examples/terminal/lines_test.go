package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// pipe runs the program over a pipe.
func (s *server) pipe(input string, args ...string) (out, errs string, err error) {
	s.t.Helper()
	var o, e bytes.Buffer
	err = run(s.t.Context(), append([]string{"-url", s.url()}, args...), strings.NewReader(input), &o, &e)
	return times.ReplaceAllString(o.String(), ""), e.String(), err
}

// times are those in front of lines.
var times = regexp.MustCompile(`(?m)^(\d{4}-\d\d-\d\d )?\d\d:\d\d `)

func TestPipe_showsHistoryAndAllThatItDoes(t *testing.T) {
	s := serve(t, nil)
	s.post("general", "Bob", "Hello.")
	out, errs, err := s.pipe("Hi, Bob.\n/react 👍\n/reply #1 how are you?\n/edit How are you?\n//slash\n/react 👍\n", "-name", "Ann", "general")
	want := `#1 Bob: Hello.
#2 Ann: Hi, Bob.
* Ann reacted 👍 to #1
#3 Ann to #1: how are you?
* Ann edited #3: How are you?
#4 Ann: /slash
* Ann took 👍 back from #1
`
	if err != nil || out != want || errs != "" {
		t.Errorf("the pipe ends with %v, and has shown\n%snot\n%sand beside it %q", err, out, want, errs)
	}
}

// slow is an output that takes its time.
type slow struct{ bytes.Buffer }

func (s *slow) Write(text []byte) (int, error) {
	time.Sleep(2 * time.Millisecond)
	return s.Buffer.Write(text)
}

// All that is in the pipe is stored, in its order, when the program has ended, and
// was shown, however slow the output is.
func TestPipe_endsWhenAllIsAnswered(t *testing.T) {
	s := serve(t, nil)
	var input strings.Builder
	var want []string
	for n := range 200 {
		fmt.Fprintln(&input, n)
		want = append(want, fmt.Sprint("Ann: ", n))
	}
	var out slow
	err := run(t.Context(), []string{"-url", s.url(), "-name", "Ann", "general"}, strings.NewReader(input.String()), &out, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.posted("general"); !slices.Equal(got, want) {
		t.Errorf("%d of %d lines are stored: %q", len(got), len(want), got)
	}
	if shown := out.String(); strings.Count(shown, "\n") != len(want) || !strings.HasSuffix(shown, " #200 Ann: 199\n") {
		t.Errorf("not all was shown: %q", shown[max(0, len(shown)-100):])
	}
}

func TestPipe_goesBetweenRooms(t *testing.T) {
	s := serve(t, nil)
	s.post("ops", "Bob", "The disk is full.")
	out, errs, err := s.pipe("/join ops\nAgain?\n/search FULL\n/leave\nlost\n/who\n/join\n/quit\nnever", "-name", "Ann", "general")
	want := `#1 Bob: The disk is full.
#2 Ann: Again?
#1 Bob: The disk is full.
* Ann left
`
	if out != want || !errors.Is(err, errRefused) {
		t.Errorf("the pipe ends with %v, and has shown\n%snot\n%s", err, out, want)
	}
	if want := "* this is ops\n* 1 found\n* you have left ops\n! you are in no room: /join one\n! you are in no room: /join one\n! say which room: /join ROOM\n"; errs != want {
		t.Errorf("beside it there is\n%snot\n%s", errs, want)
	}
	if got := s.posted("ops"); !slices.Equal(got, []string{"Bob: The disk is full.", "Ann: Again?"}) {
		t.Errorf("in ops is %q", got)
	}
}

// A line that is refused does not keep back those behind it.
func TestPipe_goesOnBehindARefusal(t *testing.T) {
	s := serve(t, nil)
	long := strings.Repeat("long ", 10_000)
	_, errs, err := s.pipe("one\n"+long+"\n/nothing\n/react #77 x\ntwo\n", "-name", "Ann", "general")
	if !errors.Is(err, errRefused) || strings.Count(errs, "! ") != 3 {
		t.Errorf("the pipe ends with %v, and has said %s", err, errs)
	}
	if got := s.posted("general"); !slices.Equal(got, []string{"Ann: one", "Ann: two"}) {
		t.Errorf("what is stored is %.200q", got)
	}
}

func TestToken_isMadeOnceAndKeptForTheUserAlone(t *testing.T) {
	s := serve(t, nil)
	for range 2 {
		if _, errs, err := s.pipe("hello\n", "-name", "Ann"); err != nil || errs != "" {
			t.Fatal(err, errs)
		}
	}
	users := map[string]bool{}
	for e, err := range s.chat.Room("general").Replay(t.Context(), chat.Start) {
		if err != nil {
			t.Fatal(err)
		}
		users[e.User.ID] = true
	}
	if len(users) != 1 {
		t.Errorf("%d users have been here, not one", len(users))
	}
	files, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "roomlog-terminal", "*"))
	if len(files) != 1 {
		t.Fatalf("the files that are kept are %q", files)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file is %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(files[0], []byte("no longer good\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, err := s.pipe("hello\n", "-name", "Ann"); err != nil || !strings.Contains(errs, "a new guest is made") {
		t.Errorf("a token that is not good comes to %v, %q", err, errs)
	}
	if _, _, err := s.pipe("", "-name", "Ann", "-token", "none"); err == nil {
		t.Error("a token that was given and is not good is no error")
	}
}

// A server that hands out orders to terminals is not believed.
func TestPipe_letsNoEscapeSequenceThrough(t *testing.T) {
	s := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/messages") {
				h.ServeHTTP(w, r)
				return
			}
			record := httptest.NewRecorder()
			h.ServeHTTP(record, r)
			w.Header().Set("Content-Type", record.Header().Get("Content-Type"))
			w.WriteHeader(record.Code)
			_, _ = io.WriteString(w, strings.ReplaceAll(record.Body.String(), "EVIL",
				`\u001b]0;title\u0007\u001b[2J\u009b31m\u202e\rx\n12:00 #1 Ann: I owe you`))
		})
	})
	s.post("general", "BobEVIL", "text EVIL")
	var out bytes.Buffer
	err := run(t.Context(), []string{"-url", s.url(), "-name", "Ann"}, strings.NewReader(""), &out, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\r\u009b\u202e") || !strings.Contains(out.String(), "text ]0;title[2J31m") {
		t.Errorf("what is shown is %q", out.String())
	}
	for _, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")[1:] {
		if !strings.HasPrefix(line, margin) {
			t.Errorf("a text has made a line of its own: %q", line)
		}
	}
}
