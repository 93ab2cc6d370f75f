package chat_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/internal/testkit"
)

var errEnough = errors.New("enough")

// observe runs an observer until it has handled n more events or fails.
func observe(t *testing.T, c *chat.Chat, o chat.Observer, n int) (ids []chat.ID, err error) {
	t.Helper()
	inner := o.Handle
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	o.Handle = func(ctx context.Context, e chat.Event) error {
		if len(ids) == n {
			return errEnough // this one comes again
		}
		ids = append(ids, e.ID)
		if len(ids) == n {
			defer cancel()
		}
		if inner != nil {
			return inner(ctx, e)
		}
		return nil
	}
	err = c.Observe(ctx, o)
	return ids, err
}

func TestObserve_goesOnAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	c := openAt(t, path, nil)
	var want []chat.ID
	write := func(n int) {
		for i := range n {
			want = append(want, post(t, c.Room(fmt.Sprint("r", i%3)), ann, "a").ID)
		}
	}
	write(20)
	var got []chat.ID
	for round := range 4 {
		ids, err := observe(t, c, chat.Observer{Name: "bot"}, 7)
		if !errors.Is(err, context.Canceled) && !errors.Is(err, errEnough) {
			t.Fatalf("round %d: %v", round, err)
		}
		got = append(got, ids...)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.Observe(t.Context(), chat.Observer{Name: "bot", Handle: func(context.Context, chat.Event) error { return nil }}); !errors.Is(err, chat.ErrShuttingDown) {
			t.Errorf("on a closed chat: %v", err)
		}
		c = openAt(t, path, nil)
		write(5)
	}
	if !slices.Equal(got, want[:28]) {
		t.Errorf("handled %v\nwant %v", got, want[:28])
	}
	// One of a new name begins where it says, and one that is forgotten is new.
	for _, name := range []string{"other", "bot"} {
		if name == "bot" {
			if err := c.Forget("bot"); err != nil {
				t.Fatal(err)
			}
		}
		if ids, _ := observe(t, c, chat.Observer{Name: name}, 40); !slices.Equal(ids, want) {
			t.Errorf("%s handled %d of %d", name, len(ids), len(want))
		}
	}
	if err := c.Forget("nobody"); err != nil {
		t.Errorf("a name that is not known: %v", err)
	}
	after := want[33]
	if ids, _ := observe(t, c, chat.Observer{Name: "third", After: after}, 6); !slices.Equal(ids, want[34:]) {
		t.Errorf("after %s it handled %v", after, ids)
	}
	for _, o := range []chat.Observer{{Name: "x"}, {Handle: func(context.Context, chat.Event) error { return nil }}} {
		if err := c.Observe(t.Context(), o); !errors.Is(err, chat.ErrInvalidField) {
			t.Errorf("observer %+v: %v", o.Name, err)
		}
	}
}

func TestObserve_handlesAgainWhatFailed(t *testing.T) {
	c := open(t, nil)
	room := c.Room("r")
	for i := range 5 {
		post(t, room, ann, fmt.Sprint(i))
	}
	failed := errors.New("failed")
	var got []string
	fail := func(how func()) error {
		_, err := observe(t, c, chat.Observer{Name: "bot", Handle: func(_ context.Context, e chat.Event) error {
			fact, _ := e.Fact()
			text := fact.(chat.MessagePosted).Text
			if got = append(got, text); text == "2" && how != nil {
				how()
				return failed
			}
			return nil
		}}, 5)
		return err
	}
	if err := fail(func() {}); !errors.Is(err, failed) {
		t.Errorf("a handler that fails: %v", err)
	}
	if err := fail(func() { panic("bot") }); !errors.Is(err, chat.ErrInternal) {
		t.Errorf("a handler that panics: %v", err)
	}
	done := make(chan struct{})
	go func() { // what comes while it runs is handled too
		defer close(done)
		eventually(t, func() bool { return c.Head() != chat.Start })
		post(t, room, bob, "5")
		post(t, room, bob, "6")
	}()
	if err := fail(nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the last: %v", err)
	}
	<-done
	if want := "[0 1 2 2 2 3 4 5 6]"; fmt.Sprint(got) != want {
		t.Errorf("handled %v, want %s", got, want)
	}
}

// An observer that retention has overtaken is told so, and handles what is left.
func TestObserve_isToldWhatIsLost(t *testing.T) {
	t.Parallel()
	c := open(t, &chat.Options{Keep: 10})
	room := c.Room("r")
	first := post(t, room, ann, "first")
	if _, err := observe(t, c, chat.Observer{Name: "bot"}, 1); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for range 50 {
		post(t, room, ann, "a")
	}
	eventually(t, func() bool { return floorOfOpen(t, room) != chat.Start && len(logOf(t, room)) == 10 })
	kept := logOf(t, room)
	var lost [][2]chat.ID
	ids, err := observe(t, c, chat.Observer{Name: "bot", Lost: func(_ context.Context, after, upTo chat.ID) error {
		lost = append(lost, [2]chat.ID{after, upTo})
		return nil
	}}, 10)
	if !errors.Is(err, context.Canceled) || len(ids) != 10 || ids[0] != kept[0].ID {
		t.Errorf("handled %d events from %v, %v", len(ids), ids[:1], err)
	}
	if len(lost) != 1 || lost[0][0] != first.ID || lost[0][1].Compare(first.ID) <= 0 || lost[0][1].Compare(kept[0].ID) >= 0 {
		t.Errorf("lost %v, kept from %s", lost, kept[0].ID)
	}
	for range 50 {
		post(t, room, ann, "a")
	}
	eventually(t, func() bool { return len(logOf(t, room)) == 10 })
	if _, err := observe(t, c, chat.Observer{Name: "bot", Lost: func(context.Context, chat.ID, chat.ID) error { return errEnough }}, 10); !errors.Is(err, errEnough) {
		t.Errorf("an error of Lost: %v", err)
	}
}

// A process that ends without warning loses no event: of a copy of the file, as
// it lies on the disk while an observer works, another goes on at or before the
// place where this one is.
func TestObserve_missesNothingAfterACrash(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "chat.db")
	c := openAt(t, path, nil)
	room := c.Room("r")
	var want []chat.ID
	for range 30 {
		want = append(want, post(t, room, ann, "a").ID)
	}
	for round := range 5 {
		if _, err := observe(t, c, chat.Observer{Name: "bot"}, 4); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		want = append(want, post(t, room, ann, "a").ID) // takes what is saved with it
		other := filepath.Join(t.TempDir(), "copy.db")
		testkit.Copy(t, path, other)
		left := openAt(t, other, nil)
		ids, err := observe(t, left, chat.Observer{Name: "bot"}, 3)
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if i := slices.Index(want, ids[0]); i < 0 || i > 4*(round+1) || !slices.Equal(ids, want[i:i+3]) {
			t.Errorf("round %d: after %d events it goes on with number %d: %v", round, 4*(round+1), i, ids)
		}
	}
}
