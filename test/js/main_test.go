// Package js_test drives the client of package js, as it is bundled, against the
// server: under Node, and once in Chromium. Between the two is a proxy that cuts
// and freezes connections.
//
//	go test ./js
//	go test ./js -v -timeout 30m -args -cuts 600    # of pages in Chromium
//
// What is sent through many cuts is in ../clients, for both clients.
//
// Nothing of npm is needed, but for what the compiler, publint and React say, and
// for the WebSocket of a Node that has none: 18, and 20 before 20.10.
package js_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/roomlog/chat/test/internal/chromium"
)

var (
	cuts   = flag.Int("cuts", 60, "how many connections of a page are cut")
	seed   = flag.Uint64("seed", 0, "what the cuts are drawn with; 0 is another one each time")
	update = flag.Bool("update", false, "write the declarations of js/dist anew")
)

// patience is how long anything may take that is not meant to.
const patience = 40 * time.Second

// scratch is a directory that goes with the process.
var scratch string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if scratch, err = os.MkdirTemp("", "chat-js-"); err != nil {
		panic(err)
	}
	code := m.Run()
	chromium.Stop()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}
