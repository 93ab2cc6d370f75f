// Package peers_test sets clients that others have written before the server:
// WebSockets of coder/websocket, of Node's ws and of Chromium, event streams of
// tmaxmax/go-sse, of the packages eventsource and eventsource-parser and of
// Chromium. Every connection of theirs goes through a proxy that cuts it
// somewhere, while writers post all the time. In the end each must have every
// event once.
//
//	go test ./peers                                    # some 60 resumes each
//	go test ./peers -v -timeout 30m -args -resumes 1000
//
// What runs under Node is in js, and installed by npm in a copy of it. Without
// Node, npm or Chromium the tests that need them are skipped, unless CI is set.
package peers_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/roomlog/chat/test/internal/chromium"
)

var (
	resumes = flag.Int("resumes", 60, "how often the readers of a test resume, all together")
	seed    = flag.Uint64("seed", 0, "what the cuts are drawn with; 0 is another one each time")
)

// patience is how long a run may take to come to its end once nothing is cut
// any more.
const patience = 20 * time.Second

// scratch is a directory that goes with the process.
var scratch string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if scratch, err = os.MkdirTemp("", "chat-peers-"); err != nil {
		panic(err)
	}
	code := m.Run()
	chromium.Stop()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}
