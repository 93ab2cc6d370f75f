package js_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// node is a process of Node that has the client loaded: see scripts/driver.mjs.
type node struct {
	t     *testing.T
	in    io.WriteCloser
	mu    sync.Mutex
	last  int
	calls map[int]chan answer
	ended chan struct{}
}

type answer struct {
	ID    int
	Value json.RawMessage
	Error string
}

// globals are what the client takes for granted, and the flags that a Node which
// has one only on demand is to be started with.
var globals = []struct{ name, flag string }{
	{"WebSocket", "--experimental-websocket"},            // from 22 on by itself, from 20.10 on by flag
	{"CustomEvent", "--experimental-global-customevent"}, // from 19 on
	{"crypto", "--experimental-global-webcrypto"},        // from 20 on
}

// hasGlobal reports whether Node has something of a name when it is started so.
func hasGlobal(name string, flags ...string) bool {
	args := append(slices.Clone(flags), "scripts/has.mjs", name)
	return exec.Command("node", args...).Run() == nil
}

var findFlags = sync.OnceValue(func() []string {
	flags := []string{"--no-warnings"}
	for _, g := range globals {
		if !hasGlobal(g.name) && hasGlobal(g.name, g.flag) {
			flags = append(flags, g.flag)
		}
	}
	return flags
})

// nodeFlags are what Node is to be started with, so that it has what it can have.
// It skips the test where there is no Node.
func nodeFlags(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node is not in the path: "+err.Error())
	}
	return slices.Clone(findFlags())
}

// runNode starts Node. It ends with the test.
func runNode(t *testing.T) *node {
	t.Helper()
	flags := nodeFlags(t)
	dist, err := filepath.Abs("../../js/dist")
	if err != nil {
		t.Fatal(err)
	}
	args := append(flags, "scripts/driver.mjs", dist)
	if !hasGlobal("WebSocket", flags...) {
		args = append(args, filepath.Join(packages(t), "node_modules", "ws", "wrapper.mjs"))
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
	n := &node{t: t, in: in, calls: map[int]chan answer{}, ended: make(chan struct{})}
	go func() {
		defer close(n.ended)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var a answer
			if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
				t.Errorf("node says %q", lines.Text())
				continue
			}
			n.mu.Lock()
			n.calls[a.ID] <- a
			n.mu.Unlock()
		}
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = in.Close()
		select {
		case <-n.ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-n.ended
		}
	})
	return n
}

// start runs the body of an async function, with what scripts/prepare.mjs has put
// into here; the args are put into the text as JSON, where %s stands.
func (n *node) start(code string, args ...any) <-chan answer {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	done := make(chan answer, 1)
	n.calls[n.last] = done
	line, err := json.Marshal(map[string]any{"id": n.last, "code": fill(n.t, code, args)})
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.in.Write(append(line, '\n')); err != nil {
		n.t.Fatalf("node is gone: %v", err)
	}
	return done
}

// fill puts args into a text.
func fill(t *testing.T, code string, args []any) string {
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

// run runs a body and returns what it returns.
func run[T any](n *node, code string, args ...any) (value T) {
	n.t.Helper()
	return wait[T](n, n.start(code, args...))
}

// do runs a body.
func (n *node) do(code string, args ...any) {
	n.t.Helper()
	run[any](n, code, args...)
}

func wait[T any](n *node, done <-chan answer) (value T) {
	n.t.Helper()
	select {
	case a := <-done:
		if a.Error != "" {
			n.t.Fatal(a.Error)
		}
		if len(a.Value) > 0 {
			if err := json.Unmarshal(a.Value, &value); err != nil {
				n.t.Fatalf("%s: %v", a.Value, err)
			}
		}
	case <-n.ended:
		n.t.Fatal("node has ended")
	case <-time.After(patience):
		n.t.Fatal("node does not answer")
	}
	return value
}

// options are those of a client, through the proxy.
func (s *server) options(name, transport string) map[string]any {
	return map[string]any{"url": s.proxy.url() + "/api", "token": name + ".", "transport": transport}
}

// both runs a test over each transport.
func both(t *testing.T, test func(t *testing.T, transport string)) {
	for _, transport := range []string{"socket", "stream"} {
		t.Run(transport, func(t *testing.T) { test(t, transport) })
	}
}
