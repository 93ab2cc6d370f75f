package sse_test

import (
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// The host is asked about many streams at once, and does not answer. Were each of them
// found to take long, one by one, it would take a multiple of rounds times 10 ms until all are asked.
func TestAHookThatHangs_holdsUpNoOtherStream(t *testing.T) {
	const rounds = 100
	streams := rounds * max(2, runtime.GOMAXPROCS(0))
	ann := chat.User{ID: "ann", Name: "Ann"}
	var hangs atomic.Bool
	var asked atomic.Int64
	all, release := make(chan struct{}), make(chan struct{})
	s := wiretest.New(t, wiretest.Setup{
		Options: transport.Options{Heartbeat: 100 * time.Millisecond, NoLimits: true},
		Auth: func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, May: func(transport.Action, string) error {
				if hangs.Load() {
					if asked.Add(1) == int64(streams) {
						close(all)
					}
					<-release
				}
				return nil
			}}, nil
		},
	})
	defer close(release)
	s.Post("general", ann, "one")
	for range streams {
		st := s.Stream("/rooms/general/events", "")
		begin(t, st)
		st.Want("chat.live")
	}
	from := time.Now()
	hangs.Store(true)
	select {
	case <-all:
	case <-time.After(wiretest.Patience):
		t.Fatalf("%d of %d are asked about", asked.Load(), streams)
	}
	if took := time.Since(from); took > rounds*10*time.Millisecond*3/4 {
		t.Errorf("it took %s to ask about %d streams", took, streams)
	}
}
