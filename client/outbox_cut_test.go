package client_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// Connections are cut 200 times at random bytes, while three write in one room and one
// of them in another, without waiting: each message is stored once, in its order.
func TestSend_isStoredOnceAndInOrderOverCuts(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		s.join("garden", "host")
		p := s.behind(cuts)
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		var clients []*client.Client
		for _, name := range []string{"ann", "bob", "cat"} {
			clients = append(clients, s.dialAt(p.url(), name, quick(as)))
		}
		type sender struct {
			c    *client.Client
			room string
		}
		senders := []sender{{clients[0], "general"}, {clients[1], "general"}, {clients[2], "general"}, {clients[2], "garden"}}
		sent := make([][]*client.Outgoing, len(senders))
		for n := 0; p.left.Load() > 0 && ctx.Err() == nil || n < 100; n++ {
			for i, to := range senders {
				o, err := to.c.Room(to.room).Send(fmt.Sprintf("%d of %d", n, i))
				if err != nil {
					t.Fatal(err)
				}
				sent[i] = append(sent[i], o)
			}
			if n%10 == 9 { // so that they are not all queued before the first cut
				_, _ = sent[n%len(senders)][n].Wait(ctx)
			}
		}
		for i := range sent {
			for _, o := range sent[i] {
				if _, err := o.Wait(ctx); err != nil {
					t.Fatalf("%q comes to %v", o.Message.Text, err)
				}
			}
		}
		if n := p.cuts.Load(); n < cuts {
			t.Errorf("%d connections were cut, not %d", n, cuts)
		}
		total := 0
		for i, to := range senders {
			var have []string
			for _, line := range s.log(to.room, chat.Start) {
				if e := parse(t, line); e.User.ID == to.c.User().ID && e.Type == "MessagePosted" {
					have = append(have, must[client.Fact](t)(e.Fact()).(client.MessagePosted).Text)
				}
			}
			var want []string
			for n := range sent[i] {
				want = append(want, fmt.Sprintf("%d of %d", n, i))
			}
			if !slices.Equal(have, want) {
				t.Errorf("sender %d has sent %d messages, %d are stored, or in another order", i, len(want), len(have))
			}
			total += len(have)
		}
		t.Logf("%d messages, %d cuts, %d connections", total, p.cuts.Load(), p.opened.Load())
	})
}
