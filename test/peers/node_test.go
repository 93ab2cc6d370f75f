package peers_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
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

// install installs the packages of js in a copy of it, once.
var install = sync.OnceValues(func() (dir string, err error) {
	dir = filepath.Join(scratch, "js")
	files, err := fs.Sub(scripts, "js")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, files); err != nil {
		return "", err
	}
	npm := exec.Command("npm", "ci", "--prefer-offline", "--ignore-scripts")
	npm.Dir = dir
	npm.Stdout, npm.Stderr = os.Stderr, os.Stderr
	return dir, npm.Run()
})

// packages returns where the scripts can run. It skips the test where Node is
// missing, or its packages cannot be had.
func packages(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, program+" is not in the path: "+err.Error())
		}
	}
	dir, err := install()
	if err != nil {
		missing(t, "npm ci: "+err.Error())
	}
	return dir
}
