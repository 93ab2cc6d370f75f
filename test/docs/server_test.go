package docs_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// listens is where the programs of the pages listen. Here each is built with an
// address of its own in the place of it.
const listens = "127.0.0.1:8080"

// program is a running program of a page.
type program struct {
	t    *testing.T
	file string // what runs
	dir  string // where it runs, and keeps its files
	url  string
	env  []string // beside that of the test
	cmd  *exec.Cmd
}

// serves reports whether a block is a program that serves a chat.
func serves(b block) bool {
	return strings.HasPrefix(b.code, "package main\n") && strings.Contains(b.code, "mount.Handler(")
}

// start runs a program of a page, in a directory with the page's HTML and the
// scripts for htmx. It ends with the test.
func start(t *testing.T, b block, env ...string) *program {
	t.Helper()
	p := &program{t: t, file: filepath.Join(built(t), b.String()), dir: t.TempDir()}
	p.url = "http://" + addresses[b.String()]
	for _, h := range blocks(t, "html") {
		if h.page != b.page {
			continue
		}
		if err := os.Mkdir(filepath.Join(p.dir, "page"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(p.dir, "page", "index.html"), []byte(h.code), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(b.code, `http.Dir("static")`) {
		if err := os.CopyFS(filepath.Join(p.dir, "static"), os.DirFS("../../examples/htmx/static")); err != nil {
			t.Fatal(err)
		}
	}
	p.env = env
	t.Cleanup(p.kill)
	p.run()
	return p
}

func (p *program) run() {
	p.t.Helper()
	p.cmd = exec.Command(p.file)
	p.cmd.Dir = p.dir
	p.cmd.Env = append(append(os.Environ(), "GIN_MODE=release"), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = p.t.Output(), p.t.Output()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	eventually(p.t, "an answer of the program", func() bool {
		resp, err := http.Get(p.url + "/chat/me")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusUnauthorized
	})
}

// find returns the program of a page that has the text.
func find(t *testing.T, page, text string) block {
	t.Helper()
	for _, b := range blocks(t, "go") {
		if b.page == page && serves(b) && strings.Contains(b.code, text) {
			return b
		}
	}
	t.Fatalf("%s has no program with %q", page, text)
	return block{}
}

// kill ends the program as a crash would.
func (p *program) kill() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("there is not %s within %s", what, patience)
		}
	}
}
