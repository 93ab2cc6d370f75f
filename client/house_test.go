package client_test

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat/client"
)

// A client brings the standard library and the WebSocket library into a program, and
// nothing of the server's.
func TestPackage_needsNoDatabase(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(name, ".") && name != "github.com/gobwas/ws" {
				t.Errorf("%s imports %s", f.Name(), name)
			}
		}
	}
}

// One who is hidden follows, and is not present.
func TestFollow_hiddenIsNotPresent(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		o := quick(as)
		o.Hidden = true
		hidden := start(t, s.dial("Ann", o).Room("general"), client.Earliest)
		next(t, hidden)
		s.post("general", "host", "One.")
		if got := nextText(t, hidden); got != "One." {
			t.Fatalf("%q comes", got)
		}
		bob := s.dial("Bob", quick(as))
		start(t, bob.Room("general"), client.Latest)
		var p client.Presence
		eventually(t, "bob is there", func() bool {
			p = must[client.Presence](t)(bob.Room("general").Presence(within(t)))
			return p.Count > 0
		})
		time.Sleep(10 * time.Millisecond)
		if p = must[client.Presence](t)(bob.Room("general").Presence(within(t))); p.Count != 1 || p.Users[0].ID != "bob" {
			t.Errorf("present are %+v", p.Users)
		}
	})
}
