//go:build linux

// Package load_test sets many readers before a server in a process of its own,
// some of which take nothing or next to nothing, and shows that the others do
// not feel them and that nothing of them is left. It shows, too, what a crowd that
// comes at once is told of itself, and what being present costs.
//
//	go test ./load                                               # some seconds
//	go test ./load -v -timeout 20m -args -seconds 30 -pairs 3    # what docs quote
//	go test ./load -v -timeout 20m -args -seconds 30 -profile .  # and where the time goes
//	go test ./load -v -timeout 20m -run Presence -args -crowd 2000
//
// What is claimed of latency needs a machine that does little else, and of many
// readers a disk as well, since a post is answered once it is on it: each table
// says how much the others have used. Where there are others, the long form can
// be run before them, and in memory:
//
//	go test -c -o load.test ./load
//	TMPDIR=/dev/shm chrt -r 1 ./load.test -test.v -test.timeout 20m -seconds 30
//
// The quick form bounds latency generously; the long form holds it to the goal.
package load_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

// childEnv says that a test binary was started as the server, and holds its
// order.
const childEnv = "LOAD_SERVER"

// patience is how long anything may take that should come at once.
const patience = 20 * time.Second

var (
	seconds = flag.Int("seconds", 0, "how long is posted in each run; 0 is the quick form")
	pairs   = flag.Int("pairs", 3, "of the long form: how many pairs of runs, without and with frozen readers")
	streams = flag.Int("streams", 1000, "of the long form: how many readers, half of them sockets")
	size    = flag.Int("size", 100, "of the long form: bytes of a text")

	crowdSize = flag.Int("crowd", 0, "how many come into one room within a second; 0 is the quick form")

	profile = flag.String("profile", "", "a directory for CPU profiles of the server, one a run")
)

func TestMain(m *testing.M) {
	if o := os.Getenv(childEnv); o != "" {
		if err := serve(o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}
