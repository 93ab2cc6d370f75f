package client_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roomlog/chat/client"
)

// The outbox is bounded: of what is pending, and of what has failed.
func TestSend_isBounded(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		kept := client.Dir(t.TempDir())
		c := b.dial("Ann", &client.Options{Transport: as, Outbox: 3, Storage: kept})
		failed := send(t, c.Room("general"), " ", "\t")
		for range 5 {
			failed = append(failed, send(t, c.Room("general"), "\n")...)
			synctest.Wait()
		}
		if got := c.Outbox(); !slices.Equal(got, failed[4:]) {
			t.Errorf("of those that have failed there are %d", len(got))
		}
		if n := len(must[[]client.Stored](t)(kept.Load())); n != 3 {
			t.Errorf("of those that have failed %d are kept", n)
		}
		b.cut()
		synctest.Wait()
		list := send(t, c.Room("general"), "one", "two", "three")
		if _, err := c.Room("general").Send("four"); !errors.Is(err, client.ErrOutboxFull) {
			t.Errorf("one too many comes to %v", err)
		}
		if err := failed[6].Retry(); !errors.Is(err, client.ErrOutboxFull) {
			t.Errorf("to try one too many again comes to %v", err)
		}
		list[1].Drop()
		list = append(list, send(t, c.Room("general"), "four")...)
		b.mend()
		must[client.Event](t)(list[3].Wait(t.Context()))
		if err := failed[0].Retry(); err != nil { // which is no longer in the outbox, and is again
			t.Fatal(err)
		}
		synctest.Wait()
		if got := c.Outbox(); !slices.Equal(got, []*client.Outgoing{failed[4], failed[5], failed[6]}) {
			t.Errorf("of those that have failed there are %d", len(got))
		}
		if got := b.posted("general"); !slices.Equal(got, []string{"one", "three", "four"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}

// What the server would not even read is an error of Send, and is not queued.
func TestSend_refusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	s := serve(t, setup{})
	c := s.dial("Ann", quick(client.WebSocket))
	for code, text := range map[string]string{"invalid_utf8": "a\xff", "body_too_large": strings.Repeat("x", 65<<10)} {
		if _, err := c.Room("general").Send(text); !errors.Is(err, &client.Problem{Code: code}) {
			t.Errorf("what is to be %s is %v", code, err)
		}
	}
	if _, err := c.Room("general").Send("a", client.Meta([]byte("{"))); err == nil {
		t.Error("what is no JSON is queued")
	}
	if n := len(c.Outbox()); n != 0 {
		t.Errorf("%d messages are in the outbox", n)
	}
}

// A key that is in the outbox is one message, however often it is queued.
func TestSend_knowsItsKeys(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		b.join("Ann", "garden")
		c := b.dial("Ann", &client.Options{Transport: as})
		b.cut()
		synctest.Wait()
		one := must[*client.Outgoing](t)(c.Room("general").Send("one", client.Key("mine"), client.Mention("bob")))
		if o, err := c.Room("general").Send("one", client.Mention("bob"), client.Key("mine")); o != one || err != nil {
			t.Errorf("the same once more is %v, %v", o, err)
		}
		if _, err := c.Room("general").Send("two", client.Key("mine")); !errors.Is(err, &client.Problem{Code: "idempotency_key_reused"}) {
			t.Errorf("another one is %v", err)
		}
		other := must[*client.Outgoing](t)(c.Room("garden").Send("two", client.Key("mine"))) // a key is of a room
		b.mend()
		must[client.Event](t)(one.Wait(t.Context()))
		must[client.Event](t)(other.Wait(t.Context()))
		if !slices.Equal(one.Message.Mentions, []string{"bob"}) || one.Key != "mine" {
			t.Errorf("the message is %+v", one.Message)
		}
		if got := b.posted("general"); !slices.Equal(got, []string{"one"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}
