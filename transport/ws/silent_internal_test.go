package ws

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// Else a wall clock that is set forward, as when a machine learns the time, would end
// all sockets at once.
func TestSilence_isNotMeasuredByTheWallClock(t *testing.T) {
	c, err := chat.Open(filepath.Join(t.TempDir(), "chat.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	auth := transport.NewGuest(make([]byte, 32)).Auth
	silent := &conn{gate: transport.NewGate(c, auth, nil)}
	silent.speaks()
	if at := silent.silentAt(); !strings.Contains(at.String(), " m=") { // as of a time with a monotonic reading
		t.Errorf("a client is silent at %s by the wall clock", at)
	}
}
