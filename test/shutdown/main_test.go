// Package shutdown ends servers that have a thousand readers and are being written
// to, and looks at what is left of them.
package shutdown_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/roomlog/chat/test/web"
)

var rounds = flag.Int("rounds", 2, "how often each server is ended")

const (
	readers = 1000
	posters = 20
	pause   = 100 * time.Millisecond // of each poster: 200 posts a second together
	room    = "general"
	// patience is what the protocol gives a server; that it takes less than two
	// seconds is held of the median of many rounds, since a machine may be busy.
	patience = 5 * time.Second
	usual    = 2 * time.Second
	enough   = 20 // rounds that make a median
)

func TestMain(m *testing.M) { os.Exit(web.Main(m)) }
