package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server may take for what should take far less.
const patience = 30 * time.Second

// Process is a server that was started. It ends with its test at the latest.
type Process struct {
	// Gone is closed when the process has ended.
	Gone  chan struct{}
	ready chan struct{} // closed when it listens
	cmd   *exec.Cmd
	addr  string
	said  said // on its standard error
	err   error
}

// said is what a process has written, the end of it if that is much.
type said struct {
	mu   sync.Mutex
	text []byte
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, p...)
	if over := len(s.text) - 8<<10; over > 0 {
		s.text = append(s.text[:0], s.text[over:]...)
	}
	return len(p), nil
}

// Start starts a server on a file and does not wait for it. addr is where it
// listens; port 0 is any. under is what it is run by, such as strace and its
// arguments, or nothing.
func Start(t testing.TB, db, addr string, under ...string) *Process {
	t.Helper()
	args := append(under, program, "-addr", addr, "-db", db, "-secret", secret, "-limits", "off")
	p := &Process{cmd: exec.Command(args[0], args[1:]...), Gone: make(chan struct{}), ready: make(chan struct{})}
	p.cmd.Stderr = &p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a signal for the server is for what it runs under too
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.wait(out)
	t.Cleanup(func() {
		p.Kill()
		<-p.Gone
	})
	return p
}

func (p *Process) wait(out io.Reader) {
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err == nil {
		_, url, _ := strings.Cut(strings.TrimSpace(line), "http://")
		p.addr = strings.TrimSuffix(url, "/")
		close(p.ready)
	}
	_, _ = io.Copy(io.Discard, lines)
	p.err = p.cmd.Wait()
	close(p.Gone)
}

// Ready waits until the server listens. It returns false if it ended before.
func (p *Process) Ready(t testing.TB) bool {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.ready:
		return true
	case <-p.Gone:
		return p.addr != ""
	case <-late.C:
		t.Fatalf("the server does not listen after %v: %s", patience, p.Said())
		return false
	}
}

// URL is where the API is, once the server is ready.
func (p *Process) URL() string { return "http://" + p.addr + "/api" }

// Addr is where it listens, once it is ready.
func (p *Process) Addr() string { return p.addr }

// Kill ends the process by SIGKILL, and what it runs under. It does not wait.
func (p *Process) Kill() { p.signal(syscall.SIGKILL) }

// Stop asks the process to end by SIGTERM. It does not wait.
func (p *Process) Stop() { p.signal(syscall.SIGTERM) }

func (p *Process) signal(s syscall.Signal) {
	select {
	case <-p.Gone: // the number may be another's by now
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// End waits for the end of the process, and returns nil if it ended by itself
// with status 0.
func (p *Process) End(t testing.TB) error {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.Gone:
		return p.err
	case <-late.C:
		t.Errorf("the server does not end within %v: %s", patience, p.Said())
		p.Kill()
		<-p.Gone
		return p.err
	}
}

// Killed reports whether the process, which is gone, ended by SIGKILL.
func (p *Process) Killed() bool {
	var exit *exec.ExitError
	return errors.As(p.err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

// Said is the end of what the process wrote to its standard error.
func (p *Process) Said() string {
	p.said.mu.Lock()
	defer p.said.mu.Unlock()
	return string(p.said.text)
}

// Files counts the files that the server has open. It must not run under anything.
func (p *Process) Files() (int, error) {
	files, err := os.ReadDir(filepath.Join("/proc", fmt.Sprint(p.cmd.Process.Pid), "fd"))
	return len(files), err
}
