package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/roomlog/chat/store"
)

// mark moves a marker and returns where it is then.
func mark(t testing.TB, s *store.Store, room, user string, at store.ID) (now store.ID, moved bool) {
	t.Helper()
	now, moved, err := s.Mark(t.Context(), room, user, at)
	if err != nil {
		t.Fatal(err)
	}
	return now, moved
}

// markers are those of a room, as text.
func markers(t testing.TB, s *store.Store, room string) string {
	t.Helper()
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	var b strings.Builder
	for user, at := range sn.Markers(room) {
		if one, ok := sn.Marker(room, user); !ok || one != at {
			t.Errorf("the marker of %s is %s, among all %s", user, one, at)
		}
		fmt.Fprintln(&b, user, at)
	}
	if sn.Err() != nil {
		t.Fatal(sn.Err())
	}
	return b.String()
}

// markersIn are those of a log file, as it is.
func markersIn(t testing.TB, path string) map[string]store.ID {
	t.Helper()
	all := map[string]store.ID{}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("marker"))
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error { all[string(k)] = store.ID(v); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMark_onlyMovesForwardAndNotBehindTheNewestRecord(t *testing.T) {
	s, _ := create(t, testOptions())
	a, b := put(t, s, note{room: "a"}), put(t, s, note{room: "a"})
	elsewhere := put(t, s, note{room: "b"})
	if _, ok, err := s.Marker("a", "ann"); ok || err != nil {
		t.Fatal(ok, err)
	}
	future := b.ID
	future[0] = 0xff
	for _, step := range []struct {
		at, want store.ID
		moved    bool
	}{
		{store.ID{}, store.ID{}, false},
		{a.ID, a.ID, true},
		{a.ID, a.ID, false},
		{store.ID{}, a.ID, false},
		{future, b.ID, true},
		{a.ID, b.ID, false},
		{elsewhere.ID, b.ID, false},
	} {
		if now, moved := mark(t, s, "a", "ann", step.at); now != step.want || moved != step.moved {
			t.Errorf("mark %s: %s %v, want %s %v", step.at, now, moved, step.want, step.moved)
		}
		if at, ok, err := s.Marker("a", "ann"); at != step.want || ok == step.want.IsZero() || err != nil {
			t.Errorf("mark %s: there is %s %v %v", step.at, at, ok, err)
		}
	}
}

func TestMarkers_areThoseOfTheRoomInTheOrderOfUsers(t *testing.T) {
	s, _ := create(t, testOptions())
	r := put(t, s, note{room: "a"})
	for _, room := range []string{"ab", "a b", "`"} {
		mark(t, s, room, "other", put(t, s, note{room: room}).ID)
	}
	for _, user := range []string{"c", "b", "a\x00x", "a", "ba"} {
		mark(t, s, "a", user, r.ID)
	}
	want := ""
	for _, user := range []string{"a", "a\x00x", "b", "ba", "c"} {
		want += fmt.Sprintln(user, r.ID)
	}
	if got := markers(t, s, "a"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := markers(t, s, "none"); got != "" {
		t.Errorf("of a room that is not there: %q", got)
	}
	if _, _, err := s.Mark(t.Context(), "none", "ann", r.ID); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	long := strings.Repeat("x", 256)
	for _, bad := range [][2]string{{"", "u"}, {"a", ""}, {"a\x00", "u"}, {long, "u"}, {"a", long}} {
		if _, _, err := s.Mark(t.Context(), bad[0], bad[1], r.ID); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("%.5q %.5q: %v", bad[0], bad[1], err)
		}
	}
}

// The files are copied at the moment of each answer.
func TestMark_isDurableWhenItIsAnswered(t *testing.T) {
	s, path := create(t, testOptions())
	for i := range 60 {
		r := put(t, s, note{room: "a"})
		time.Sleep(time.Duration(i%3) * 30 * time.Millisecond) // lone ones and such as wait
		mark(t, s, "a", "ann", r.ID)
		copied := crashed(t, path)
		if got := markersIn(t, copied)["a\x00ann"]; got != r.ID {
			t.Fatalf("round %d: the file has %s, answered was %s", i, got, r.ID)
		}
		if i%20 == 0 {
			again := open(t, copied, testOptions())
			if at, ok, err := again.Marker("a", "ann"); at != r.ID || !ok || err != nil {
				t.Fatal(at, ok, err)
			}
			verify(t, again)
		}
	}
}

// whileDeciding posts, and calls f when the post's commit is under way.
func whileDeciding(t testing.TB, s *store.Store, f func()) (store.Record, error) {
	t.Helper()
	res, err := s.Propose(context.Background(), &store.Proposal{Room: "a", UserID: "ann", Decide: func(store.View, time.Time) ([]*store.Draft, error) {
		f()
		return []*store.Draft{note{room: "a", kind: "Note", user: "ann"}.draft()}, nil
	}})
	if err != nil {
		return store.Record{}, err
	}
	return res.Records[0], nil
}

func TestMark_thatGoesWithABatchIsDurableWhenItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := testOptions()
		o.FlushEvery = time.Hour // the files do not change while they are copied
		s, path := create(t, o)
		r := put(t, s, note{room: "a"})
		for range 20 {
			time.Sleep(time.Second)
			last, answered := r, make(chan struct{})
			r, _ = whileDeciding(t, s, func() {
				go func() {
					defer close(answered)
					mark(t, s, "a", "ann", last.ID)
					if got := markersIn(t, crashed(t, path))["a\x00ann"]; got != last.ID {
						t.Errorf("the file has %s, answered was %s", got, last.ID)
					}
				}()
				synctest.Wait()
			})
			<-answered
		}
		closeStore(t, s)
	})
}

