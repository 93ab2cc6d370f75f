package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat/store"
)

// readers marks a room for n users at an id.
func readers(t testing.TB, s *store.Store, room string, n int, at store.ID) {
	t.Helper()
	before := s.Stats().Marks
	for u := range n {
		go s.Mark(context.Background(), room, fmt.Sprint("u", u), at)
	}
	waitFor(t, func() bool { return s.Stats().Marks == before+int64(n) })
}

func TestEnds_takesMarkersAtOnceAndFromTheFileSoon(t *testing.T) {
	o := testOptions()
	o.FlushEvery = 20 * time.Millisecond
	o.Steps(3, 7) // fewer markers than there are
	s, path := create(t, o)
	at := put(t, s, note{room: "a"}).ID
	other := put(t, s, note{room: "a0"}).ID
	readers(t, s, "a", 60, other) // beyond what the room holds
	readers(t, s, "a0", 20, other)
	put(t, s, end("a"))
	if got := markers(t, s, "a"); got != "" {
		t.Errorf("markers of a room that has ended: %q", got)
	}
	if now, moved := mark(t, s, "a", "late", at); !now.IsZero() || moved {
		t.Errorf("a mark of what is gone: %s %v", now, moved)
	}
	anew := put(t, s, note{room: "a"}).ID
	if now, moved := mark(t, s, "a", "u3", anew); now != anew || !moved {
		t.Errorf("a mark after the end: %s %v", now, moved)
	}
	settle(t, s, 0)
	if got := markers(t, s, "a"); got != fmt.Sprintln("u3", anew) {
		t.Errorf("markers after the removal: %q", got)
	}
	verify(t, s)
	same(t, s)
	closeStore(t, s)
	if all := markersIn(t, path); len(all) != 20+1 || all["a\x00u3"] != anew || all["a0\x00u3"] != other {
		t.Errorf("%d markers are left in the file", len(all))
	}
}

// The mark is under way when the room ends, and written with the very commit.
func TestEnds_takesMarksThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path := create(t, testOptions())
		at := put(t, s, note{room: "a"}).ID
		var wg sync.WaitGroup
		_, err := s.Propose(t.Context(), &store.Proposal{Room: "a", UserID: "ann", Decide: func(store.View, time.Time) ([]*store.Draft, error) {
			wg.Go(func() {
				if now, moved := mark(t, s, "a", "ann", at); !now.IsZero() || moved {
					t.Errorf("the marker is at %s, moved %v", now, moved)
				}
			})
			synctest.Wait()
			n := end("a")
			n.user = "ann"
			return []*store.Draft{n.draft()}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		closeStore(t, s)
		if all := markersIn(t, path); len(all) != 0 {
			t.Errorf("the file has %v", all)
		}
	})
}

// A removal that a kill has cut short in the midst of the markers goes on.
func TestEnds_removalOfMarkersGoesOnAfterReopening(t *testing.T) {
	o := testOptions()
	o.FlushEvery = 20 * time.Millisecond
	o.Steps(3, 2)
	s, path := create(t, o)
	at := put(t, s, note{room: "a"}).ID
	readers(t, s, "a", 500, at)
	put(t, s, end("a"))
	var copied string
	waitFor(t, func() bool {
		frozen(t, s, func() { copied = crashed(t, path) })
		return len(markersIn(t, copied)) < 500
	})
	closeStore(t, s)
	if n := len(markersIn(t, copied)); n == 0 {
		t.Fatal("void: none is left")
	}
	s = open(t, copied, o)
	settle(t, s, 0)
	closeStore(t, s)
	if n := len(markersIn(t, copied)); n != 0 {
		t.Errorf("%d markers are left", n)
	}
}

// Compact leaves out what ended rooms still hold, also where retention has
// folded some of it.
func TestCompact_leavesOutTheMarkersOfEndedRooms(t *testing.T) {
	for _, keep := range []int{0, 3} {
		o := testOptions()
		o.Keep, o.FlushEvery = keep, 20*time.Millisecond
		s, path := create(t, o)
		for range 10 {
			put(t, s, note{room: "a"})
		}
		at := put(t, s, note{room: "b"}).ID
		settle(t, s, keep)
		closeStore(t, s)
		o.FlushEvery = time.Hour // so that the removal does not begin
		s = open(t, path, o)
		readers(t, s, "a", 30, at)
		readers(t, s, "b", 5, at)
		put(t, s, end("a"))
		anew := put(t, s, note{room: "a"}).ID
		mark(t, s, "a", "u3", anew)
		frozen(t, s, func() { path = crashed(t, path) })
		if n := len(markersIn(t, path)); n != 35 {
			t.Fatalf("void: %d markers", n)
		}
		if err := store.Compact(path, nil); err != nil {
			t.Fatal(err)
		}
		if all := markersIn(t, path); len(all) != 6 || all["a\x00u3"] != anew {
			t.Errorf("keep %d: %d markers", keep, len(all))
		}
		if strings.Contains(string(readFile(t, path)), "a\x00u7") {
			t.Error("a marker of the ended room is in the bytes of the file")
		}
	}
}
