package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"github.com/roomlog/chat/transport"
)

// session is the program in a terminal of the test's.
type session struct {
	t   *testing.T
	tty *os.File
	cmd *exec.Cmd

	mu   sync.Mutex
	out  bytes.Buffer  // all that was written
	over chan struct{} // closed when nothing more comes
}

// open runs the program in a terminal of 60 columns and 20 rows, of a kind that is not
// asked for its colours: nobody would answer here.
func (s *server) open(env []string, args ...string) *session {
	s.t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-url", s.url()}, args...)...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1", "TERM=tmux-256color"), env...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 60, Rows: 20})
	if err != nil {
		s.t.Fatal(err)
	}
	p := &session{t: s.t, tty: tty, cmd: cmd, over: make(chan struct{})}
	go func() {
		defer close(p.over)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			p.mu.Lock()
			p.out.Write(buf[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
		_ = tty.Close()
		<-p.over
	})
	return p
}

// write types.
func (p *session) write(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.tty, text); err != nil {
		p.t.Fatal(err)
	}
}

// raw returns all that was written so far.
func (p *session) raw() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// wait waits until a text was written, apart from colours and the like, behind what
// was there at a mark; it returns the next mark.
func (p *session) wait(from int, text string) int {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		raw := p.raw()
		if strings.Contains(ansi.Strip(raw[from:]), text) {
			return len(raw)
		}
	}
	p.t.Fatalf("%q is not to be seen behind %d in:\n%s", text, from, ansi.Strip(p.raw()))
	return 0
}

// end waits for the end of the program.
func (p *session) end() {
	p.t.Helper()
	<-p.over
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("the program ends with %v:\n%s", err, ansi.Strip(p.raw()))
	}
}

func TestTerminal_survivesARestartOfTheServer(t *testing.T) {
	s := serve(t, nil)
	s.post("general", "Bob", "Hello.")
	p := s.open(nil, "-name", "Ann", "general")
	p.wait(0, "#1 Bob: Hello.")
	p.wait(0, "general> ")
	p.write("Hi, Bob.\r")
	at := p.wait(0, "Ann: Hi, Bob.")
	s.post("general", "Bob", "How are you, 日本?")
	at = p.wait(at, "Bob: How are you, 日本?")

	s.stop()
	at = p.wait(at, "the connection is lost")
	p.write("sent while it was away\r")
	at = p.wait(at, "1 being sent")
	s.start()
	p.wait(at, "connected again")
	at = p.wait(at, "Ann: sent while it was away")
	s.post("general", "Bob", "Welcome back.")
	p.wait(at, "Bob: Welcome back.")

	p.write("/quit\r")
	p.end()
	want := []string{"Bob: Hello.", "Ann: Hi, Bob.", "Bob: How are you, 日本?", "Ann: sent while it was away", "Bob: Welcome back."}
	if got := s.posted("general"); !slices.Equal(got, want) {
		t.Errorf("what is stored is %q", got)
	}
}

func TestTerminal_showsWhoIsTypingAndWhatIsUnread(t *testing.T) {
	s := serve(t, nil)
	p := s.open(nil, "-name", "Ann", "general")
	p.wait(0, "general> ")
	p.write("/join ops\r")
	at := p.wait(0, "this is ops")
	p.write("/join general\r")
	p.write("here\r")
	at = p.wait(at, "Ann: here") // so the history is shown
	q := s.open(nil, "-name", "Bob", "general")
	at = p.wait(at, "Bob joined")
	q.wait(0, "general> ")
	q.write("he")
	at = p.wait(at, "Bob typing…")
	q.write("llo\r")
	at = p.wait(at, "Bob: hello")
	s.post("ops", "Carol", "The disk is full.")
	at = p.wait(at, "general (ops 1)> ")
	q.write("/leave\r")
	p.wait(at, "Bob left")
	q.write("\x04") // ends it, on an empty line
	q.end()
	p.write("\x03")
	p.end()
}

// What is pasted is one line with marks where it breaks, and is one message; a prompt
// that is longer than the terminal, and another width, change nothing of it.
func TestTerminal_takesPastesAndLongLinesWhole(t *testing.T) {
	s := serve(t, nil)
	p := s.open([]string{"NO_COLOR=1"}, "-name", "Ann", "general")
	p.wait(0, "general> ")
	long := strings.Repeat("0123456789 ", 30) + "日本語 end"
	p.write("\x1b[200~one\n/quit\r\nthree\x1b[201~")
	p.wait(0, "one↵/quit↵three")
	p.write("\r")
	p.wait(0, "      three")
	p.write(long)
	at := p.wait(0, "日本語 end")
	if err := pty.Setsize(p.tty, &pty.Winsize{Cols: 40, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	p.wait(at, "general> ")
	p.write("\r")
	p.wait(at, "      0123456789 0123456789 日本語 end")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.end()
	if got, want := s.posted("general"), []string{"Ann: one\n/quit\nthree", "Ann: " + long}; !slices.Equal(got, want) {
		t.Errorf("what is stored is %q", got)
	}
	raw := p.raw()
	for _, colour := range []string{"\x1b[1;3", "\x1b[33m", "\x1b[2m"} {
		if strings.Contains(raw, colour) {
			t.Errorf("there is %q in spite of NO_COLOR", colour)
		}
	}
	if !strings.Contains(raw, "\x1b[?2004h") || !strings.HasSuffix(raw[strings.LastIndex(raw, "\x1b[?2004"):][:8], "l") {
		t.Error("the terminal is not left as it was found")
	}
}

// Lines come in the order in which they were said, however fast.
func TestTerminal_keepsTheOrder(t *testing.T) {
	s := serve(t, nil)
	p := s.open(nil, "-name", "Ann", "general")
	p.wait(0, "general> ")
	for n := range 300 {
		s.post("general", "Bob", "line "+string(rune('A'+n%26))+".")
	}
	s.post("general", "Bob", "the last")
	p.wait(0, "the last")
	var got strings.Builder
	for _, part := range strings.Split(ansi.Strip(p.raw()), "Bob: line ")[1:] {
		got.WriteByte(part[0])
	}
	if want := strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 12)[:300]; got.String() != want {
		t.Errorf("the lines come as %s", got.String())
	}
}

// A server that does not know the user any more is told of, and is the end.
func TestTerminal_endsWhenItIsRefusedForGood(t *testing.T) {
	s := serve(t, nil)
	p := s.open(nil, "-name", "Ann", "general")
	p.wait(0, "general> ")
	s.stop()
	s.guest = transport.NewGuest([]byte("another secret of the tests"))
	s.start()
	p.wait(0, "terminal: the server has refused the connection")
	<-p.over
	if err := p.cmd.Wait(); err == nil {
		t.Error("that is no error")
	}
}
