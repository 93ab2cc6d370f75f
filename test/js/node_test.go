package js_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/roomlog/chat/test/internal/need"
	"github.com/roomlog/chat/test/internal/node"
)

// nodeProcess is Node with the client loaded: see scripts/prepare.mjs.
type nodeProcess struct{ *node.Process }

// runNode starts Node. It ends with the test.
func runNode(t *testing.T) nodeProcess {
	t.Helper()
	return nodeProcess{node.Start(t, "scripts/prepare.mjs", "../../js/dist", func() string {
		return filepath.Join(packages(t), "node_modules", "ws", "wrapper.mjs")
	})}
}

// start runs the body of an async function, and does not wait for it.
func (n nodeProcess) start(code string, args ...any) <-chan node.Answer { return n.Go(code, args...) }

// do runs a body.
func (n nodeProcess) do(code string, args ...any) { run[any](n, code, args...) }

// run runs a body and returns what it returns.
func run[T any](n nodeProcess, code string, args ...any) T {
	return node.Run[T](n.Process, code, args...)
}

func wait[T any](n nodeProcess, done <-chan node.Answer) T { return node.Wait[T](n.Process, done) }

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

// checks are what is installed from npm, and what runs with it.
var (
	checks need.Modules
	copied sync.Once
)

// packages returns where they are, with the package beside them.
func packages(t *testing.T) string {
	t.Helper()
	dir := checks.Dir(t, "npm", filepath.Join(scratch, "npm"))
	own := filepath.Join(dir, "node_modules", "@roomlog", "chat")
	copied.Do(func() {
		if err := os.CopyFS(own, os.DirFS("../../js")); err != nil {
			t.Fatal(err)
		}
	})
	return dir
}