// In synctest's time, which stands still while anything runs.
func TestMark_aLoneOneDoesNotWaitAndTheNextOnesWaitForCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := create(t, testOptions())
		r, last := put(t, s, note{room: "a"}), put(t, s, note{room: "a"})
		for range 3 {
			time.Sleep(time.Second)
			start, before := time.Now(), s.Stats()
			var wg sync.WaitGroup
			mark(t, s, "a", fmt.Sprint("lone", start.Unix()), r.ID)
			if took := time.Since(start); took != 0 {
				t.Errorf("a lone mark waited for %s", took)
			}
			for u := range 100 {
				wg.Go(func() { mark(t, s, "a", fmt.Sprint(start.Unix(), u), last.ID) })
			}
			wg.Wait()
			if took := time.Since(start); took != 50*time.Millisecond {
				t.Errorf("marks behind it took %s", took)
			}
			if st := s.Stats(); st.MarkWrites-before.MarkWrites != 2 || st.Marks-before.Marks != 101 {
				t.Errorf("%d commits for %d marks", st.MarkWrites-before.MarkWrites, st.Marks-before.Marks)
			}
		}
		closeStore(t, s)
	})
}

// A thousand calls for one marker wait while the committer stands still.
func TestMark_ofSeveralThatWaitTheGreatestIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path := create(t, testOptions())
		var rs []store.Record
		for range 10 {
			rs = append(rs, put(t, s, note{room: "a"}))
		}
		mark(t, s, "a", "ann", rs[3].ID)
		var wg sync.WaitGroup
		frozen(t, s, func() {
			for i := range 1000 {
				at := rs[(i*7)%10].ID
				wg.Go(func() {
					now, moved := mark(t, s, "a", "ann", at)
					if at.Compare(rs[3].ID) <= 0 {
						if now != rs[3].ID || moved {
							t.Errorf("an older one: %s %v", now, moved)
						}
					} else if now != rs[9].ID || !moved {
						t.Errorf("%s: %s %v, want %s", at, now, moved, rs[9].ID)
					}
				})
			}
			synctest.Wait()
		})
		wg.Wait()
		if n := s.Stats().Marks; n != 2 {
			t.Errorf("the marker was written %d times", n)
		}
		closeStore(t, s)
		if all := markersIn(t, path); len(all) != 1 || all["a\x00ann"] != rs[9].ID {
			t.Errorf("the file has %v", all)
		}
	})
}

// Posts follow one another without a pause, and 200 readers mark each of them.
func TestMark_aStormTouchesFewCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := create(t, testOptions())
		put(t, s, note{room: "a"})
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		var wg sync.WaitGroup
		for u := range 200 {
			wg.Go(func() {
				for ctx.Err() == nil {
					mark(t, s, "a", fmt.Sprint("u", u), s.Head())
					time.Sleep(time.Millisecond)
				}
			})
		}
		for ctx.Err() == nil {
			put(t, s, note{room: "a"})
			time.Sleep(2 * time.Millisecond)
		}
		wg.Wait()
		st := s.Stats()
		if st.Commits < 900 || st.Marks < 30*200 {
			t.Fatalf("void: %d posts, %d marks", st.Commits, st.Marks)
		}
		if st.MarkWrites > 2000/50+2 {
			t.Errorf("%d commits wrote markers in 2 s", st.MarkWrites)
		}
		closeStore(t, s)
	})
}

// Marks go with the posts that are there, and make no commit of their own.
func TestMark_goesWithABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path := create(t, testOptions())
		first := put(t, s, note{room: "a"})
		time.Sleep(time.Second)
		var wg sync.WaitGroup
		before := txid(t, s, path)
		_, err := whileDeciding(t, s, func() {
			for u := range 10 {
				wg.Go(func() { mark(t, s, "a", fmt.Sprint("u", u), first.ID) })
			}
			synctest.Wait()
		})
		if err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if n := txid(t, s, path) - before; n != 1 || len(strings.Split(markers(t, s, "a"), "\n")) != 11 {
			t.Errorf("%d commits for a post and ten marks", n)
		}
		closeStore(t, s)
	})
}

