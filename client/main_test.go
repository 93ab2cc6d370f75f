package client_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// TestMain fails the package if a test leaves a goroutine of the project behind.
func TestMain(m *testing.M) {
	code := m.Run()
	for range 200 {
		if code != 0 || leaked() == "" {
			os.Exit(code)
		}
		runtime.Gosched()
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Fprintln(os.Stderr, "goroutines are left:\n"+leaked())
	os.Exit(1)
}

// leaked returns the stacks of goroutines, other than this one, that run code of the
// project, or a connection of a client's.
func leaked() string {
	buf := make([]byte, 1<<20)
	var left []string
	for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")[1:] {
		if strings.Contains(stack, "roomlog/chat") || strings.Contains(stack, "persistConn") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// transports are what every promise is held to.
var transports = []client.Transport{client.WebSocket, client.Streams}

// onBoth runs a test over both transports.
func onBoth(t *testing.T, test func(t *testing.T, as client.Transport)) {
	t.Parallel()
	for _, as := range transports {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			test(t, as)
		})
	}
}

// within is a context that fails what waits for too long.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// quick are options of a client that comes back at once.
func quick(as client.Transport) *client.Options {
	return &client.Options{Transport: as, MinDelay: time.Millisecond, MaxDelay: 20 * time.Millisecond}
}

// dial connects somebody, until the test ends.
func (s *server) dial(name string, o *client.Options) *client.Client {
	s.t.Helper()
	return s.dialAt(s.url(), name, o)
}

func (s *server) dialAt(url, name string, o *client.Options) *client.Client {
	s.t.Helper()
	if o.Token == nil {
		o.Token = client.Token(s.token(name))
	}
	c, err := client.Dial(within(s.t), url, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return c
}

func user(name string) chat.User { return chat.User{ID: strings.ToLower(name), Name: name} }

// must returns what came without an error.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not come true: %s", what)
		}
	}
}

// awaitState waits for a state.
func awaitState(t testing.TB, c *client.Client, is func(client.State) bool) client.State {
	t.Helper()
	var last client.State
	for last = range c.States(within(t)) {
		if is(last) {
			return last
		}
	}
	t.Fatalf("the state does not come; the last one is %+v", last)
	return last
}

// follow runs a Follow and hands out what it yields.
type followed struct {
	event client.Event
	err   error
}

// start follows a room until the test ends, or the first error that is no Reset. What
// it yields comes on the channel, which is closed at the end.
func start(t testing.TB, r *client.Room, after client.Cursor) <-chan followed {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	come, over := make(chan followed), make(chan struct{})
	go func() {
		defer close(over)
		defer close(come)
		for e, err := range r.Follow(ctx, after) {
			select {
			case come <- followed{e, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-over
	})
	return come
}

// next returns what a Follow yields next.
func next(t testing.TB, come <-chan followed) followed {
	t.Helper()
	select {
	case f, ok := <-come:
		if !ok {
			t.Fatal("the follow has ended")
		}
		return f
	case <-time.After(patience):
		t.Fatal("nothing comes")
	}
	return followed{}
}

// nextText returns the text of the message that comes next; other events are passed
// over.
func nextText(t testing.TB, come <-chan followed) string {
	t.Helper()
	for {
		f := next(t, come)
		if f.err != nil {
			t.Fatal(f.err)
		}
		if posted, ok := must[client.Fact](t)(f.event.Fact()).(client.MessagePosted); ok {
			return posted.Text
		}
	}
}
