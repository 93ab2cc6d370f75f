// Package clients_test holds the two clients, package client and the one of
// js/dist in Node, to one table of cases: testdata/cases. A case says what a made-up
// server hears, byte for byte what it says and when it falls silent, and what the
// user of the client sees of that. Each runs for both clients, over a socket and
// over streams.
//
//	go test ./clients                          # about 3 s
//	go test ./clients -run Cases/resume        # those of a name
//	go test ./clients -args -sends 200         # fewer sends through cuts
//
// testdata/cases/README.md has the words of a case.
package clients_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/roomlog/chat/internal/testkit"
)

// patience is how long anything may take that is not meant to.
const patience = 10 * time.Second

var (
	sends = flag.Int("sends", 2000, "how many messages are sent through cuts, by each client over each transport")
	seed  = flag.Uint64("seed", 0, "what the cuts are drawn with; 0 is another one each time")
)

// scratch is a directory that goes with the process.
var scratch string

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := serveChat(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	testkit.AtOnce(40) // cases wait, mostly
	var err error
	if scratch, err = os.MkdirTemp("", "chat-clients-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}
