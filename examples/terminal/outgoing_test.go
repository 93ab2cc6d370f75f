package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// What is written is shown at once as being sent; what is refused is marked, and is
// sent when its time has come, or forgotten.
func TestTerminal_showsWhatIsPendingAndMarksWhatFailed(t *testing.T) {
	s := serve(t, nil)
	p := s.open(nil, "-name", "Ann", "general")
	p.wait(0, "general> ")
	p.write("one\r")
	at := p.wait(0, "Ann: one")
	ann := s.user("general", "Ann")
	s.do("general", chat.UserMuted{Member: ann})
	at = p.wait(at, "muted Ann")
	p.write("two\r")
	at = p.wait(at, "✗ two (")
	s.do("general", chat.UserUnmuted{Member: ann})
	at = p.wait(at, "unmuted Ann")
	p.write("three\r")
	at = p.wait(at, "Ann: three")
	p.write("/retry\r")
	at = p.wait(at, "Ann: two")
	s.do("general", chat.UserMuted{Member: ann})
	at = p.wait(at, "muted Ann")
	p.write("four\r")
	at = p.wait(at, "✗ four (")
	p.write("/drop\r/drop\r")
	at = p.wait(at, "all that you have written is sent")
	s.do("general", chat.UserUnmuted{Member: ann})
	at = p.wait(at, "unmuted Ann")

	s.stop()
	at = p.wait(at, "the connection is lost")
	for n := range 7 {
		p.write(fmt.Sprint("offline ", n, "\r"))
	}
	p.wait(at, "… offline 4") // in one frame, or in two
	at = p.wait(at, "… and 2 more")
	s.start()
	p.wait(at, "connected again")
	p.write("/quit\r")
	p.end()
	want := []string{"Ann: one", "Ann: three", "Ann: two"}
	for n := range 7 {
		want = append(want, fmt.Sprint("Ann: offline ", n))
	}
	if got := s.posted("general"); !slices.Equal(got, want) {
		t.Errorf("what is stored is %q", got)
	}
}

// What was not sent when the program ended is sent by the next one.
func TestTerminal_keepsWhatIsNotSent(t *testing.T) {
	s := serve(t, nil)
	p := s.open(nil, "-name", "Ann", "general")
	p.wait(0, "general> ")
	p.write("one\r")
	at := p.wait(0, "Ann: one")
	s.stop()
	at = p.wait(at, "the connection is lost")
	p.write("two\rthree\r")
	at = p.wait(at, "… three")
	p.write("\x03")
	p.wait(at, "2 of your messages are kept")
	p.end()
	s.start()
	p = s.open(nil, "-name", "Ann", "general")
	p.wait(0, "Ann: three")
	p.write("/quit\r")
	p.end()
	if got := s.posted("general"); !slices.Equal(got, []string{"Ann: one", "Ann: two", "Ann: three"}) {
		t.Errorf("what is stored is %q", got)
	}
}

// A pipe with more lines than may wait is sent whole and in order, also where the
// server is started anew meanwhile.
func TestPipe_sendsAllOverARestart(t *testing.T) {
	s := serve(t, nil)
	in, out := io.Pipe()
	over := make(chan error, 1)
	go func() {
		over <- run(t.Context(), []string{"-url", s.url(), "-name", "Ann", "general"}, in, io.Discard, t.Output())
	}()
	var want []string
	for n := range 1400 {
		switch n {
		case 100:
			for deadline := time.Now().Add(10 * time.Second); len(s.posted("general")) < n-90 && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			s.stop()
		case 300:
			s.start()
		}
		fmt.Fprintln(out, n)
		want = append(want, fmt.Sprint("Ann: ", n))
	}
	_ = out.Close()
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if got := s.posted("general"); !slices.Equal(got, want) {
		t.Errorf("%d of %d lines are stored: %q", len(got), len(want), strings.Join(got[max(0, len(got)-3):], ", "))
	}
}

// statuses is a ui that keeps how things stand.
type statuses struct{ now atomic.Pointer[status] }

func (s *statuses) show(string)       {}
func (s *statuses) note(string)       {}
func (s *statuses) update(now status) { s.now.Store(&now) }

// A message that the room has shown is not shown as being sent, though the answer to it
// has not come.
func TestApp_showsAMessageOnce(t *testing.T) {
	answer := make(chan struct{})
	s := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/messages") || r.Method != http.MethodPost {
				h.ServeHTTP(w, r)
				return
			}
			stored := httptest.NewRecorder()
			h.ServeHTTP(stored, r)
			<-answer
			w.WriteHeader(stored.Code)
			_, _ = w.Write(stored.Body.Bytes())
		})
	})
	c, err := client.Dial(t.Context(), s.url(), &client.Options{
		Transport: client.Streams, Token: client.Token(s.guest.Token(somebody("Ann"), time.Time{})),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, shown := newApp(c, 20), &statuses{}
	defer a.close()
	a.attends = true
	if err := a.start(t.Context(), shown, "general"); err != nil {
		t.Fatal(err)
	}
	if err := a.handle(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	if now := shown.now.Load(); len(now.outgoing) != 1 || now.sending != 1 || now.outgoing[0].String() != "… one" {
		t.Errorf("at once it shows %+v", now)
	}
	for deadline := time.Now().Add(10 * time.Second); len(shown.now.Load().outgoing) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("then it shows %+v; stored is %q", shown.now.Load(), s.posted("general"))
		}
	}
	if n := a.pending(); n != 1 {
		t.Errorf("void: %d messages are pending", n)
	}
	close(answer)
	if err := a.answered(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
}
