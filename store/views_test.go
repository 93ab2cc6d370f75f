package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/roomlog/chat/internal/testkit"
	"github.com/roomlog/chat/store"
)

func TestViews_ofAnotherFoldOrCourseAreRebuilt(t *testing.T) {
	s, path := create(t, testOptions())
	for i := range 50 {
		put(t, s, note{room: "a", text: fmt.Sprint(i)})
	}
	branch := crashed(t, path) // from here the two logs go different ways
	for range 50 {
		put(t, s, note{room: "b"})
	}
	closeStore(t, s)
	other := open(t, branch, testOptions())
	put(t, other, note{room: "c"})
	closeStore(t, other)
	testkit.Copy(t, path+".views", branch+".views")
	other = open(t, branch, testOptions())
	if strings.Contains(dump(t, other), fmt.Sprintf("%x", "b ")) {
		t.Fatal("views of another course were read")
	}
	if _, err := snapshotRoom(t, other, "b"); err == nil {
		t.Fatal("a room of another course is there")
	}
	same(t, other)
	closeStore(t, other)
	o := testOptions()
	o.Fold = "other"
	phases := map[string]bool{}
	o.Progress = func(p store.Progress) { phases[p.Phase] = true }
	closeStore(t, open(t, path, o))
	if !phases["rebuild"] {
		t.Fatalf("another fold did not rebuild: %v", phases)
	}
}

func snapshotRoom(t testing.TB, s *store.Store, id string) (store.Room, error) {
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	r, ok := sn.Room(id)
	if !ok {
		return r, errors.New("no such room")
	}
	return r, nil
}

// Random logs with erasures and retention, flushed often, crash in between;
// the views must be what a rebuild makes of the log, byte for byte.
func TestViews_rebuiltEqualIncremental(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 7))
			o := testOptions()
			o.FlushRows = 40
			o.FlushEvery = 20 * time.Millisecond
			if seed%2 == 1 {
				o.Keep = 15
			}
			if seed >= 2 {
				o.Steps(3, 2)
			}
			s, path := create(t, o)
			var known []store.Record
			for crash := range 4 {
				for range 150 {
					n := randomNote(rng, known, 4+crash)
					if rng.IntN(50) == 0 {
						inBetween(t, s, o)
					}
					res, err := propose(s, n)
					if err != nil && !errors.Is(err, store.ErrKeyReused) {
						t.Fatal(err)
					}
					if err == nil && !res.Replayed {
						known = append(known, res.Records[0])
					}
				}
				if s.Stats().Flushes < 1 {
					t.Fatal("void: nothing was flushed")
				}
				inBetween(t, s, o)
				settle(t, s, o.Keep)
				verify(t, s)
				want := dump(t, s)
				path = crashed(t, path)
				closeStore(t, s)
				if seed%3 == 2 && crash == 2 {
					removeViews(t, path)
				}
				s = open(t, path, o)
				settle(t, s, o.Keep)
				if got := dump(t, s); got != want {
					t.Fatalf("after crash %d:\n%s", crash, diff(want, got))
				}
				verify(t, s)
				same(t, s)
			}
		})
	}
}

// randomNote thinks of a note for one of some rooms: now and then about an earlier
// one, with a key that may have been used, or as the end of the room.
func randomNote(rng *rand.Rand, known []store.Record, rooms int) note {
	n := note{room: fmt.Sprint("r", rng.IntN(rooms)), user: fmt.Sprint("u", rng.IntN(5))}
	if rng.IntN(2) == 0 {
		n.key = fmt.Sprint("k", rng.IntN(300))
	}
	if target := pick(rng, known, n.room); target != nil {
		switch rng.IntN(3) {
		case 0:
			n.kind, n.name, n.lane = "Mark", target.ID.String(), store.Others
		case 1:
			n.kind, n.name, n.erase, n.lane = "Gone", target.ID.String(), []store.ID{target.ID}, store.Others
		}
	}
	if rng.IntN(40) == 0 {
		n.kind, n.ends, n.erase, n.lane = "End", true, nil, store.Others
	}
	return n
}

// inBetween checks that the files of a store at work, were it killed now, open
// to what a rebuild makes of them.
func inBetween(t testing.TB, s *store.Store, o store.Options) {
	t.Helper()
	var path string
	frozen(t, s, func() { path = crashed(t, s.Path()) })
	o.FlushEvery, o.FlushRows = time.Hour, 1<<20 // so that nothing goes on after a rebuild
	s = open(t, path, o)
	var want string
	frozen(t, s, func() { want, path = dump(t, s), crashed(t, path) })
	removeViews(t, path)
	again := open(t, path, o)
	if got := dump(t, again); got != want {
		t.Fatalf("rebuilt views differ:\n%s", diff(want, got))
	}
	verify(t, again)
	closeStore(t, again)
	verify(t, s)
	closeStore(t, s)
}

// frozen calls f while the committer of a store stands still.
func frozen(t testing.TB, s *store.Store, f func()) {
	t.Helper()
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_, err := s.Propose(context.Background(), &store.Proposal{Room: "frozen", Decide: func(store.View, time.Time) ([]*store.Draft, error) {
			close(held)
			<-release
			return nil, nil
		}})
		if err != nil {
			t.Error(err)
		}
	}()
	<-held
	defer func() { close(release); <-done }()
	f()
}

