package ws_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// The grant ends while a command is being carried out, which holds up the end for a
// while, and an event comes of which the grant would have to say whether it took the room.
func TestExpiryDuringACommand_keepsNoWorkerBusy(t *testing.T) {
	t.Parallel()
	ann := chat.User{ID: "ann", Name: "Ann"}
	opened := time.Now()
	var late atomic.Bool
	var looks atomic.Int64 // at the clock, once a turn and more
	taken, release := make(chan struct{}), make(chan struct{})
	s := wiretest.New(t, wiretest.Setup{
		Options: transport.Options{Now: func() time.Time {
			if looks.Add(1); late.Load() {
				return opened.Add(2 * time.Hour)
			}
			return opened
		}},
		Auth: func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, Expires: opened.Add(time.Hour), May: func(action transport.Action, _ string) error {
				if action == chat.ActPost {
					close(taken)
					<-release
				}
				return nil
			}}, nil
		},
	})
	defer close(release)
	s.Post("general", ann, "one")
	k := s.Socket("x")
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
	k.Next() // live
	k.Send(`{"id":"2","op":"post","room":"general","text":"two"}`)
	<-taken
	late.Store(true)
	if _, err := s.Chat.Room("general").Do(t.Context(), chat.Command{User: ann, Fact: chat.UserJoined{}}); err != nil {
		t.Fatal(err)
	}
	if code := k.WantClose(); code != 4401 {
		t.Errorf("the code is %d", code)
	}
	if n := looks.Load(); n > 1000 {
		t.Errorf("the clock was looked at %d times", n)
	}
}
