package client_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// cuts is how many connections are cut on each transport.
const cuts = 200

// Connections are cut 200 times, at random bytes in either direction, while two
// write and three follow: one from the earliest, one from the present, one through a
// page of history, and one of them slowly.
func TestFollow_hasNoSeamAndPostNoDouble(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		p := s.behind(cuts)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		o := quick(as)
		o.Buffer = 8 // so that the slow one is sent to the log again and again

		began := s.post("general", "host", "It begins.").ID
		var work sync.WaitGroup
		var got [3][]string
		ready := make(chan struct{}, len(got))
		follow := func(i int, e client.Event) (more bool) {
			got[i] = append(got[i], string(e.JSON()))
			if i == 2 && len(got[i])%7 == 0 {
				time.Sleep(3 * time.Millisecond)
			}
			return e.Key != "the end"
		}
		dial := func(name string) *client.Client {
			o := *o
			return s.dialAt(p.url(), name, &o)
		}
		clients := []*client.Client{dial("ann"), dial("bob"), dial("cat"), dial("dan"), dial("eve")}
		for i := range 2 {
			after := client.Earliest
			if i == 1 {
				after = client.Cursor(began.String())
			}
			work.Go(func() {
				ready <- struct{}{}
				for e, err := range clients[i].Room("general").Follow(ctx, after) {
					if err != nil {
						t.Errorf("follower %d: %v", i, err)
						return
					}
					if !follow(i, e) {
						return
					}
				}
			})
		}
		page := make(chan client.Cursor, 1)
		work.Go(func() {
			for u, err := range clients[2].Room("general").Live(ctx, 10) {
				if err != nil {
					t.Errorf("live: %v", err)
					return
				}
				if u.Page != nil {
					page <- u.Page.Cursor
					ready <- struct{}{}
					continue
				}
				if !follow(2, u.Event) {
					return
				}
			}
		})
		for range got {
			select {
			case <-ready:
			case <-ctx.Done():
				t.Fatal("the followers do not begin")
			}
		}

		sent := [2][]client.Event{}
		var writers sync.WaitGroup
		for i := range sent {
			writers.Go(func() {
				for n := 0; p.left.Load() > 0 && ctx.Err() == nil || n < 100; n++ {
					e, err := clients[3+i].Room("general").Post(ctx, fmt.Sprintf("%d of writer %d", n, i))
					if err != nil {
						t.Errorf("writer %d: %v", i, err)
						return
					}
					sent[i] = append(sent[i], e)
				}
			})
		}
		writers.Wait()
		if _, err := clients[3].Room("general").Post(ctx, "It ends.", client.Key("the end")); err != nil {
			t.Error(err)
		}
		work.Wait()
		if t.Failed() {
			return
		}

		if n := p.cuts.Load(); n < cuts {
			t.Errorf("%d connections were cut, not %d", n, cuts)
		}
		stored := s.log("general", chat.Start)
		for i, from := range []client.Cursor{"", client.Cursor(began.String()), <-page} {
			want := behind(t, stored, from)
			if !slices.Equal(got[i], want) {
				t.Errorf("follower %d got %d events of %d, or others", i, len(got[i]), len(want))
			}
		}
		var ids []string // of the writers' messages, in the order of the log
		for i := range sent {
			var want, have []string
			for _, e := range sent[i] {
				want = append(want, string(e.JSON()))
			}
			for _, line := range stored {
				if e := parse(t, line); e.User.ID == clients[3+i].User().ID && e.Key != "the end" {
					have = append(have, line)
				}
			}
			if !slices.Equal(have, want) {
				t.Errorf("writer %d has sent %d messages, %d are stored, or in another order", i, len(want), len(have))
			}
			ids = append(ids, have...)
		}
		t.Logf("%d messages, %d cuts, %d connections", len(ids), p.cuts.Load(), p.opened.Load())
	})
}

func parse(t testing.TB, line string) client.Event {
	t.Helper()
	var e client.Event
	if err := e.UnmarshalJSON([]byte(line)); err != nil {
		t.Fatal(err)
	}
	return e
}

// behind returns the events behind a cursor, which may name its store.
func behind(t testing.TB, lines []string, after client.Cursor) (list []string) {
	t.Helper()
	id := string(after)
	if len(id) > 26 {
		id = id[len(id)-26:]
	}
	for _, line := range lines {
		if string(parse(t, line).ID) > id {
			list = append(list, line)
		}
	}
	return list
}
