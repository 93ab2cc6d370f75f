package client_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// A message that is sent again goes before those that were queued later, but for the
// one whose turn it is.
func TestRetry_goesToItsPlace(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		c := b.dial("Ann", &client.Options{Transport: as})
		room := c.Room("later")
		list := send(t, room, "one", "two")
		for _, o := range list {
			<-o.Done()
		}
		b.cut()
		synctest.Wait()
		list = append(list, send(t, room, "three")...)
		synctest.Wait()
		b.join("Bob", "later")
		for _, i := range []int{1, 0} {
			if err := list[i].Retry(); err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, send(t, room, "four")...)
		b.mend()
		for _, o := range list {
			must[client.Event](t)(o.Wait(t.Context()))
		}
		if got := b.posted("later"); !slices.Equal(got, []string{"three", "one", "two", "four"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}

func TestDrop_givesUp(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		c := b.dial("Ann", &client.Options{Transport: as})
		b.cut()
		synctest.Wait()
		list := send(t, c.Room("general"), "one", "two", "three")
		synctest.Wait()
		list[0].Drop() // whose turn it is
		list[1].Drop()
		for _, o := range list[:2] {
			if _, err := o.Wait(t.Context()); o.State() != client.GivenUp || !errors.Is(err, client.ErrDropped) {
				t.Errorf("%q is %s: %v", o.Message.Text, o.State(), err)
			}
		}
		b.mend()
		must[client.Event](t)(list[2].Wait(t.Context()))
		if got := b.posted("general"); !slices.Equal(got, []string{"three"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}

// One that is dropped while its answer is awaited may be stored, and says so.
func TestDrop_tellsWhatItCannotTakeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := make(chan struct{})
		b := inBubble(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					h.ServeHTTP(discarded{w, http.Header{}}, r)
					<-silent
					panic(http.ErrAbortHandler)
				}
				h.ServeHTTP(w, r)
			})
		})
		c := b.dial("Ann", &client.Options{Transport: client.Streams})
		o := send(t, c.Room("general"), "one")[0]
		synctest.Wait()
		o.Drop()
		var u *client.Unanswered
		if _, err := o.Wait(t.Context()); !errors.As(err, &u) || u.Key != o.Key || !errors.Is(err, client.ErrDropped) {
			t.Errorf("it comes to %v", err)
		}
		close(silent)
		if got := b.posted("general"); !slices.Equal(got, []string{"one"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}

// stuck is a Storage that takes its time to forget.
type stuck struct {
	broken
	begun, over chan struct{}
}

func (s stuck) Remove(string, string) error {
	close(s.begun)
	<-s.over
	return nil
}

// One whose answer comes while it is being dropped is dropped.
func TestDrop_standsAgainstTheAnswer(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	s := serve(t, setup{wrap: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				<-answer
			}
			h.ServeHTTP(w, r)
		})
	}})
	o := quick(client.Streams)
	storage := stuck{begun: make(chan struct{}), over: make(chan struct{})}
	o.Storage = storage
	c := s.dial("ann", o)
	one := send(t, c.Room("general"), "one")[0]
	dropped := make(chan struct{})
	go func() {
		defer close(dropped)
		one.Drop()
	}()
	<-storage.begun
	close(answer)
	eventually(t, "it is stored", func() bool { return len(s.log("general", chat.Start)) == 2 })
	time.Sleep(20 * time.Millisecond) // and answered
	close(storage.over)
	<-dropped
	time.Sleep(20 * time.Millisecond)
	if one.State() != client.GivenUp || !errors.Is(one.Err(), client.ErrDropped) {
		t.Errorf("it is %s: %v", one.State(), one.Err())
	}
}
