package client_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat/client"
)

// Everything that waits ends with ErrClosed, and when Close returns no goroutine of
// the client is there. The test is alone, so that all others are the server's.
func TestClose_leavesNothing(t *testing.T) {
	for _, as := range transports {
		t.Run(string(as), func(t *testing.T) {
			s := serve(t, setup{})
			o := quick(as)
			o.Token = client.Token(s.token("ann"))
			c, err := client.Dial(within(t), s.url(), o)
			if err != nil {
				t.Fatal(err)
			}
			room := c.Room("general")
			var work sync.WaitGroup
			ends := make(chan error, 10)
			begun := make(chan struct{}, 10)
			work.Go(func() {
				for e, err := range room.Follow(context.Background(), client.Earliest) {
					if err != nil {
						ends <- err
					} else if e.Type == "UserJoined" {
						begun <- struct{}{}
					}
				}
			})
			work.Go(func() {
				for _, err := range room.Signals(context.Background()) {
					if err != nil {
						ends <- err
					} else {
						begun <- struct{}{}
					}
				}
			})
			work.Go(func() {
				for _, err := range c.WatchRooms(context.Background()) {
					if err != nil {
						ends <- err
					} else {
						begun <- struct{}{}
					}
				}
			})
			for range 3 {
				<-begun
			}
			s.stop() // and so a post has nobody to answer it
			queued := send(t, room, "Queued.")[0]
			work.Go(func() {
				_, err := queued.Wait(context.Background())
				ends <- err
			})
			work.Go(func() {
				for range c.WatchOutbox(context.Background()) {
				}
			})
			work.Go(func() {
				_, err := room.Post(context.Background(), "Hello.")
				ends <- err
			})
			time.Sleep(20 * time.Millisecond)
			_ = c.Close()
			work.Wait() // the loops are this test's own goroutines
			for range 5 {
				if err := <-ends; !errors.Is(err, client.ErrClosed) {
					t.Errorf("one ends with %v", err)
				}
			}
			_ = c.Close()
			if left := ofClient(); left != "" {
				t.Errorf("when Close has returned there are left:\n%s", left)
			}
			if _, err := room.Post(context.Background(), "Hello."); !errors.Is(err, client.ErrClosed) {
				t.Errorf("a post after Close comes to %v", err)
			}
			if c.State().Phase != client.Closed {
				t.Errorf("the state is %+v", c.State())
			}
			s.start()
		})
	}
}

// A server that is frozen does not hold up Close for long, nor make it leave anything.
func TestClose_leavesNothingOfAFrozenServer(t *testing.T) {
	for _, as := range transports {
		t.Run(string(as), func(t *testing.T) {
			s := serve(t, setup{})
			p := s.behind(0)
			c := s.dialAt(p.url(), "ann", quick(as))
			next(t, start(t, c.Room("general"), client.Earliest))
			p.freeze()
			begun := time.Now()
			_ = c.Close()
			if d := time.Since(begun); d > 2*time.Second {
				t.Errorf("Close took %v", d)
			}
			if left := ofClient(); left != "" {
				t.Errorf("when Close has returned there are left:\n%s", left)
			}
			p.melt()
		})
	}
}

// ofClient returns the stacks of goroutines that a client has begun. Those that are
// just ending have a moment.
func ofClient() (left string) {
	buf := make([]byte, 1<<20)
	for range 50 {
		left = ""
		for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")[1:] {
			if strings.Contains(stack, "chat/client.(") || strings.Contains(stack, "persistConn") {
				left += stack + "\n\n"
			}
		}
		if left == "" {
			return ""
		}
		time.Sleep(time.Millisecond)
	}
	return left
}
