package chat_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/internal/testkit"
)

var (
	ann = chat.User{ID: "ann", Name: "Ann"}
	bob = chat.User{ID: "bob", Name: "Bob"}
	cat = chat.User{ID: "cat", Name: "Cat"}
)

// TestMain fails the package if a test leaves a goroutine of the project
// behind.
func TestMain(m *testing.M) {
	if path := os.Getenv(driveUntilKilled); path != "" {
		drive(path)
	}
	testkit.AtOnce(16)
	code := m.Run()
	for range 100 {
		if code != 0 || leaked() == "" {
			os.Exit(code)
		}
		runtime.Gosched()
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Fprintln(os.Stderr, "goroutines are left:\n"+leaked())
	os.Exit(1)
}

// leaked returns the stacks of goroutines, other than this one, that run code
// of the project.
func leaked() string {
	buf := make([]byte, 1<<20)
	var left []string
	for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")[1:] {
		if strings.Contains(stack, "roomlog/chat") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// open returns a chat in a file of its own, which ends with the test.
func open(t testing.TB, o *chat.Options) *chat.Chat {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "chat.db"), o)
}

func openAt(t testing.TB, path string, o *chat.Options) *chat.Chat {
	t.Helper()
	c, err := chat.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// within is a context that fails what waits for too long.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func post(t testing.TB, room *chat.Room, by chat.User, text string) chat.Event {
	t.Helper()
	e, err := room.Post(within(t), by, text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// do carries out a command that must not be refused.
func do(t testing.TB, room *chat.Room, by chat.User, fact chat.Fact) chat.Event {
	t.Helper()
	res, err := room.Do(within(t), chat.Command{User: by, Fact: fact})
	if err != nil {
		t.Fatal(err)
	}
	return res.Event
}

// logOf returns all events of a room.
func logOf(t testing.TB, room *chat.Room) []chat.Event {
	t.Helper()
	return collect(t, room.Replay(within(t), chat.Start))
}

func collect(t testing.TB, events func(func(chat.Event, error) bool)) []chat.Event {
	t.Helper()
	var list []chat.Event
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// lines are the events as their JSON.
func lines(events []chat.Event) []string {
	var list []string
	for _, e := range events {
		list = append(list, string(e.JSON()))
	}
	return list
}

func history(t testing.TB, room *chat.Room, q chat.HistoryQuery) chat.Page {
	t.Helper()
	p, err := room.History(within(t), q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
