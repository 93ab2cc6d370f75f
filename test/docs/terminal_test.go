package docs_test

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/roomlog/chat/client"
)

// output is what a program has written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) has(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Contains(o.text.String(), text)
}

// The client for a terminal sends its lines and shows those of others, over a
// server that is killed.
func TestTerminal_talksOverARestart(t *testing.T) {
	p := start(t, find(t, "five", "http.Dir"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	bob := dial(ctx, t, p, "Bob", client.WebSocket)
	var file string
	for _, b := range blocks(t, "go") {
		if b.page == "five" && strings.Contains(b.code, "client.Dial(") {
			file = filepath.Join(built(t), b.String())
		}
	}
	alice, out := exec.CommandContext(ctx, file, p.url+"/chat", "alice", "general"), &output{}
	in, err := alice.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	alice.Stdout, alice.Stderr = out, t.Output()
	if err := alice.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the welcome", func() bool { return out.has("Welcome to general, 2 here.\n") && out.has("* Bob joined\n") })
	p.kill()
	if _, err := io.WriteString(in, "from the terminal\n"); err != nil {
		t.Fatal(err)
	}
	p.run()
	if _, err := bob.Post(ctx, "from elsewhere"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both lines", func() bool { return out.has("alice: from the terminal\n") && out.has("Bob: from elsewhere\n") })
	_ = in.Close()
	if err := alice.Wait(); err != nil {
		t.Fatal(err)
	}
}