// txid is the newest transaction of a log file.
func txid(t testing.TB, s *store.Store, path string) (id int) {
	t.Helper()
	frozen(t, s, func() { path = crashed(t, path) })
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_ = db.View(func(tx *bolt.Tx) error { id = tx.ID(); return nil })
	return id
}

func TestMark_withdrawnByItsContextLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path := create(t, testOptions())
		r := put(t, s, note{room: "a"})
		mark(t, s, "a", "first", r.ID)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for u := range 100 {
			wg.Go(func() {
				if _, _, err := s.Mark(ctx, "a", fmt.Sprint("u", u), r.ID); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		if _, _, err := s.Mark(ctx, "a", "first", r.ID); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		mark(t, s, "a", "last", r.ID)
		closeStore(t, s)
		if all := markersIn(t, path); len(all) != 2 {
			t.Errorf("%d markers", len(all))
		}
	})
}

// Close does not let anybody wait for 50 ms, nor for ever.
func TestClose_writesTheMarksThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path := create(t, testOptions())
		r := put(t, s, note{room: "a"})
		mark(t, s, "a", "first", r.ID)
		start := time.Now()
		var wg sync.WaitGroup
		const n = 5000 // more than one commit takes
		for u := range n {
			wg.Go(func() { mark(t, s, "a", fmt.Sprint("u", u), r.ID) })
		}
		synctest.Wait()
		closeStore(t, s)
		wg.Wait()
		if took := time.Since(start); took != 0 {
			t.Errorf("Close took %s", took)
		}
		if all := markersIn(t, path); len(all) != n+1 {
			t.Errorf("%d markers", len(all))
		}
		if _, _, err := s.Mark(t.Context(), "a", "late", r.ID); !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	})
}

// Marks race with posts, ends, one another and Close: what was answered is what
// is left.
func TestMark_ofManyCallersLosesNothing(t *testing.T) {
	o := testOptions()
	o.FlushEvery = 10 * time.Millisecond
	s, path := create(t, o)
	put(t, s, note{room: "a"})
	var mu sync.Mutex
	want := map[string]store.ID{}
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 40 {
				n := note{room: "a"}
				if w == 0 && i%10 == 9 {
					n = end("a")
				}
				r := put(t, s, n)
				user := fmt.Sprint("u", (w+i)%8)
				now, _, err := s.Mark(t.Context(), "a", user, r.ID)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if now.Compare(want[user]) > 0 {
					want[user] = now
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	room, err := snapshotRoom(t, s, "a")
	if err != nil {
		t.Fatal(err)
	}
	settle(t, s, 0)
	closeStore(t, s)
	all := markersIn(t, path)
	for user, at := range want {
		if at.Compare(room.Floor) <= 0 {
			at = store.ID{} // gone with the end of the room
		}
		if got := all["a\x00"+user]; got != at {
			t.Errorf("%s: %s, want %s", user, got, at)
		}
	}
}

func TestMarkers_outliveCloseBackupRestoreAndCompact(t *testing.T) {
	s, path := create(t, testOptions())
	r := put(t, s, note{room: "a"})
	for u := range 100 {
		go s.Mark(context.Background(), "a", fmt.Sprint("u", u), r.ID)
	}
	waitFor(t, func() bool { return s.Stats().Marks == 100 })
	want := markers(t, s, "a")
	closeStore(t, s)
	check := func(path string) {
		t.Helper()
		s := open(t, path, testOptions())
		if got := markers(t, s, "a"); got != want {
			t.Errorf("%s: %s", path, diff(want, got))
		}
		verify(t, s)
		closeStore(t, s)
	}
	check(path)
	removeViews(t, path)
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

func TestMarkers_damagedAreReported(t *testing.T) {
	s, path := create(t, testOptions())
	r := put(t, s, note{room: "a"})
	mark(t, s, "a", "ann", r.ID)
	closeStore(t, s)
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte("marker")).Put([]byte("a\x00bob"), []byte("short")) })
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, testOptions())
	if _, _, err := s.Marker("a", "bob"); !errors.Is(err, store.ErrDamaged) {
		t.Error(err)
	}
	if _, _, err := s.Mark(t.Context(), "a", "bob", r.ID); !errors.Is(err, store.ErrDamaged) {
		t.Error(err)
	}
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	n := 0
	for range sn.Markers("a") {
		n++
	}
	if n != 1 || !errors.Is(sn.Err(), store.ErrDamaged) {
		t.Errorf("%d markers, %v", n, sn.Err())
	}
	if now, _ := mark(t, s, "a", "ann", put(t, s, note{room: "a"}).ID); now != s.Head() || s.Failed() != nil {
		t.Error("the others suffer", now, s.Failed())
	}
	verify(t, s)
}
