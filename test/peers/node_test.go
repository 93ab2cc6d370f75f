package peers_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/roomlog/chat/test/internal/need"
)

// nodeScript follows with a script of js, one process for all readers.
func nodeScript(name string) func(context.Context, *testing.T, *server, []*reader) {
	return func(ctx context.Context, t *testing.T, _ *server, readers []*reader) {
		t.Helper()
		dir := packages(t)
		var orders []order
		for _, r := range readers {
			orders = append(orders, r.order)
		}
		input, err := json.Marshal(orders)
		if err != nil {
			t.Fatal(err)
		}
		node := exec.CommandContext(ctx, "node", name)
		node.Dir = dir
		node.Stdin = bytes.NewReader(input)
		node.Stderr = t.Output()
		output, err := node.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := node.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		t.Cleanup(func() { <-ended })
		go func() {
			defer close(ended)
			lines := bufio.NewScanner(output)
			lines.Buffer(nil, 4<<20)
			for lines.Scan() {
				var n note
				if err := json.Unmarshal(lines.Bytes(), &n); err != nil || n.Reader >= len(readers) {
					t.Errorf("%s says %q: %v", name, lines.Text(), err)
					continue
				}
				readers[n.Reader].take(n)
			}
			if err := node.Wait(); ctx.Err() == nil {
				t.Errorf("%s has ended: %v, %v", name, err, lines.Err())
			}
		}()
	}
}

// modules are the packages of js.
var modules need.Modules

// packages returns where the scripts can run.
func packages(t *testing.T) string {
	t.Helper()
	return modules.Dir(t, "js", filepath.Join(scratch, "js"))
}
