package client_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/transport"
)

// An answer that is lost is asked for again with the same key, and comes to the same
// event.
func TestPost_isStoredOnceWhereItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	var lost atomic.Int64
	s := serve(t, setup{wrap: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && lost.Add(1) <= 3 {
				w = discarded{w, http.Header{}} // it is stored, and nobody hears of it
				h.ServeHTTP(w, r)
				panic(http.ErrAbortHandler)
			}
			h.ServeHTTP(w, r)
		})
	}})
	c := s.dial("ann", quick(client.Streams))
	e := must[client.Event](t)(c.Room("general").Post(within(t), "Hello."))
	stored := s.log("general", chat.Start)
	if len(stored) != 2 || stored[1] != string(e.JSON()) || lost.Load() < 4 {
		t.Errorf("after %d attempts %d events are stored: %q", lost.Load(), len(stored), stored)
	}
	if e.Key == "" || parse(t, stored[1]).Key != e.Key {
		t.Errorf("the key is %q", e.Key)
	}
}

// discarded is an answer that nobody gets.
type discarded struct {
	http.ResponseWriter
	h http.Header
}

func (d discarded) Header() http.Header         { return d.h }
func (d discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d discarded) WriteHeader(int)             {}

func TestPost_returnsRefusalsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		c := s.dial("ann", quick(as))
		for code, post := range map[string]func() error{
			"room_not_found": func() error { _, err := c.Room("none").Post(within(t), "Hi."); return err },
			"empty_message":  func() error { _, err := c.Room("general").Post(within(t), " "); return err },
			"invalid_utf8":   func() error { _, err := c.Room("general").Post(within(t), "a\xff"); return err },
			"body_too_large": func() error {
				_, err := c.Room("general").Post(within(t), strings.Repeat("x", 65<<10))
				return err
			},
			"message_too_long": func() error { _, err := c.Room("general").Post(within(t), strings.Repeat("x", 4001)); return err },
			"message_not_found": func() error {
				_, err := c.Room("general").Reply(within(t), "01K6ABCDEFGHJKMNPQRSTVWXYZ", "Hi.")
				return err
			},
			"invalid_reaction": func() error {
				_, err := c.Room("general").React(within(t), parse(t, s.log("general", chat.Start)[0]).ID, "..")
				return err
			},
		} {
			err := post()
			var p *client.Problem
			if !errors.As(err, &p) || p.Code != code || !errors.Is(err, &client.Problem{Code: code}) {
				t.Errorf("what is to be %s is %v", code, err)
			}
		}
		if c.State().Phase != client.Connected {
			t.Errorf("the state is %+v", c.State())
		}
	})
}

// One who is asked to come later comes later, with the same key.
func TestPost_waitsAsLongAsItIsAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		var calls atomic.Int64
		s := serve(t, setup{options: transport.Options{CommandRate: 1, CommandBurst: 2}, wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					calls.Add(1)
				}
				h.ServeHTTP(w, r)
			})
		}})
		c := s.dial("ann", quick(as))
		begun := time.Now()
		for n := range 3 {
			if _, err := c.Room("general").Post(within(t), string(rune('a'+n))); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(begun); d < 900*time.Millisecond {
			t.Errorf("three posts of two allowed at once took %v", d)
		}
		if n := calls.Load(); n > 5 {
			t.Errorf("one who is asked to wait has called %d times", n)
		}
		if n := len(s.log("general", chat.Start)); n != 4 {
			t.Errorf("%d events are stored", n)
		}
	})
}

// A post whose context ends says under which key to ask again. The outbox is bounded.
func TestPost_isUnansweredOrRefusedWhileOffline(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		p := s.behind(0)
		o := quick(as)
		o.Outbox = 1
		c := s.dialAt(p.url(), "ann", o)
		room := c.Room("general")
		s.stop()
		awaitState(t, c, func(s client.State) bool { return s.Phase == client.Reconnecting })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			for {
				_, err := room.Post(ctx, "Hello.", client.Key("mine"))
				if !errors.Is(err, client.ErrOutboxFull) { // for the one below
					ended <- err
					return
				}
			}
		}()
		eventually(t, "the outbox is full", func() bool {
			short, stop := context.WithTimeout(t.Context(), time.Millisecond)
			defer stop()
			_, err := room.Post(short, "One too many.")
			return errors.Is(err, client.ErrOutboxFull)
		})
		if err := room.Typing(t.Context()); !errors.Is(err, client.ErrOffline) {
			t.Errorf("typing while offline comes to %v", err)
		}
		cancel()
		err := <-ended
		var u *client.Unanswered
		if !errors.As(err, &u) || u.Key != "mine" || !errors.Is(err, context.Canceled) {
			t.Fatalf("the post comes to %v", err)
		}
		s.start()
		for range 2 { // it is one message, however often it is sent
			if e := must[client.Event](t)(room.Post(within(t), "Hello.", client.Key(u.Key))); e.Key != "mine" {
				t.Errorf("the key is %q", e.Key)
			}
		}
		if n := len(s.log("general", chat.Start)); n != 2 {
			t.Errorf("%d events are stored", n)
		}
	})
}

func TestNewKey_sortsByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys []string
		for range 50 {
			keys = append(keys, client.NewKey())
			time.Sleep(time.Millisecond)
		}
		if !slices.IsSorted(keys) || len(slices.Compact(keys)) != 50 || len(keys[0]) != 32 {
			t.Errorf("the keys are %q", keys)
		}
	})
}

// The time before an attempt is drawn between nothing and a bound that doubles.
func TestClient_waitsLongerAndLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var at []time.Time
		_, err := client.Dial(ctx, "http://example.com/api", &client.Options{
			Transport: client.WebSocket, MinDelay: time.Second, MaxDelay: 16 * time.Second,
			HTTPClient: &http.Client{Transport: refusing{&at}},
		})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "nobody is there") {
			t.Errorf("dial ends with %v", err)
		}
		var sum time.Duration
		distinct := map[time.Duration]bool{}
		for i := 1; i < len(at); i++ {
			d := at[i].Sub(at[i-1])
			if most := min(time.Second<<(i-1), 16*time.Second); i < 20 && d > most {
				t.Errorf("before attempt %d it waits %v, more than %v", i, d, most)
			}
			sum += d
			distinct[d] = true
		}
		if mean := sum / time.Duration(len(at)-1); mean < 5*time.Second || mean > 11*time.Second {
			t.Errorf("the mean of %d delays is %v, of a bound of 16 s", len(at), mean)
		}
		if len(distinct) < len(at)/2 {
			t.Errorf("%d attempts have only %d different delays", len(at), len(distinct))
		}
	})
}

// refusing refuses connections, and notes when.
type refusing struct{ at *[]time.Time }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) {
	*r.at = append(*r.at, time.Now())
	return nil, errors.New("nobody is there")
}
