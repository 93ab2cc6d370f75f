package ws_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// Who takes nothing is cut off. What they had sent by then is still carried out, and
// a room that they subscribe to and leave after that has them no longer.
func TestUnsubscribe_afterTheWriterHasEnded(t *testing.T) {
	ann := chat.User{ID: "ann", Name: "Ann"}
	asked := make(chan string, 1000)
	s := wiretest.New(t, wiretest.Setup{
		Chat: chat.Options{PresenceGrace: time.Millisecond},
		Auth: func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, May: func(_ transport.Action, room string) error {
				asked <- room
				return nil
			}}, nil
		},
		Options: transport.Options{NoLimits: true, WriteTimeout: 300 * time.Millisecond},
	})
	long := strings.Repeat("x", 4000)
	texts := make([]string, 200)
	for i := range texts {
		texts[i] = long
	}
	s.Post("big", ann, texts...)
	s.Post("general", ann, "one")
	k := s.Socket("")
	if tcp, is := k.Conn.(*net.TCPConn); is {
		_ = tcp.SetReadBuffer(4 << 10)
	}
	history := `{"id":"1","op":"history","room":"big","limit":200}`
	// The first answer is more than the system keeps for a client that takes nothing,
	// and while the second waits nothing is carried out.
	var sent []byte // and read at once
	for _, text := range []string{history, history, `{"op":"subscribe","room":"general"}`, `{"op":"unsubscribe","room":"general"}`, `{"op":"presence","room":"last"}`} {
		sent = append(sent, masked(ws.OpText, true, text)...)
	}
	k.Write(sent)
	for patience := time.After(wiretest.Patience); ; {
		select {
		case room := <-asked:
			if room != "last" {
				continue
			}
		case <-patience:
			t.Fatal("what was sent is not carried out")
		}
		break
	}
	wiretest.Eventually(t, "nobody is there", func() bool {
		ids, _ := present(t, s, "general")
		return ids == ""
	})
}
