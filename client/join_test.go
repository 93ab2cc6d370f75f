package client_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// Those who begin to follow a room on a client where others follow it already have
// neither gap nor overlap, wherever they begin and whatever is just being written.
func TestFollow_joinsOthersWithoutASeam(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		c := s.dial("ann", quick(as))
		first := start(t, c.Room("general"), client.Earliest)
		var events []chat.Event
		for n := range 10 {
			events = append(events, s.post("general", "host", fmt.Sprint(n)))
			if got := nextText(t, first); got != fmt.Sprint(n) {
				t.Fatalf("%q comes as number %d", got, n)
			}
		}
		late := start(t, c.Room("general"), client.Cursor(events[3].ID.String())) // which the feed has long passed
		for n := 4; n < 10; n++ {
			if got := nextText(t, late); got != fmt.Sprint(n) {
				t.Fatalf("the late one gets %q as number %d", got, n)
			}
		}

		const more = 150
		go func() {
			for range first { // it is there, and keeps the feed going
			}
		}()
		var work sync.WaitGroup
		work.Go(func() {
			for n := range more {
				s.post("general", "host", fmt.Sprint(10+n))
			}
		})
		for i := range 10 {
			work.Go(func() {
				n := i
				for e, err := range c.Room("general").Follow(within(t), client.Cursor(events[i].ID.String())) {
					if err != nil {
						t.Errorf("follower %d: %v", i, err)
						return
					}
					n++
					if fact, _ := e.Fact(); fact.(client.MessagePosted).Text != fmt.Sprint(n) {
						t.Errorf("follower %d gets %s as number %d", i, e.JSON(), n)
						return
					}
					if n == 10+more-1 {
						return
					}
				}
			})
		}
		work.Wait()
	})
}
