package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

// settle waits until retention has nothing left to do.
func settle(t testing.TB, s *store.Store, keep int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		over := s.Stats().Removing > 0
		sn, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		for r := range sn.Rooms("") {
			over = over || keep > 0 && r.Events > uint64(keep)
		}
		sn.Close()
		if !over {
			return
		}
		if time.Now().After(end) {
			t.Fatal("retention was not enforced")
		}
		time.Sleep(5 * time.Millisecond) // polls for work in the background, asserts nothing by it
	}
}

func TestKeep_trimsRoomsAndSaysSoToReadersBehind(t *testing.T) {
	o := testOptions()
	o.Keep, o.FlushEvery = 10, 10*time.Millisecond
	s, _ := create(t, o)
	first := put(t, s, note{room: "a", key: "first", text: "x"})
	behind := s.Read([]string{"a"}, first.ID, nil)
	behind.Close()
	for range 99 {
		put(t, s, note{room: "a"})
	}
	settle(t, s, 10)
	if es := readRooms(t, s, "a"); len(es) != 10 {
		t.Fatalf("%d records are kept", len(es))
	}
	r := s.Read([]string{"a"}, first.ID, nil)
	defer r.Close()
	if _, _, err := r.Poll(); !errors.Is(err, store.ErrExpired) {
		t.Fatal(err)
	}
	res, err := propose(s, note{room: "a", key: "first", text: "x"})
	if err != nil || !res.Replayed || res.Records[0].ID != first.ID {
		t.Fatalf("the key of a trimmed record: %+v %v", res, err)
	}
	verify(t, s)
	same(t, s)
}

// many puts n notes into a room, from several callers.
func many(t *testing.T, s *store.Store, room string, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < n; i += 64 {
				if _, err := propose(s, note{room: room}); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

// Keep is lowered; nobody writes.
func TestKeep_isEnforcedWithinSecondsInAQuietStore(t *testing.T) {
	o := testOptions()
	s, path := create(t, o)
	many(t, s, "a", 6000)
	closeStore(t, s)
	o.Keep = 10
	s = open(t, path, o)
	start := time.Now()
	for {
		room, err := snapshotRoom(t, s, "a")
		if err != nil {
			t.Fatal(err)
		}
		if room.Events <= 10 {
			t.Logf("took %s", time.Since(start))
			return
		}
		if time.Since(start) > 8*time.Second {
			t.Fatalf("%d events are still kept after %s", room.Events, time.Since(start))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func settleRoom(t *testing.T, s *store.Store, id string, keep uint64) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		room, err := snapshotRoom(t, s, id)
		if err != nil {
			t.Fatal(err)
		}
		if room.Events <= keep {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("room %s still holds %d", id, room.Events)
		}
	}
}
