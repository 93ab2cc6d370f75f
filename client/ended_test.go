package client_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// One who is removed while they are behind gets what they have, without a gap, and
// then the end, which says that there may have been more; one who was not behind gets
// all of it.
func TestFollow_endsForOneWhoIsBehind(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		p := s.behind(0)
		ann := s.dial("Ann", quick(as))
		must[client.Event](t)(ann.Create(within(t), client.NewRoom{ID: "club", Kind: "private", Members: []string{"bob"}}))
		o := quick(as)
		o.Buffer = 20
		bob := s.dialAt(p.url(), "Bob", o)
		slow := start(t, bob.Room("club"), client.Earliest)
		fast := start(t, bob.Room("club"), client.Earliest)
		for _, come := range []<-chan followed{slow, fast} {
			for range 3 { // the room, and its members
				next(t, come)
			}
		}
		const n = 300
		for i := range n {
			must[client.Event](t)(ann.Room("club").Post(within(t), fmt.Sprint(i)))
			if got := nextText(t, fast); got != fmt.Sprint(i) {
				t.Fatalf("the fast one gets %q as number %d", got, i)
			}
		}
		must[client.Event](t)(ann.Room("club").Remove(within(t), "bob"))
		if f := next(t, fast); f.event.Type != "UserLeft" {
			t.Errorf("the last event is %v, %v", f.event, f.err)
		}
		var end *client.Ended
		if f := next(t, fast); !errors.As(f.err, &end) || end.Reason != "forbidden" || end.Missed || end.Err != nil {
			t.Errorf("for one who has all it ends with %+v", f.err)
		}
		got := 0
		for f := next(t, slow); ; f = next(t, slow) {
			if f.err != nil {
				if !errors.As(f.err, &end) || end.Reason != "forbidden" || !end.Missed || !errors.Is(f.err, &client.Problem{Code: "room_not_found"}) {
					t.Errorf("for one who is behind it ends with %+v", f.err)
				}
				break
			}
			if posted, ok := must[client.Fact](t)(f.event.Fact()).(client.MessagePosted); !ok || posted.Text != fmt.Sprint(got) {
				t.Fatalf("the slow one gets %s as number %d", f.event.JSON(), got)
			}
			got++
		}
		if got < 20 || got == n {
			t.Errorf("void: the slow one has got %d messages of %d", got, n)
		}
	})
}

// One who is removed while they are not connected is told when they come back.
func TestFollow_endsForOneWhoWasAway(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		ann := s.dial("Ann", quick(as))
		must[client.Event](t)(ann.Create(within(t), client.NewRoom{ID: "club", Kind: "private", Members: []string{"bob"}}))
		last := must[client.Event](t)(ann.Room("club").Post(within(t), "Hello."))
		p := s.behind(0)
		bob := s.dialAt(p.url(), "Bob", quick(as))
		come := start(t, bob.Room("club"), last.Cursor())
		eventually(t, "bob is there", func() bool { return must[chat.Presence](t)(s.chat.Room("club").Presence(within(t), "")).Count == 1 })
		time.Sleep(20 * time.Millisecond) // and knows it
		p.freeze()
		must[client.Event](t)(ann.Room("club").Remove(within(t), "bob"))
		p.cutAll()
		p.melt()
		var end *client.Ended
		if f := next(t, come); !errors.As(f.err, &end) || !end.Missed || end.Reason != "forbidden" {
			t.Errorf("it ends with %v, %v", f.event, f.err)
		}
	})
}
