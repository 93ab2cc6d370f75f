package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

// readAll polls until the reader has caught up.
func readAll(t testing.TB, r *store.AllReader) (got []*store.Entry) {
	t.Helper()
	for {
		es, _, err := r.Poll()
		if err != nil {
			t.Fatal(err)
		}
		if len(es) == 0 {
			return got
		}
		got = append(got, es...)
	}
}

// Writers in many rooms, a reader that is rung, closed and opened again.
func TestReadAll_hasNoSeam(t *testing.T) {
	s, _ := create(t, testOptions())
	const writers, each = 8, 400
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				put(t, s, note{room: fmt.Sprint("r", (w+i)%5), user: fmt.Sprint("w", w), text: fmt.Sprint(i)})
			}
		})
	}
	var got []store.ID
	var cursor store.ID
	for len(got) < writers*each {
		r := s.ReadAll(cursor, nil)
		for n := 0; n < 200 && len(got) < writers*each; {
			es, _, err := r.Poll()
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range es {
				got = append(got, e.ID)
			}
			if n += len(es); len(es) > 0 {
				cursor = r.Cursor()
				continue
			}
			select {
			case <-r.Bell().C:
			case <-time.After(10 * time.Second):
				t.Fatalf("not rung: %d records", len(got))
			}
		}
		r.Close()
		r.Close()
	}
	wg.Wait()
	for i := 1; i < len(got); i++ {
		if got[i].Compare(got[i-1]) <= 0 {
			t.Fatalf("%s after %s", got[i], got[i-1])
		}
	}
}

func TestReadAll_passesOverEndedRooms(t *testing.T) {
	o := testOptions()
	o.FlushEvery = time.Hour
	s, _ := create(t, o)
	first := put(t, s, note{room: "b"})
	many(t, s, "a", 9000) // more than are passed over at once
	if n := len(readAll(t, s.ReadAll(first.ID, nil))); n != 9000 {
		t.Fatalf("void: %d records", n)
	}
	behind := s.ReadAll(first.ID, nil)
	last := put(t, s, end("a"))
	if es := readAll(t, behind); len(es) != 1 || es[0].ID != last.ID {
		t.Fatalf("read %s", ids(es))
	}
	if behind.Cursor() != s.Head() || behind.Pending() {
		t.Error("it has not caught up")
	}
}

func TestReadAll_tellsOnceOfWhatRetentionTook(t *testing.T) {
	o := testOptions()
	o.Keep, o.FlushEvery = 10, 10*time.Millisecond
	s, path := create(t, o)
	first := put(t, s, note{room: "a"})
	quiet := put(t, s, note{room: "quiet"})
	behind := s.ReadAll(first.ID, nil)
	for range 50 {
		put(t, s, note{room: "a"})
	}
	settle(t, s, 10)
	expired := func(r *store.AllReader) {
		t.Helper()
		if _, _, err := r.Poll(); !errors.Is(err, store.ErrExpired) {
			t.Fatal(err)
		}
	}
	expired(behind)
	if behind.Lost().Compare(first.ID) <= 0 || behind.Cursor() != first.ID {
		t.Error("lost up to", behind.Lost(), "at", behind.Cursor())
	}
	if es := readAll(t, behind); len(es) != 11 || es[0].ID != quiet.ID {
		t.Fatalf("read %s", ids(es))
	}
	for range 50 {
		put(t, s, note{room: "a"})
	}
	settle(t, s, 10)
	expired(behind)
	if es := readAll(t, behind); len(es) != 10 {
		t.Fatalf("read %s", ids(es))
	}
	if es := readAll(t, s.ReadAll(store.ID{}, nil)); len(es) != 11 {
		t.Fatalf("from the beginning: %s", ids(es))
	}
	closeStore(t, s)
	s = open(t, path, o)
	late := s.ReadAll(quiet.ID, nil)
	expired(late)
	if es := readAll(t, late); len(es) != 10 {
		t.Fatalf("after reopening: %s", ids(es))
	}
	closeStore(t, s)
	if _, _, err := late.Poll(); !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
}

func TestReadAll_isRungByClose(t *testing.T) {
	s, _ := create(t, testOptions())
	r := s.ReadAll(store.ID{}, nil)
	closeStore(t, s)
	select {
	case <-r.Bell().C:
	case <-time.After(10 * time.Second):
		t.Fatal("not rung")
	}
	if _, _, err := r.Poll(); !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
}
