package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/transport"
)

// A server that drains says so; it is awaited, on the same file and address, and
// nothing is missed of what was stored meanwhile.
func TestFollow_goesOnOverARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		p := s.behind(0)
		c := s.dialAt(p.url(), "ann", quick(as))
		room := c.Room("general")
		come := start(t, room, client.Earliest)
		s.post("general", "host", "before")
		if got := nextText(t, come); got != "before" {
			t.Fatalf("%q comes", got)
		}
		for n := range 3 {
			s.stop()
			state := awaitState(t, c, func(s client.State) bool { return s.Phase == client.Reconnecting })
			if state.Reason == nil || state.Next.IsZero() {
				t.Errorf("the state is %+v", state)
			}
			type sent struct {
				e   client.Event
				err error
			}
			posted := make(chan sent, 1)
			go func() {
				e, err := room.Post(within(t), fmt.Sprint("typed offline ", n))
				posted <- sent{e, err}
			}()
			c2, err := chat.Open(s.path, nil) // somebody else writes while nobody can read
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c2.Room("general").Post(within(t), user("host"), fmt.Sprint("unseen ", n)); err != nil {
				t.Fatal(err)
			}
			if err := c2.Close(); err != nil {
				t.Fatal(err)
			}
			s.start()
			if got := <-posted; got.err != nil || got.e.ID == "" {
				t.Fatalf("the post came to %v, %v", got.e, got.err)
			}
			got := []string{nextText(t, come), nextText(t, come)}
			if want := []string{fmt.Sprint("unseen ", n), fmt.Sprint("typed offline ", n)}; !slices.Equal(got, want) {
				t.Fatalf("what comes is %q, not %q", got, want)
			}
		}
		awaitState(t, c, func(s client.State) bool { return s.Phase == client.Connected && s.Reason == nil && s.Transport == as })
	})
}

func TestFollow_yieldsAResetAndGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{chat: chat.Options{Keep: 5}})
		first := s.post("general", "host", "the first")
		for n := range 40 {
			s.post("general", "host", fmt.Sprint(n))
		}
		eventually(t, "the room has lost its oldest events", func() bool { return len(s.log("general", chat.Start)) == 5 })
		c := s.dial("ann", quick(as))
		room := c.Room("general")
		for _, test := range []struct {
			reason string
			after  client.Cursor
		}{
			{"expired", client.Cursor(first.ID.String())},
			{"expired", client.Cursor(c.Store() + "/" + strings.ToLower(first.ID.String()))},
			{"expired", "00000000000000000000000000"},
			{"ahead", "7ZZZZZZZZZZZZZZZZZZZZZZZZY"},
			{"store", "another/" + client.Cursor(first.ID.String())},
			{"invalid", "no cursor"},
			{"invalid", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ"},
		} {
			t.Run(test.reason, func(t *testing.T) {
				come := start(t, room, test.after)
				var reset *client.Reset
				if f := next(t, come); !errors.As(f.err, &reset) || reset.Reason != test.reason || reset.Room != "general" {
					t.Fatalf("after %q comes %v, %v", test.after, f.event, f.err)
				}
				page := must[client.Page](t)(room.History(within(t), client.HistoryQuery{}))
				if page.Cursor < reset.Cursor {
					t.Errorf("the page is of %s, the reset of %s", page.Cursor, reset.Cursor)
				}
				s.post("general", "host", "on "+test.reason)
				if got := nextText(t, come); got != "on "+test.reason {
					t.Errorf("behind the reset comes %q", got)
				}
			})
		}

		come := start(t, room, client.Earliest) // which never expires
		for range 5 {
			if f := next(t, come); f.err != nil {
				t.Fatal(f.err)
			}
		}
	})
}

// Another store at the same address is noticed by those who follow, and by those who
// come back with a cursor of the first. Live loads the page of the new one.
func TestFollow_noticesAnotherStore(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		c := s.dialAt(s.behind(0).url(), "ann", quick(as))
		room := c.Room("general")
		e := s.post("general", "host", "of the first")
		come := start(t, room, client.Cursor(e.ID.String()))
		updates := make(chan client.Update, 10)
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			defer close(updates)
			for u, err := range room.Live(ctx, 0) {
				if err != nil {
					return
				}
				updates <- u
			}
		}()
		defer func() { cancel(); <-over }()
		if u := <-updates; u.Page == nil || len(u.Page.Messages) != 1 {
			t.Fatalf("live begins with %+v", u)
		}
		s.post("general", "host", "still")
		if got := nextText(t, come); got != "still" {
			t.Fatalf("%q comes", got)
		}
		if u := <-updates; u.Page != nil || u.Event.Room != "general" {
			t.Fatalf("live goes on with %+v", u)
		}
		old := c.Store()
		s.stop()
		s.path = filepath.Join(t.TempDir(), "other.db")
		second := must[*chat.Chat](t)(chat.Open(s.path, nil)) // the room is there before anybody asks
		must[chat.Event](t)(second.Room("general").Join(within(t), user("host")))
		must[chat.Event](t)(second.Room("general").Post(within(t), user("host"), "of the second"))
		if err := second.Close(); err != nil {
			t.Fatal(err)
		}
		s.start()
		var reset *client.Reset
		if f := next(t, come); !errors.As(f.err, &reset) {
			t.Fatalf("what comes is %v, %v", f.event, f.err)
		}
		eventually(t, "the client knows the store", func() bool { return c.Store() == s.chat.StoreID() && old != c.Store() })
		for {
			u, ok := <-updates
			if !ok {
				t.Fatal("live has ended")
			}
			if u.Page != nil && u.Reset != nil && len(u.Page.Messages) == 1 && u.Page.Messages[0].Text == "of the second" {
				break
			}
		}
		if f := next(t, start(t, room, client.Cursor(old+"/"+e.ID.String()))); !errors.As(f.err, &reset) || reset.Reason != "store" {
			t.Errorf("an old cursor comes to %v, %v", f.event, f.err)
		}
	})
}

