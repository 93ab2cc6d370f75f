// Package power cuts the power of the disk under a chat, and looks at what is
// left. The disk is a FUSE file system in memory that records all that is asked
// of it and all that the chat has answered; from one recording come as many
// cuts as are wanted, at any op of it.
package power_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// childEnv makes the test binary the process at work.
const childEnv = "POWER_CHILD"

var (
	images = flag.Int("images", 300, "how often the power is cut")
	seed   = flag.Uint64("seed", 0, "of the random choices; 0 = a new one")
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	if err := work(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
