package client_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat/client"
)

// However many rooms are followed, there is one socket.
func TestClient_hasOneSocketForAllRooms(t *testing.T) {
	t.Parallel()
	var sockets atomic.Int64
	s := serve(t, setup{wrap: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/ws") {
				sockets.Add(1)
			}
			h.ServeHTTP(w, r)
		})
	}})
	c := s.dial("ann", quick(client.WebSocket))
	for _, room := range []string{"general", "garden", "kitchen"} {
		s.join(room, "host")
		come := start(t, c.Room(room), client.Earliest)
		must[client.Event](t)(c.Room(room).Post(within(t), "Hello."))
		if got := nextText(t, come); got != "Hello." {
			t.Errorf("%q comes", got)
		}
	}
	if n := sockets.Load(); n != 1 {
		t.Errorf("there were %d sockets", n)
	}
}

// A server that asks to come later is not asked again before that.
func TestClient_comesBackWhenItIsAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		b := inBubble(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/ws") {
					if at = append(at, time.Now()); len(at) <= 5 {
						w.Header().Set("Retry-After", "600")
						http.Error(w, "", http.StatusServiceUnavailable)
						return
					}
				}
				h.ServeHTTP(w, r)
			})
		})
		b.dial("Ann", &client.Options{Transport: client.WebSocket})
		for i := 1; i < len(at); i++ {
			if d := at[i].Sub(at[i-1]); d < 10*time.Minute {
				t.Errorf("it comes back after %v", d)
			}
		}
	})
}

// A server that says nothing is dead after two and a half of its heartbeats, and not
// before; one that says something lives.
func TestClient_givesUpSilence(t *testing.T) {
	t.Parallel()
	for as, first := range map[client.Transport]http.HandlerFunc{client.WebSocket: socketThen(nil), client.Streams: streamThen("")} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, scripted(first)) // it says that its heart beats every 15 seconds
				c := b.dial("Ann", &client.Options{Transport: as})
				begun := time.Now()
				for s := range c.States(t.Context()) {
					if s.Phase != client.Connected {
						break
					}
				}
				if d := time.Since(begun); d != 37500*time.Millisecond {
					t.Errorf("it is given up after %v", d)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, nil)
				c := b.dial("Ann", &client.Options{Transport: as})
				hour, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				for s := range c.States(hour) {
					if s.Phase != client.Connected {
						t.Fatalf("in an hour in which nothing happens it is given up: %v", s.Reason)
					}
				}
			})
		})
	}
}

// States yields each change to one who keeps up, from the first connection to Closed.
func TestStates_tellsEachChange(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		c := b.dial("Ann", &client.Options{Transport: as, MinDelay: time.Minute})
		var got []string
		over := make(chan struct{})
		go func() {
			defer close(over)
			for s := range c.States(t.Context()) {
				got = append(got, string(s.Phase)+" "+s.Code())
			}
		}()
		synctest.Wait()
		b.cut()
		synctest.Wait()
		b.mend()
		time.Sleep(time.Hour)
		_ = c.Close()
		<-over
		if all := strings.Join(got, ", "); all != "connected , reconnecting lost, connected , closed closed" {
			t.Errorf("it tells %s", all)
		}
	})
}
