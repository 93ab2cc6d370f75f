package transport_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// fill posts n messages of a kilobyte or more, and returns their ids.
func fill(s *wiretest.Server, room string, by chat.User, n int) []string {
	posted := make([]string, n)
	var writers sync.WaitGroup
	for w := range min(n, 32) { // commits are shared
		writers.Go(func() {
			for i := w; i < n; i += 32 {
				posted[i] = s.Post(room, by, strings.Repeat("x", 1000))[0].ID.String()
			}
		})
	}
	writers.Wait()
	slices.Sort(posted)
	return posted
}

func TestFeed_waitsForItsUsersReplayBudget(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, _ := s.User("Ann")
	stored := fill(s, "general", ann, 600) // three pages
	g := transport.NewGate(s.Chat, s.Guest.Auth, &transport.Options{ReplayRate: 2 << 20, ReplayBurst: 100 << 10})
	feed := func(user, cursor string) *transport.Feed {
		f, err := g.Open(t.Context(), transport.FeedQuery{Rooms: []string{"general"}, Grant: &transport.Grant{User: chat.User{ID: user}}, Cursor: transport.ParseCursor(cursor)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.Close)
		return f
	}
	first, second, live, other := feed("ann", "earliest"), feed("ann", "earliest"), feed("ann", "latest"), feed("bob", "earliest")
	if got := drain(t, live); !slices.Equal(got, []string{"live"}) {
		t.Fatalf("who has nothing to catch up with reads %v", got)
	}
	got := drain(t, first)
	if len(got) != 256 {
		t.Fatalf("%d events are read before the budget is used up", len(got))
	}
	b, err := second.Next(t.Context())
	if err != nil || !b.Empty() || b.Wait <= 0 || second.Pending() {
		t.Errorf("another stream of the user reads %d events, waits %s, is pending %t, %v", len(b.Events), b.Wait, second.Pending(), err)
	}
	if n := len(drain(t, other)); n != 256 {
		t.Errorf("another user reads %d events", n)
	}
	came := fill(s, "general", ann, 2)
	if got := drain(t, live); !slices.Equal(got, came) {
		t.Errorf("who is live reads %v, not %v", got, came)
	}
	for deadline := time.After(wiretest.Patience); len(got) < 600+1+2; got = append(got, drain(t, first)...) {
		select {
		case <-first.Bell().C: // also when the other stream, which nobody reads any more, had its turn
		case <-time.After(2 * time.Second): // a turn that is not taken up in time goes to the next: Next is called again after Wait
		case <-deadline:
			t.Fatalf("the bell does not ring: %d events", len(got))
		}
	}
	if want := slices.Concat(stored, []string{"live"}, came); !slices.Equal(got, want) {
		t.Errorf("what was read has a seam")
	}
}

func TestFeed_waitsForNothingIfNobodyElseReads(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, _ := s.User("Ann")
	stored := fill(s, "general", ann, 2000)
	g := transport.NewGate(s.Chat, s.Guest.Auth, &transport.Options{ReplayPages: 1})
	for range 3 {
		f, err := g.Open(t.Context(), transport.FeedQuery{Rooms: []string{"general"}, Grant: &transport.Grant{User: chat.User{ID: "ann"}}, Cursor: transport.ParseCursor("earliest")})
		if err != nil {
			t.Fatal(err)
		}
		if got := drain(t, f); !slices.Equal(got, append(stored[:len(stored):len(stored)], "live")) {
			t.Errorf("%d of %d events are read at once", len(got), len(stored))
		}
		f.Close()
	}
}

func TestSocket_replaysItsRoomsInTurns(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{ReplayPages: 1}})
	ann, token := s.User("Ann")
	for _, room := range []string{"a", "b", "c"} {
		fill(s, room, ann, 1500)
	}
	k := s.Socket(token)
	for _, room := range []string{"a", "b", "c"} {
		k.Send(`{"op":"subscribe","room":"` + room + `","after":"earliest"}`)
	}
	events, live := make(map[string]int), 0
	for live < 3 {
		m := k.Next()
		events[m.Room] += len(m.Events)
		if m.Live == "" {
			continue
		}
		if live++; live == 1 {
			for room, n := range events {
				if n < 700 {
					t.Errorf("the first room is live, and %s has had %d events", room, n)
				}
			}
		}
	}
	if events["a"] != 1500 || events["b"] != 1500 || events["c"] != 1500 {
		t.Errorf("the rooms had %v", events)
	}
}

func TestSocket_servesOtherRoomsWhileOneWaits(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{ReplayRate: 1, ReplayBurst: 1000}})
	ann, token := s.User("Ann")
	fill(s, "big", ann, 600)
	fill(s, "small", ann, 1)
	k := s.Socket(token)
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"big","after":"earliest"}`)
	for n := 0; n < 256; {
		n += len(k.Next().Events)
	}
	k.WantOK("2", `{"id":"2","op":"subscribe","room":"small"}`)
	if m := k.Next(); m.Room != "small" || m.Live == "" {
		t.Fatalf("the other room says %s", m.Raw)
	}
	k.WantOK("3", `{"id":"3","op":"ping"}`)
	e := s.Post("small", ann, "hello")[0]
	m := k.Next()
	var id struct{ ID string }
	if len(m.Events) != 1 || json.Unmarshal(m.Events[0], &id) != nil || id.ID != e.ID.String() {
		t.Errorf("the other room says %s", m.Raw)
	}
	k.WantOK("4", `{"id":"4","op":"unsubscribe","room":"big"}`)
	k.WantOK("5", `{"id":"5","op":"subscribe","room":"big"}`)
	if m := k.Next(); m.Room != "big" || m.Live == "" {
		t.Errorf("a reader who has nothing to catch up with hears %s", m.Raw)
	}
}

func TestLimits_areShownInHello(t *testing.T) {
	for _, test := range []struct {
		options transport.Options
		want    string
	}{
		{transport.Options{}, `{"message":65536,"body":65536,"text":4000,"rooms":256,"connections_per_user":256,"connections":50000,` +
			`"command_rate":100,"command_burst":1000,"signal_rate":20,"signal_burst":100,"guest_rate":10,"guest_burst":500,"replay_rate":33554432,"replay_burst":268435456}`},
		{transport.Options{NoLimits: true, MaxBody: 1 << 20, MaxRooms: 3}, `{"message":1048576,"body":1048576,"text":4000,"rooms":3}`},
		{transport.Options{CommandRate: 0.5, ReplayBurst: 7}, `{"message":65536,"body":65536,"text":4000,"rooms":256,"connections_per_user":256,"connections":50000,` +
			`"command_rate":0.5,"command_burst":1000,"signal_rate":20,"signal_burst":100,"guest_rate":10,"guest_burst":500,"replay_rate":33554432,"replay_burst":7}`},
	} {
		s := wiretest.New(t, wiretest.Setup{Options: test.options})
		_, token := s.User("Ann")
		var hello struct{ Limits json.RawMessage }
		if err := json.Unmarshal(s.RawSocket(token).Next().Hello, &hello); err != nil {
			t.Fatal(err)
		}
		if string(hello.Limits) != test.want {
			t.Errorf("limits are %s, not %s", hello.Limits, test.want)
		}
	}
}