func TestClient_getsANewTokenWhenTheOldOneEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		var ahead atomic.Int64 // of the server's clock, in seconds
		s := serve(t, setup{options: transport.Options{
			Heartbeat: 30 * time.Millisecond,
			Now:       func() time.Time { return time.Now().Add(time.Duration(ahead.Load()) * time.Second) },
		}})
		var asked atomic.Int64
		o := quick(as)
		o.Token = func(context.Context) (string, error) {
			switch asked.Add(1) {
			case 1:
				return "never good", nil
			case 2:
				return "", errors.New("no token just now")
			}
			return s.guest.Token(user("Ann"), time.Now().Add(time.Hour+time.Duration(ahead.Load())*time.Second)), nil
		}
		c := s.dial("ann", o) // over a 401
		come := start(t, c.Room("general"), client.Earliest)
		next(t, come) // the host's join
		for range 3 {
			n := asked.Load()
			ahead.Add(7200) // 4401, or chat.end
			eventually(t, "a new token is asked for", func() bool { return asked.Load() > n })
			s.post("general", "host", fmt.Sprint("token ", n))
			if got := nextText(t, come); got != fmt.Sprint("token ", n) {
				t.Fatalf("%q comes", got)
			}
		}
	})
}

// A token that is refused as soon as it was got is the end: at once for Dial, and
// later for everything.
func TestClient_endsWhenItIsRefusedForGood(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		o := quick(as)
		o.Token = client.Token("never good")
		_, err := client.Dial(within(t), s.url(), o)
		var p *client.Problem
		if !errors.As(err, &p) || p.Code != "unauthenticated" || p.Status != 401 {
			t.Errorf("a token that is none comes to %v", err)
		}
		if _, err := client.Dial(within(t), "http://"+s.addr+"/elsewhere", quick(as)); !errors.As(err, &p) || p.Status != 404 {
			t.Errorf("a wrong address comes to %v", err)
		}

		c := s.dialAt(s.behind(0).url(), "ann", quick(as))
		come := start(t, c.Room("general"), client.Latest)
		s.stop()
		s.guest = transport.NewGuest([]byte("another secret of the tests"))
		s.start()
		state := awaitState(t, c, func(s client.State) bool { return s.Phase == client.Closed })
		if !errors.As(state.Reason, &p) || p.Status != 401 {
			t.Errorf("the client is closed for %v", state.Reason)
		}
		if f := next(t, come); !errors.Is(f.err, client.ErrClosed) && !errors.Is(f.err, &client.Problem{Code: "unauthenticated"}) {
			t.Errorf("the follow ends with %v", f.err)
		}
		if _, err := c.Room("general").Post(within(t), "Hello."); !errors.Is(err, client.ErrClosed) {
			t.Errorf("a post comes to %v", err)
		}
	})
}

// A token is renewed in place: the connection stays.
func TestRenew_keepsTheSocket(t *testing.T) {
	t.Parallel()
	var auths atomic.Int64
	s := serve(t, setup{})
	p := s.behind(0)
	o := quick(client.WebSocket)
	o.Renew = 20 * time.Millisecond
	o.Token = func(context.Context) (string, error) {
		return s.guest.Token(user("Ann"), time.Now().Add(time.Hour+time.Duration(auths.Add(1))*time.Second)), nil
	}
	c := s.dialAt(p.url(), "ann", o)
	come := start(t, c.Room("general"), client.Earliest)
	next(t, come)
	opened := p.opened.Load()
	if err := c.Renew(within(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "tokens are renewed in time", func() bool { return auths.Load() > 4 })
	s.post("general", "host", "still here")
	if got := nextText(t, come); got != "still here" || p.opened.Load() != opened {
		t.Errorf("%q comes, and %d connections were opened", got, p.opened.Load()-opened)
	}
}

func TestDial_fallsBackToStreams(t *testing.T) {
	t.Parallel()
	s := serve(t, setup{wrap: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/ws") {
				http.Error(w, "no upgrades here", http.StatusBadRequest)
				return
			}
			h.ServeHTTP(w, r)
		})
	}})
	c := s.dial("ann", quick(client.Auto))
	if state := c.State(); state.Transport != client.Streams {
		t.Errorf("the client is connected by %s", state.Transport)
	}
	var p *client.Problem
	o := quick(client.WebSocket)
	o.Token = client.Token(s.token("ann"))
	if _, err := client.Dial(within(t), s.url(), o); !errors.As(err, &p) || p.Status != 400 {
		t.Errorf("a socket that has to be comes to %v", err)
	}
	if c := serve(t, setup{}).dial("ann", quick(client.Auto)); c.State().Transport != client.WebSocket {
		t.Errorf("where sockets are, the client is connected by %s", c.State().Transport)
	}
}
