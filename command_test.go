package chat_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/store"
)

func TestDo_idsRiseAcrossRoomsClockStepsAndRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	now := time.UnixMilli(1_767_323_045_678)
	var last chat.ID
	for round := range 3 {
		c, err := chat.Open(path, &chat.Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			e := post(t, c.Room(fmt.Sprint("r", i%3)), ann, "Hello.")
			if e.ID.Compare(last) <= 0 {
				t.Fatalf("%s follows %s", e.ID, last)
			}
			if !e.At.Equal(now) {
				t.Errorf("at is %s, the clock shows %s", e.At, now)
			}
			last = e.ID
			now = now.Add([]time.Duration{0, -time.Hour, time.Millisecond, time.Minute}[i%4])
		}
		if c.Head() != last {
			t.Errorf("head is %s, want %s", c.Head(), last)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		now = now.Add(-time.Duration(round) * 24 * time.Hour)
	}
}

// A copy of the log, taken the moment that the command has returned, holds its
// event: nothing of it waits in memory.
func TestDo_isDurableWhenItReturns(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "chat.db")
	room := openAt(t, path, nil).Room("general")
	for i := range 5 {
		e := post(t, room, ann, fmt.Sprint("message ", i))
		expectInCopy(t, path, e)
	}
}

func expectInCopy(t *testing.T, path string, e chat.Event) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(other, b, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := chat.Open(other, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	log := logOf(t, c.Room(e.Room))
	if len(log) == 0 || !slices.Contains(lines(log), string(e.JSON())) {
		t.Errorf("event %s is not in the file", e.ID)
	}
}

func TestDo_answersAKeyOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	c := openAt(t, path, nil)
	room := c.Room("general")
	ask := func(room *chat.Room, by chat.User, fact chat.Fact) (chat.Result, error) {
		return room.Do(within(t), chat.Command{User: by, Key: "k", Fact: fact})
	}
	first, err := ask(room, ann, chat.MessagePosted{Text: "Hello."})
	if err != nil || !first.Changed || first.Replayed {
		t.Fatalf("first: %+v, %v", first, err)
	}
	same := func(name string, room *chat.Room, fact chat.Fact) {
		t.Helper()
		again, err := ask(room, chat.User{ID: "ann", Name: "Ann Smith"}, fact)
		if err != nil || again.Changed || !again.Replayed || string(again.Event.JSON()) != string(first.Event.JSON()) {
			t.Errorf("%s: %+v, %v", name, again, err)
		}
	}
	same("again", room, chat.MessagePosted{Text: "Hello."})
	same("again, cleaned into the same", room, chat.MessagePosted{Text: " Hello.\r\n"})
	for name, fact := range map[string]chat.Fact{
		"other text": chat.MessagePosted{Text: "Bye."},
		"other kind": chat.MessagePosted{Text: "Hello.", MessageKind: "action"},
		"other fact": chat.UserJoined{},
	} {
		if _, err := ask(room, ann, fact); !errors.Is(err, chat.ErrIdempotencyKeyReused) || !errors.Is(err, store.ErrKeyReused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, res := range map[string]func() (chat.Result, error){
		"other user": func() (chat.Result, error) { return ask(room, bob, chat.MessagePosted{Text: "Hello."}) },
		"other room": func() (chat.Result, error) { return ask(c.Room("other"), ann, chat.MessagePosted{Text: "Hello."}) },
	} {
		if res, err := res(); err != nil || !res.Changed {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
	if n := len(logOf(t, room)); n != 2 {
		t.Errorf("the log has %d events, want 2", n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + ".views"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	same("after a rebuild", openAt(t, path, nil).Room("general"), chat.MessagePosted{Text: "Hello."})
}

func TestDo_theKeyOfAnErasedPostAnswersWithTheErasedEvent(t *testing.T) {
	room := open(t, nil).Room("general")
	cmd := chat.Command{User: ann, Key: "k", Fact: chat.MessagePosted{Text: "secret"}}
	first, err := room.Do(within(t), cmd)
	if err != nil {
		t.Fatal(err)
	}
	do(t, room, ann, chat.MessageDeleted{Message: first.Event.ID})
	again, err := room.Do(within(t), cmd)
	if err != nil || !again.Replayed || !again.Event.Erased || again.Event.ID != first.Event.ID || again.Event.Key != "k" {
		t.Fatalf("got %+v, %v", again, err)
	}
	if want := string(logOf(t, room)[0].JSON()); string(again.Event.JSON()) != want {
		t.Errorf("got %s, the log has %s", again.Event.JSON(), want)
	}
}

func TestDo_whatChangesNothingIsNotStored(t *testing.T) {
	room := open(t, nil).Room("general")
	message := post(t, room, ann, "Hello.").ID
	do(t, room, ann, chat.UserJoined{})
	n := len(logOf(t, room))
	for _, fact := range []chat.Fact{
		chat.UserJoined{},
		chat.MessageEdited{Message: message, Text: "Hello."},
		chat.ReactionRemoved{Message: message, Emoji: "👍"},
	} {
		res, err := room.Do(within(t), chat.Command{User: ann, Key: "k", Fact: fact})
		if err != nil || res.Changed || res.Replayed || res.Event.ID != chat.Start {
			t.Errorf("%s: %+v, %v", fact.Kind(), res, err)
		}
	}
	if got := len(logOf(t, room)); got != n {
		t.Errorf("the log grew from %d to %d events", n, got)
	}
}

// Commands that exclude each other are asked from many goroutines at once, so
// that they come into one batch: exactly one passes.
func TestDo_ofCommandsThatExcludeEachOtherOnePasses(t *testing.T) {
	c := open(t, nil)
	const callers = 16
	for round := range 30 {
		room := c.Room(fmt.Sprint("r", round))
		message := post(t, room, ann, "Hello.").ID
		atOnce := func(what string, want int, ask func(i int) (chat.Result, error)) {
			t.Helper()
			var passed, replayed int
			var mu sync.Mutex
			var wg sync.WaitGroup
			start := make(chan struct{})
			for i := range callers {
				wg.Go(func() {
					<-start
					res, err := ask(i)
					mu.Lock()
					defer mu.Unlock()
					if err != nil && !errors.Is(err, chat.ErrMessageDeleted) && !errors.Is(err, chat.ErrIdempotencyKeyReused) {
						t.Errorf("%s: %v", what, err)
					}
					if res.Changed {
						passed++
					}
					if res.Replayed {
						replayed++
					}
				})
			}
			close(start)
			wg.Wait()
			if passed != want {
				t.Errorf("%s: %d of %d passed, want %d", what, passed, callers, want)
			}
		}
		ctx := within(t)
		atOnce("same key and text", 1, func(int) (chat.Result, error) {
			return room.Do(ctx, chat.Command{User: ann, Key: "same", Fact: chat.MessagePosted{Text: "a"}})
		})
		atOnce("same key, other texts", 1, func(i int) (chat.Result, error) {
			return room.Do(ctx, chat.Command{User: ann, Key: "other", Fact: chat.MessagePosted{Text: fmt.Sprint(i)}})
		})
		atOnce("double join", 1, func(int) (chat.Result, error) {
			return room.Do(ctx, chat.Command{User: ann, Fact: chat.UserJoined{}})
		})
		atOnce("double leave", 1, func(int) (chat.Result, error) {
			return room.Do(ctx, chat.Command{User: ann, Fact: chat.UserLeft{}})
		})
		atOnce("same reaction", 1, func(int) (chat.Result, error) {
			return room.Do(ctx, chat.Command{User: bob, Fact: chat.ReactionAdded{Message: message, Emoji: "👍"}})
		})
		// Half of them delete, half of them edit: one deletion, and no edit after it.
		var edits sync.Map
		atOnce("double deletion", 1, func(i int) (chat.Result, error) {
			if i%2 == 0 {
				return room.Do(ctx, chat.Command{User: ann, Fact: chat.MessageDeleted{Message: message}})
			}
			res, err := room.Do(ctx, chat.Command{User: ann, Fact: chat.MessageEdited{Message: message, Text: fmt.Sprint(i)}})
			if err == nil {
				edits.Store(res.Event.ID, true)
				res.Changed = false // counted by the log below
			}
			return res, err
		})
		deleted := false
		for _, e := range logOf(t, room) {
			switch e.Type {
			case "MessageDeleted":
				deleted = true
			case "MessageEdited":
				if _, ok := edits.Load(e.ID); !ok || deleted {
					t.Errorf("edit %s after the deletion, or unasked for", e.ID)
				}
				if !e.Erased {
					t.Errorf("edit %s of the deleted message is not erased", e.ID)
				}
			}
		}
	}
}

func TestDo_isWithdrawnWithItsContext(t *testing.T) {
	c := open(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Room("general").Post(ctx, ann, "Hello."); !errors.Is(err, context.Canceled) {
		t.Errorf("post: %v", err)
	}
	if c.Head() != chat.Start {
		t.Error("a withdrawn post was stored")
	}
}

func TestDo_mustExist(t *testing.T) {
	room := open(t, nil).Room("general")
	cmd := chat.Command{User: ann, Fact: chat.MessagePosted{Text: "Hello."}, MustExist: true}
	if _, err := room.Do(within(t), cmd); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("before the first event: %v", err)
	}
	do(t, room, ann, chat.UserJoined{})
	if res, err := room.Do(within(t), cmd); err != nil || !res.Changed {
		t.Errorf("after it: %+v, %v", res, err)
	}
}
