package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/transport"
)

// A server that stops to speak without closing anything is noticed, and awaited.
func TestClient_noticesAFrozenServer(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{options: transport.Options{Heartbeat: 100 * time.Millisecond}})
		p := s.behind(0)
		o := quick(as)
		o.ConnectTimeout, o.CallTimeout = 200*time.Millisecond, 200*time.Millisecond
		c := s.dialAt(p.url(), "ann", o)
		come := start(t, c.Room("general"), client.Earliest)
		next(t, come)

		p.freeze()
		begun := time.Now()
		state := awaitState(t, c, func(s client.State) bool { return s.Phase == client.Reconnecting })
		if d := time.Since(begun); d > 2*time.Second || !strings.Contains(state.Reason.Error(), "heartbeats") {
			t.Errorf("after %v the state is %+v", d, state)
		}
		s.post("general", "host", "while it was frozen")
		p.melt()
		if got := nextText(t, come); got != "while it was frozen" {
			t.Errorf("%q comes", got)
		}
	})
}
