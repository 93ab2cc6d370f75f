package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

func observed(t testing.TB, s *store.Store, name string) store.ID {
	t.Helper()
	at, _, err := s.Observer(name)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func save(t testing.TB, s *store.Store, name string, at store.ID) {
	t.Helper()
	if err := s.SaveObserver(name, at); err != nil {
		t.Fatal(err)
	}
}

func TestObserver_neverMovesBackAndNotBehindTheHead(t *testing.T) {
	s, _ := create(t, testOptions())
	if _, ok, err := s.Observer("bot"); ok || err != nil {
		t.Fatal(ok, err)
	}
	a, b := put(t, s, note{room: "a"}), put(t, s, note{room: "a"})
	save(t, s, "bot", b.ID)
	save(t, s, "bot", a.ID)
	if got := observed(t, s, "bot"); got != b.ID {
		t.Errorf("at %s, want %s", got, b.ID)
	}
	future := b.ID
	future[0] = 0xff
	save(t, s, "bot", future)
	if got := observed(t, s, "bot"); got != b.ID {
		t.Errorf("at %s, want %s", got, b.ID)
	}
	for _, name := range []string{"", strings.Repeat("x", 129)} {
		if err := s.SaveObserver(name, a.ID); err == nil {
			t.Errorf("%d bytes are taken", len(name))
		}
	}
	save(t, s, strings.Repeat("x", 128), a.ID)
	if err := s.ForgetObserver("bot"); err != nil {
		t.Fatal(err)
	}
	save(t, s, "bot", a.ID)
	if got := observed(t, s, "bot"); got != a.ID {
		t.Errorf("at %s, want %s", got, a.ID)
	}
}

// killed returns the store as a kill now would leave it.
func killed(t testing.TB, s *store.Store) *store.Store {
	t.Helper()
	var path string
	frozen(t, s, func() { path = crashed(t, s.Path()) })
	return open(t, path, testOptions())
}

func TestObserver_isDurableWithTheNextCommit(t *testing.T) {
	s, _ := create(t, testOptions())
	r := put(t, s, note{room: "a"})
	save(t, s, "bot", r.ID)
	save(t, s, "gone", r.ID)
	if err := s.ForgetObserver("gone"); err != nil {
		t.Fatal(err)
	}
	put(t, s, note{room: "a"})
	again := killed(t, s)
	if got := observed(t, again, "bot"); got != r.ID {
		t.Errorf("at %s, want %s", got, r.ID)
	}
	if _, ok, _ := again.Observer("gone"); ok {
		t.Error("what was forgotten is there")
	}
}

// Nobody writes; saving goes on all the time.
func TestObserver_isDurableWithinAboutASecond(t *testing.T) {
	t.Parallel()
	s, path := create(t, testOptions())
	var rs []store.Record
	for range 400 {
		rs = append(rs, put(t, s, note{room: "a"}))
	}
	start := time.Now()
	for i, r := range rs {
		save(t, s, "bot", r.ID)
		time.Sleep(5 * time.Millisecond) // the passing of time is what is tested
		if i%20 == 0 {
			found := false
			inFile(t, crashed(t, path), "observer", func(k, v []byte) { found = true })
			if found {
				t.Logf("after %s", time.Since(start))
				return
			}
		}
	}
	t.Error("nothing was written while saving went on")
}

func TestObserver_outlivesCloseBackupRestoreAndCompact(t *testing.T) {
	s, path := create(t, testOptions())
	r := put(t, s, note{room: "a"})
	save(t, s, "bot", r.ID)
	closeStore(t, s)
	if err := s.SaveObserver("bot", r.ID); !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
	check := func(path string) {
		t.Helper()
		s := open(t, path, testOptions())
		if got := observed(t, s, "bot"); got != r.ID {
			t.Errorf("%s: at %s, want %s", path, got, r.ID)
		}
		closeStore(t, s)
	}
	check(path)
	if err := store.Compact(path, nil); err != nil {
		t.Fatal(err)
	}
	check(path)
	if err := store.Restore(path, path+".restored", nil); err != nil {
		t.Fatal(err)
	}
	check(path + ".restored")
	s = open(t, path, testOptions())
	if err := s.Backup(t.Context(), path+".backup", nil); err != nil {
		t.Fatal(err)
	}
	check(path + ".backup")
}

// Saves race with commits: the last one of each name is what is left.
func TestObserver_ofManyCallersLosesNothing(t *testing.T) {
	t.Parallel()
	s, path := create(t, testOptions())
	var wg sync.WaitGroup
	last := make([]store.ID, 8)
	for w := range last {
		wg.Go(func() {
			for i := range 200 {
				last[w] = put(t, s, note{room: fmt.Sprint("r", i%3)}).ID
				save(t, s, fmt.Sprint("bot", w), last[w])
			}
		})
	}
	wg.Wait()
	closeStore(t, s)
	s = open(t, path, testOptions())
	for w, want := range last {
		if got := observed(t, s, fmt.Sprint("bot", w)); got != want {
			t.Errorf("bot %d at %s, want %s", w, got, want)
		}
	}
}

// A save that comes while a commit writes the one before it is not forgotten.
func TestObserver_savedWhileACommitIsUnderWayIsWrittenWithTheNext(t *testing.T) {
	s, path := create(t, testOptions())
	var rs []store.Record
	for range 80 {
		rs = append(rs, put(t, s, note{room: "a"}))
	}
	for i := 0; i+1 < len(rs); i += 2 {
		save(t, s, "bot", rs[i].ID)
		done := make(chan struct{})
		go func() {
			defer close(done)
			put(t, s, note{room: "b"})
		}()
		time.Sleep(time.Duration(i) * 20 * time.Microsecond) // so that some meet the middle of a commit
		save(t, s, "bot", rs[i+1].ID)
		<-done
		put(t, s, note{room: "b"})
		var at store.ID
		frozen(t, s, func() { inFile(t, crashed(t, path), "observer", func(k, v []byte) { copy(at[:], v) }) })
		if at != rs[i+1].ID {
			t.Fatalf("round %d: the file has %s, want %s", i, at, rs[i+1].ID)
		}
	}
}
