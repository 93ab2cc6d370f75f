package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat/client"
)

// inBubbles runs a test over both transports, each in a bubble.
func inBubbles(t *testing.T, test func(t *testing.T, as client.Transport)) {
	t.Parallel()
	for _, as := range transports {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, as) })
		})
	}
}

// send queues texts, each of which must be shown as pending at once.
func send(t testing.TB, r *client.Room, texts ...string) (list []*client.Outgoing) {
	t.Helper()
	for _, text := range texts {
		o, err := r.Send(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

// stands describes the outbox: text and state of each message.
func stands(list []*client.Outgoing) (lines []string) {
	for _, o := range list {
		lines = append(lines, o.Message.Text+" "+string(o.State()))
	}
	return lines
}

// What is queued while there is no network is pending at once, and is sent in its
// order when there is one, in each room by itself.
func TestSend_waitsForTheConnection(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		b.join("Ann", "garden")
		c := b.dial("Ann", &client.Options{Transport: as})
		b.cut()
		synctest.Wait()
		var list []*client.Outgoing
		var want []string
		for n := range 5 {
			begun := time.Now()
			list = append(list, send(t, c.Room("general"), fmt.Sprint("general ", n))...)
			list = append(list, send(t, c.Room("garden"), fmt.Sprint("garden ", n))...)
			if time.Since(begun) != 0 {
				t.Error("a Send has waited")
			}
			want = append(want, fmt.Sprintf("general %d pending", n), fmt.Sprintf("garden %d pending", n))
		}
		if got := stands(c.Outbox()); !slices.Equal(got, want) {
			t.Errorf("the outbox is %q", got)
		}
		time.Sleep(time.Hour)
		if list[0].State() != client.Pending {
			t.Errorf("without a network it is %s", list[0].State())
		}
		b.mend()
		for _, o := range list {
			e := must[client.Event](t)(o.Wait(t.Context()))
			if e.Key != o.Key || e.Room != o.Room || o.State() != client.Sent || o.Err() != nil {
				t.Errorf("%q has become %s, %s, %v", o.Message.Text, e.JSON(), o.State(), o.Err())
			}
		}
		if len(c.Outbox()) != 0 {
			t.Errorf("in the outbox are left %q", stands(c.Outbox()))
		}
		for _, room := range []string{"general", "garden"} {
			var want []string
			for n := range 5 {
				want = append(want, fmt.Sprint(room, " ", n))
			}
			if got := b.posted(room); !slices.Equal(got, want) {
				t.Errorf("in %s is %q", room, got)
			}
		}
	})
}

// One that the server wants to come later is not overtaken by those behind it in its
// room; other rooms go on.
func TestSend_keepsTheOrderBehindOneThatMustWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var busy atomic.Bool
		var calls atomic.Int64
		b := inBubble(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "general") {
					if calls.Add(1) == 2 {
						busy.Store(true)
					}
					if busy.Load() {
						w.Header().Set("Retry-After", "60")
						http.Error(w, "", http.StatusServiceUnavailable)
						return
					}
				}
				h.ServeHTTP(w, r)
			})
		})
		b.join("Ann", "garden")
		c := b.dial("Ann", &client.Options{Transport: client.Streams})
		list := send(t, c.Room("general"), "one", "two", "three", "four")
		list = append(list, send(t, c.Room("garden"), "elsewhere")...)
		time.Sleep(10 * time.Minute)
		if got := stands(list); !slices.Equal(got, []string{"one sent", "two pending", "three pending", "four pending", "elsewhere sent"}) {
			t.Errorf("meanwhile they are %q", got)
		}
		if n := calls.Load(); n > 12 {
			t.Errorf("in 10 minutes it has called %d times, though it is asked to wait a minute", n)
		}
		busy.Store(false)
		time.Sleep(2 * time.Minute)
		if got := b.posted("general"); !slices.Equal(got, []string{"one", "two", "three", "four"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}

// A refusal is of one message alone: it stays in the outbox until it is sent again,
// or dropped, and the next goes on.
func TestSend_failsOneAndGoesOn(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		c := b.dial("Ann", &client.Options{Transport: as})
		list := send(t, c.Room("general"), "one", " ", "three")
		none := send(t, c.Room("none"), "to nobody")[0]
		if e := must[client.Event](t)(list[2].Wait(t.Context())); e.ID == "" {
			t.Error("the third has no event")
		}
		_, err := list[1].Wait(t.Context())
		if list[1].State() != client.Failed || !errors.Is(err, &client.Problem{Code: "empty_message"}) || !errors.Is(list[1].Err(), err) {
			t.Errorf("the empty one is %s: %v", list[1].State(), err)
		}
		<-none.Done()
		if got := stands(c.Outbox()); !slices.Equal(got, []string{"  failed", "to nobody failed"}) {
			t.Errorf("the outbox is %q", got)
		}
		b.join("Bob", "none") // and so the room is there
		done := none.Done()
		if err := none.Retry(); err != nil {
			t.Fatal(err)
		}
		if none.Done() == done {
			t.Error("a message that is pending again is done")
		}
		if e := must[client.Event](t)(none.Wait(t.Context())); e.Key != none.Key {
			t.Errorf("sent again it is %s", e.JSON())
		}
		list[1].Drop()
		if list[1].State() != client.GivenUp || len(c.Outbox()) != 0 {
			t.Errorf("the empty one is %s, and the outbox %q", list[1].State(), stands(c.Outbox()))
		}
		for _, o := range append(list, none) {
			before := o.State()
			if err := o.Retry(); err != nil { // it does nothing
				t.Error(err)
			}
			if o.Drop(); o.State() != before {
				t.Errorf("%q was %s and is %s", o.Message.Text, before, o.State())
			}
		}
		if got := b.posted("general"); !slices.Equal(got, []string{"one", "three"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}

// Credentials that are refused say nothing of the message: it waits for others.
func TestSend_waitsForCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var unknown atomic.Bool
		unknown.Store(true)
		b := inBubble(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && unknown.Load() {
					http.Error(w, "", http.StatusUnauthorized)
					return
				}
				h.ServeHTTP(w, r)
			})
		})
		c := b.dial("Ann", &client.Options{Transport: client.Streams})
		o := send(t, c.Room("general"), "one")[0]
		time.Sleep(10 * time.Minute)
		if o.State() != client.Pending {
			t.Fatalf("it is %s: %v", o.State(), o.Err())
		}
		unknown.Store(false)
		must[client.Event](t)(o.Wait(t.Context()))
	})
}

// WatchOutbox shows a message from the moment at which it is queued to its end.
func TestWatchOutbox_tellsEachChange(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		c := b.dial("Ann", &client.Options{Transport: as})
		var told []string
		over := make(chan struct{})
		go func() {
			defer close(over)
			for list := range c.WatchOutbox(context.Background()) {
				told = append(told, strings.Join(stands(list), ", "))
			}
		}()
		for _, room := range []string{"general", "none"} {
			b.cut()
			synctest.Wait()
			o := send(t, c.Room(room), "to "+room)[0]
			synctest.Wait()
			b.mend()
			<-o.Done()
			synctest.Wait()
		}
		c.Outbox()[0].Drop()
		synctest.Wait()
		_ = c.Close()
		<-over
		if want := []string{"", "to general pending", "", "to none pending", "to none failed", ""}; !slices.Equal(slices.Compact(told), want) {
			t.Errorf("it tells %q", told)
		}
	})
}
