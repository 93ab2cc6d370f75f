package chat_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/roomlog/chat"
)

func TestFollow_yieldsOnlyWhatIsDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	room := openAt(t, path, nil).Room("general")
	events := room.Follow(within(t), chat.Start)
	seen := make(chan chat.Event)
	go func() {
		defer close(seen)
		n := 0
		for e, err := range events {
			if err != nil {
				t.Error(err)
				return
			}
			if seen <- e; e.Type == done.Type {
				return
			}
			n++
		}
	}()
	for range 3 {
		post(t, room, ann, "Hello.")
		expectInCopy(t, path, <-seen)
	}
	do(t, room, ann, done)
	for range seen {
	}
}

func TestFollow_slowReaderDelaysNobodyAndMissesNothing(t *testing.T) {
	c := open(t, &chat.Options{TailBytes: 1 << 10})
	room := c.Room("general")
	post(t, room, ann, "first")
	resume, slow := make(chan struct{}), make(chan []chat.Event)
	ctx := within(t)
	go func() {
		var got []chat.Event
		for e, err := range room.Follow(ctx, chat.Start) {
			if err != nil {
				t.Error(err)
				break
			}
			if got = append(got, e); len(got) == 1 {
				<-resume // takes nothing while all others go on
			}
			if e.Type == done.Type {
				break
			}
		}
		slow <- got
	}()
	for i := range 2000 {
		post(t, room, ann, fmt.Sprint(i))
	}
	do(t, room, ann, done)
	want := logOf(t, room)
	close(resume)
	if got := <-slow; !slices.Equal(lines(got), lines(want)) {
		t.Errorf("the slow reader has %d events, the log %d", len(got), len(want))
	}
}

func TestFollow_fromEndIsFromTheCall(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	post(t, room, ann, "before")
	one, several := room.Follow(within(t), chat.End), c.Follow(within(t), chat.End, "general", "other")
	want := post(t, room, ann, "after")
	for name, events := range map[string]func(func(chat.Event, error) bool){"one room": one, "several": several} {
		for e, err := range events {
			if err != nil || e.ID != want.ID {
				t.Errorf("%s: got %s, %v", name, e.JSON(), err)
			}
			break
		}
	}
}

func TestFollow_judgesTheCursor(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	e := post(t, room, ann, "Hello.")
	ahead := e.ID
	ahead[0]++
	inRange := chat.Predecessor(e.ID) // no event, but not beyond the newest
	first := func(after chat.ID) (chat.Event, error) {
		for e, err := range room.Follow(within(t), after) {
			return e, err
		}
		return chat.Event{}, errors.New("nothing was yielded")
	}
	if _, err := first(ahead); !errors.Is(err, chat.ErrCursorAhead) {
		t.Errorf("ahead: %v", err)
	}
	for _, after := range []chat.ID{chat.Start, inRange} {
		if got, err := first(after); err != nil || got.ID != e.ID {
			t.Errorf("after %s: %s, %v", after, got.ID, err)
		}
	}
	// The cursor of another room of the store is a fine one.
	other := post(t, c.Room("other"), ann, "Hello.")
	last := post(t, room, ann, "Bye.")
	if got, err := first(other.ID); err != nil || got.ID != last.ID {
		t.Errorf("after an event of another room: %s, %v", got.ID, err)
	}
}

func TestFollow_endsWithItsContext(t *testing.T) {
	room := open(t, nil).Room("general")
	post(t, room, ann, "Hello.")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []error
	for _, err := range room.Follow(ctx, chat.Start) {
		got = append(got, err)
		cancel()
	}
	if len(got) != 2 || got[0] != nil || got[1] != context.Canceled {
		t.Errorf("yielded %v", got)
	}
}

func TestSubscribe_hearsItsOwnRoomsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c := openAt(t, path, nil)
		bell := chat.NewBell()
		one, err := c.Subscribe(chat.End, bell, "a")
		if err != nil {
			t.Fatal(err)
		}
		defer one.Close()
		two, err := c.Subscribe(chat.End, bell, "b", "c", "b")
		if err != nil {
			t.Fatal(err)
		}
		defer two.Close()
		expect := func(s *chat.Subscription, want ...chat.Event) {
			t.Helper()
			if s.Pending() != (len(want) > 0) {
				t.Errorf("pending is %v, want %d events", s.Pending(), len(want))
			}
			events, head, err := s.Poll()
			if err != nil || !slices.Equal(lines(events), lines(want)) {
				t.Errorf("got %q, %v, want %q", lines(events), err, lines(want))
			}
			if head != c.Head() {
				t.Errorf("head is %s, want %s", head, c.Head())
			}
			if events, _, err = s.Poll(); len(events) != 0 || err != nil || s.Cursor() != c.Head() {
				t.Errorf("when caught up: %q, %v, cursor %s", lines(events), err, s.Cursor())
			}
		}
		rung := func() bool {
			synctest.Wait()
			select {
			case <-bell.C:
				return true
			default:
				return false
			}
		}
		post(t, c.Room("d"), ann, "Hello.")
		if rung() {
			t.Error("the bell rang for another room")
		}
		expect(one)
		expect(two)
		e := post(t, c.Room("a"), ann, "Hello.")
		if !rung() {
			t.Error("the bell did not ring for its first subscription")
		}
		expect(one, e)
		expect(two)
		e = post(t, c.Room("b"), ann, "Hello.")
		if !rung() {
			t.Error("the bell did not ring for its second subscription")
		}
		expect(one)
		expect(two, e)
		two.Close()
		two.Close()
		post(t, c.Room("c"), ann, "Hello.")
		if rung() {
			t.Error("the bell rang for a subscription that is closed")
		}
		_ = c.Close()
	})
}

func TestSubscribe_needsARoom(t *testing.T) {
	if _, err := open(t, nil).Subscribe(chat.Start, nil); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("got %v", err)
	}
}

// Whoever polls after each call of the function has seen all, without a goroutine that
// waits. Seen to fail with Ring returning before the call.
func TestNewBellFunc_callsWheneverThereIsMore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c := openAt(t, path, nil)
		due := make(chan struct{}, 1)
		sub, err := c.Subscribe(chat.Start, chat.NewBellFunc(func() {
			select {
			case due <- struct{}{}:
			default:
			}
		}), "general")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		for i := range 20 {
			want := post(t, c.Room("general"), ann, "hello")
			<-due // for ever, if it is not called, which ends the bubble
			events, _, err := sub.Poll()
			if err != nil || len(events) != 1 || events[0].ID != want.ID {
				t.Fatalf("call %d: %d events, %v", i, len(events), err)
			}
			synctest.Wait()
		}
	})
}