func pick(rng *rand.Rand, known []store.Record, room string) *store.Record {
	for range 10 {
		if len(known) == 0 {
			return nil
		}
		if r := &known[len(known)-1-rng.IntN(min(len(known), 80))]; r.Room == room {
			return r
		}
	}
	return nil
}

// same checks that the views of an open, idle store equal those that are
// rebuilt from its log, and those that are folded from its last checkpoint.
func same(t testing.TB, s *store.Store) {
	t.Helper()
	want := dump(t, s)
	kept := crashed(t, s.Path())
	again := open(t, kept, testOptions())
	if got := dump(t, again); got != want {
		t.Fatalf("views after a crash differ:\n%s", diff(want, got))
	}
	verify(t, again)
	closeStore(t, again)
	removeViews(t, kept)
	again = open(t, kept, testOptions())
	if got := dump(t, again); got != want {
		t.Fatalf("rebuilt views differ:\n%s", diff(want, got))
	}
	closeStore(t, again)
}

func diff(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	inB := map[string]bool{}
	for _, l := range bs {
		inB[l] = true
	}
	var out strings.Builder
	for _, l := range as {
		if !inB[l] {
			fmt.Fprintf(&out, "- %.200s\n", l)
		}
		delete(inB, l)
	}
	for _, l := range bs {
		if inB[l] {
			fmt.Fprintf(&out, "+ %.200s\n", l)
		}
	}
	return out.String()
}

// A views file from before a trim whose checkpoint's record is still there.
func TestViews_olderThanATrimAreRebuilt(t *testing.T) {
	o := testOptions()
	o.FlushEvery = 20 * time.Millisecond
	s, path := create(t, o)
	put(t, s, note{room: "busy"})
	put(t, s, note{room: "quiet"})
	closeStore(t, s)
	old := filepath.Join(t.TempDir(), "old.views")
	testkit.Copy(t, path+".views", old)

	o.Keep = 5
	s = open(t, path, o)
	many(t, s, "busy", 100)
	settle(t, s, o.Keep)
	want := dump(t, s)
	closeStore(t, s)

	if err := os.Remove(path + ".views"); err != nil {
		t.Fatal(err)
	}
	testkit.Copy(t, old, path+".views")
	s, err := store.Open(path, o)
	if err != nil {
		t.Fatalf("older views: %v", err)
	}
	defer s.Close()
	if got := dump(t, s); got != want {
		t.Error(diff(want, got))
	}
}

// underLaterTrim returns the path of a log that was put back by hand under
// views that a later trim has gone into.
func underLaterTrim(t *testing.T, o store.Options, keep int) string {
	t.Helper()
	s, path := create(t, o)
	many(t, s, "busy", 50)
	put(t, s, note{room: "quiet"})
	closeStore(t, s)
	old := filepath.Join(t.TempDir(), "old.db")
	testkit.Copy(t, path, old)
	o.Keep = keep
	s = open(t, path, o)
	settle(t, s, keep)
	closeStore(t, s)
	testkit.Copy(t, old, path)
	return path
}

func TestViews_ofALaterTrimAreRebuilt(t *testing.T) {
	o := testOptions()
	o.FlushEvery = 20 * time.Millisecond
	s := open(t, underLaterTrim(t, o, 5), o)
	same(t, s)
	if got := len(readRooms(t, s, "busy")); got != 50 {
		t.Errorf("%d records of 50 are read", got)
	}
}

// The same, going on: what the next trim makes of it.
func TestViews_ofALaterTrimDoNoHarm(t *testing.T) {
	o := testOptions()
	o.FlushEvery = 20 * time.Millisecond
	path := underLaterTrim(t, o, 5)
	o.Keep = 5
	s := open(t, path, o)
	many(t, s, "busy", 20)
	settle(t, s, o.Keep)
	closeStore(t, s)
	removeViews(t, path)
	verify(t, open(t, path, o))
}

// A damaged row in the views: they can be made again.
func TestViews_damagedAreRebuilt(t *testing.T) {
	o := testOptions()
	o.FlushRows = 4
	s, path := create(t, o)
	put(t, s, note{room: "a"})
	closeStore(t, s)
	views := filepath.Join(t.TempDir(), "views")
	testkit.Copy(t, path+".views", views)
	s = open(t, path, o)
	put(t, s, note{room: "a"})
	want := dump(t, s)
	closeStore(t, s)
	os.Remove(path + ".views")
	testkit.Copy(t, views, path+".views") // as after a crash: a record is yet to be folded
	db, err := bolt.Open(path+".views", 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("row"))
		v := append([]byte(nil), b.Get([]byte("\x01a"))...)
		v[20] ^= 1
		return b.Put([]byte("\x01a"), v)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s, err = store.Open(path, o)
	if err != nil {
		t.Fatalf("views with a flipped bit: %v", err)
	}
	defer s.Close()
	if got := dump(t, s); got != want {
		t.Error(diff(want, got))
	}
}
