// Package web runs examples/web in a process of its own, for tests that kill it,
// stop it, and let its system calls fail. Its clients are written here, on
// net/http and a plain reader of lines: what is tested should not be read by the
// library that is tested.
package web

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// secret is the flag of that name. The server makes its key of it, and so do the
// tests: each user is whom they say.
const secret = "the secret of the tests"

var guests = func() *transport.Guest {
	sum := sha256.Sum256([]byte(secret))
	return transport.NewGuest(sum[:])
}()

// Token returns credentials of a user with that id and name.
func Token(user string) string {
	return guests.Token(chat.User{ID: user, Name: user}, time.Time{})
}

// Auth is how the server knows its users, for tests that serve a chat themselves.
var Auth transport.Auth = guests.Auth

// program is the built server.
var program string

// Main builds the server, runs the tests, and returns the status to exit with.
func Main(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "chat-web-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "web")
	_, here, _, _ := runtime.Caller(0)
	build := exec.Command("go", "build", "-o", program, "./examples/web")
	build.Dir = filepath.Join(filepath.Dir(here), "..", "..")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build examples/web: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
