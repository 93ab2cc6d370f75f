// Package node runs scripts in Node for tests.
package node

import (
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/roomlog/chat/test/internal/need"
)

// globals are what the client takes for granted, and the flags that a Node which
// has one only on demand is to be started with.
var globals = []struct{ name, flag string }{
	{"WebSocket", "--experimental-websocket"},            // from 22 on by itself, from 20.10 on by flag
	{"CustomEvent", "--experimental-global-customevent"}, // from 19 on
	{"crypto", "--experimental-global-webcrypto"},        // from 20 on
}

// hasGlobal reports whether Node has something of a name when it is started so.
func hasGlobal(name string, flags ...string) bool {
	args := append(slices.Clone(flags), script("has.mjs"), name)
	return exec.Command("node", args...).Run() == nil
}

var findFlags = sync.OnceValue(func() []string {
	flags := []string{"--no-warnings"}
	for _, g := range globals {
		if !hasGlobal(g.name) && hasGlobal(g.name, g.flag) {
			flags = append(flags, g.flag)
		}
	}
	return flags
})

// Flags are what Node is to be started with, so that it has what it can have. It skips
// the test where there is no Node.
func Flags(t testing.TB) []string {
	t.Helper()
	need.Programs(t, "node")
	return slices.Clone(findFlags())
}
