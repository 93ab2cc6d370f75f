// Package crash kills processes that work on a chat, and spoils its files, and
// looks at what is left.
package crash_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/roomlog/chat/test/web"
)

// childEnv says what a test binary that was started as a child is to do.
const childEnv = "CRASH_CHILD"

var (
	cycles = flag.Int("cycles", 10, "how often a process is killed")
	seed   = flag.Uint64("seed", 0, "of the random choices; 0 = a new one")
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(childEnv) {
	case "":
		os.Exit(web.Main(m))
	case "write":
		err = write(os.Stdin, os.Stdout)
	case "open":
		err = openAndUse(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
