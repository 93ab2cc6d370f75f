// Command recording makes docs/demo.gif: the web example and the terminal side by
// side, through a server that is killed.
//
//	go run ./recording       # in test/; needs chromium and tmux in the path
//
// All of it is real: the server is a process of examples/web, Ann's page is in a
// Chromium, and Bob's examples/terminal runs in a terminal of tmux. Pictures are
// taken after each step of the story, and how long each is shown is the story's and
// not the machine's, so that the film is as quick on a busy machine: waiting, as for
// the connections to come back, is cut out.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// The size of the film in pixels. The places of the terminal and of the page in it
// are those of stage.html.
const width, height = 1100, 520

func main() {
	out := flag.String("out", filepath.Join("..", "docs", "demo.gif"), "the `file` to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "recording:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string) error {
	dir, err := os.MkdirTemp("", "chat-recording-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	for _, example := range []string{"web", "terminal"} {
		build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, example), ".")
		build.Dir = filepath.Join(root, "examples", example)
		build.Env = append(os.Environ(), "GOWORK=off")
		if said, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build examples/%s: %w\n%s", example, err, said)
		}
	}

	server := &server{program: filepath.Join(dir, "web"), db: filepath.Join(dir, "chat.db"), addr: "127.0.0.1:0"}
	if err := server.start(); err != nil {
		return err
	}
	defer server.kill()
	browser, err := openBrowser(ctx, filepath.Join(dir, "profile"))
	if err != nil {
		return err
	}
	defer browser.close()
	r, err := newRecorder(browser, server)
	if err != nil {
		return err
	}
	bob, err := openTerminal(ctx, dir, filepath.Join(dir, "terminal"), "-url", "http://"+server.addr+"/api", "-name", "Bob", "general")
	if err != nil {
		return err
	}
	defer bob.close()
	r.bob = bob
	r.play()
	if r.err != nil {
		return r.err
	}
	return r.film.write(out)
}
