// Package order asks whether a room is what it seems: one list, to which each post
// is added at one moment between its request and its answer, and of which each
// read shows all that is there at one moment. Histories of several clients are
// recorded, the server being killed under them, and porcupine looks for an order
// that explains them.
package order_test

import (
	"flag"
	"os"
	"testing"

	"github.com/roomlog/chat/test/web"
)

var (
	operations = flag.Int("ops", 12_000, "posts and reads in all histories together")
	seed       = flag.Uint64("seed", 0, "of the random choices; 0 = a new one")
)

func TestMain(m *testing.M) { os.Exit(web.Main(m)) }
