package batches_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport/internal/batches"
)

var ann = chat.User{ID: "ann", Name: "Ann"}

// reader returns what a reader that begins now gets, when it is asked.
func reader(t *testing.T, c *chat.Chat) func() []chat.Event {
	t.Helper()
	sub, err := c.Subscribe(chat.End, nil, "general")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sub.Close)
	return func() []chat.Event {
		events, _, err := sub.Poll()
		if err != nil {
			t.Fatal(err)
		}
		return append([]chat.Event(nil), events...)
	}
}

func join(events []chat.Event) []byte {
	var b []byte
	for _, e := range events {
		b = append(b, e.JSON()...)
	}
	return b
}

// Seen to fail with the first event left out of the comparison, and with the last.
func TestOf_sharesOnlyWhatIsTheSame(t *testing.T) {
	c, err := chat.Open(filepath.Join(t.TempDir(), "chat.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	room := c.Room("general")
	post := func() chat.Event {
		e, err := room.Post(t.Context(), ann, fmt.Sprintf("secret %s", c.Head()))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if _, err := room.Join(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	one, two, late := reader(t, c), reader(t, c), reader(t, c)
	var posted []chat.Event
	for range 40 {
		posted = append(posted, post())
	}
	var cache batches.Cache
	made := 0
	of := func(events []chat.Event) []byte {
		return cache.Of(events, func() []byte { made++; return join(events) })
	}
	// Whatever is shared must be right, though many runs have one place.
	a, b := one(), two()
	shared := 0
	for range 20_000 {
		from := rand.IntN(len(a) - 4)
		to := from + 4 + rand.IntN(len(a)-from-3)
		for _, events := range [][]chat.Event{a[from:to], b[from:to]} {
			got := of(events)
			if got == nil {
				continue
			}
			if shared++; !bytes.Equal(got, join(events)) {
				t.Fatalf("events %d to %d are answered with others", from, to)
			}
		}
	}
	if shared == 0 || made > shared {
		t.Fatalf("%d shared, %d made", shared, made)
	}
	of(a)
	if got := of(a); got == nil {
		t.Fatal("the same events twice are not shared")
	}
	// From the erasure on nobody gets the text, whatever was made before.
	if _, err := room.Delete(t.Context(), ann, posted[3].ID); err != nil {
		t.Fatal(err)
	}
	again := late()
	for range 3 {
		if got := of(again); bytes.Contains(got, []byte("secret "+posted[2].ID.String())) {
			t.Fatal("an erased text is shared")
		}
	}
	if got := of(a[:2]); got != nil {
		t.Error("two events are looked for, which costs more than it saves")
	}
}
