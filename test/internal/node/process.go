package node

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long an answer may take.
const patience = 40 * time.Second

// Process is a process of Node that runs the bodies of functions: see driver.mjs. Its
// methods may be called concurrently.
type Process struct {
	t testing.TB
	*shared
}

// shared is what all have who use one process.
type shared struct {
	in    io.WriteCloser
	mu    sync.Mutex
	last  int
	code  string // that was started last
	calls map[int]chan Answer
	ended chan struct{}
}

// Answer is what a body has come to.
type Answer struct {
	ID    int
	Value json.RawMessage
	Error string
}

// script is the path of a script of this package.
func script(name string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), name)
}

// Start starts Node with a module whose prepare, given what imports files of dist by
// name, makes what bodies share. ws returns where the module ws is, for a Node that has
// no WebSocket. The process ends with the test.
func Start(t testing.TB, module, dist string, ws func() string) *Process {
	t.Helper()
	flags := Flags(t)
	args := append(flags, script("driver.mjs"))
	for _, path := range []string{module, dist} {
		full, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, full)
	}
	if !hasGlobal("WebSocket", flags...) {
		args = append(args, ws())
	}
	cmd := exec.Command("node", args...)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &Process{t, &shared{in: in, calls: map[int]chan Answer{}, ended: make(chan struct{})}}
	go p.read(out, cmd)
	t.Cleanup(func() {
		_ = in.Close()
		select {
		case <-p.ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-p.ended
		}
	})
	return p
}

// For returns the same process for a test within that of Start, which fails by itself.
func (p *Process) For(t testing.TB) *Process { return &Process{t, p.shared} }

// read hands out answers, until the process has ended.
func (p *Process) read(out io.Reader, cmd *exec.Cmd) {
	defer close(p.ended)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var a Answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			p.t.Errorf("node says %q", lines.Text())
			continue
		}
		p.mu.Lock()
		p.calls[a.ID] <- a
		delete(p.calls, a.ID)
		p.mu.Unlock()
	}
	_ = cmd.Wait()
}

// Go starts the body of an async function, which has what is shared under the name of
// here; the args are put into the text as JSON, where %s stands.
func (p *Process) Go(code string, args ...any) <-chan Answer {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	done := make(chan Answer, 1)
	p.calls[p.last], p.code = done, code
	line, err := json.Marshal(map[string]any{"id": p.last, "code": Fill(p.t, code, args)})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		p.t.Fatalf("node is gone: %v", err)
	}
	return done
}

// asked is what was started last.
func (p *Process) asked() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.code
}

// Fill puts args into a text, as JSON, where %s stands.
func Fill(t testing.TB, code string, args []any) string {
	t.Helper()
	for _, arg := range args {
		text, err := json.Marshal(arg)
		if err != nil {
			t.Fatal(err)
		}
		code = strings.Replace(code, "%s", string(text), 1)
	}
	return code
}

// Run runs a body and returns what it returns.
func Run[T any](p *Process, code string, args ...any) (value T) {
	p.t.Helper()
	return Wait[T](p, p.Go(code, args...))
}

// Wait returns what a body returns that Go has started.
func Wait[T any](p *Process, done <-chan Answer) T {
	p.t.Helper()
	return WaitFor[T](p, done, patience)
}

// WaitFor is Wait for one that may take longer.
func WaitFor[T any](p *Process, done <-chan Answer, most time.Duration) (value T) {
	p.t.Helper()
	select {
	case a := <-done:
		if a.Error != "" {
			p.t.Fatal(a.Error)
		}
		if len(a.Value) > 0 {
			if err := json.Unmarshal(a.Value, &value); err != nil {
				p.t.Fatalf("%s: %v", a.Value, err)
			}
		}
	case <-p.ended:
		p.t.Fatal("node has ended")
	case <-time.After(most):
		p.t.Fatalf("node does not answer; what it was asked last:\n%s", p.asked())
	}
	return value
}
