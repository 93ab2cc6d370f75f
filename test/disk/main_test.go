// Package disk runs a server whose disk is full, or whose calls that write fail,
// and looks at what it answers, whether it goes on, and what is in the file.
//
// It needs strace and, to mount a small disk, root.
package disk_test

import (
	"flag"
	"os"
	"testing"

	"github.com/roomlog/chat/test/web"
)

var (
	first = flag.Int("first", 1, "the first of the calls that fail, counted by thread")
	last  = flag.Int("last", 500, "the last of them")
	step  = flag.Int("step", 0, "from one to the next; 0 = a few in that range by chance")
	fills = flag.Int("fills", 4, "how often the disk becomes full")
	seed  = flag.Uint64("seed", 0, "of the random choices; 0 = a new one")
)

func TestMain(m *testing.M) { os.Exit(web.Main(m)) }
