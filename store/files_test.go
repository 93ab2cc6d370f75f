package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/roomlog/chat/store"
)

func removeViews(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path + ".views"); err != nil {
		t.Fatal(err)
	}
}

func TestCreate_refusesAFileThatIsThere(t *testing.T) {
	s, path := create(t, testOptions())
	closeStore(t, s)
	if _, err := store.Create(path, testOptions()); !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Dir(path) + "/*")
	if len(files) != 2 {
		t.Fatalf("left behind: %v", files)
	}
}

func TestOpen_saysWhatIsWrongWithAFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	foreign := filepath.Join(dir, "foreign.db")
	db, err := bolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("mine")); return err })
	db.Close()
	s, newer := create(t, testOptions())
	put(t, s, note{room: "a"})
	closeStore(t, s)
	half := filepath.Join(dir, "half.db")
	copyFile(t, newer, half)
	if err := os.Truncate(half, 12000); err != nil {
		t.Fatal(err)
	}
	db, err = bolt.Open(newer, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte("roomlog 2")) })
	db.Close()
	for _, c := range []struct {
		path string
		want error
	}{
		{filepath.Join(dir, "none.db"), fs.ErrNotExist},
		{write("empty.db", ""), store.ErrForeign},
		{write("text.db", strings.Repeat("not a database ", 4000)), store.ErrForeign},
		{foreign, store.ErrForeign},
		{newer, store.ErrVersion},
		{half, store.ErrDamaged},
		{dir, nil},
	} {
		_, err := store.Open(c.path, testOptions())
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", filepath.Base(c.path), err, c.want)
		} else if !strings.Contains(err.Error(), filepath.Base(c.path)) {
			t.Errorf("the error does not name the file: %v", err)
		}
	}
}

func TestOpen_ofALockedFileFailsWithinASecondAndNamesIt(t *testing.T) {
	_, path := create(t, testOptions())
	start := time.Now()
	_, err := store.Open(path, testOptions())
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Fatalf("took %v", took)
	}
}

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
	copyFile(t, path+".views", branch+".views")
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
			s, path := create(t, o)
			var known []store.Record
			for crash := range 4 {
				for range 150 {
					n := note{room: fmt.Sprint("r", rng.IntN(4+crash)), user: fmt.Sprint("u", rng.IntN(5))}
					if rng.IntN(2) == 0 {
						n.key = fmt.Sprint("k", rng.IntN(300))
					}
					if target := pick(rng, known, n.room); target != nil {
						switch rng.IntN(3) {
						case 0:
							n.kind, n.name, n.lane = "Mark", target.ID.String(), store.Others
						case 1:
							n.kind, n.erase, n.lane = "Gone", []store.ID{target.ID}, store.Others
						}
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

// settle waits until retention has nothing left to do.
func settle(t testing.TB, s *store.Store, keep int) {
	t.Helper()
	if keep == 0 {
		return
	}
	for end := time.Now().Add(20 * time.Second); ; {
		over := false
		sn, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		for r := range sn.Rooms("") {
			over = over || r.Events > uint64(keep)
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

func TestFull_refusesAndGoesOn(t *testing.T) {
	o := testOptions()
	o.MaxSize = 2 << 20
	s, _ := create(t, o)
	big := strings.Repeat("x", 20_000)
	var stored int
	var err error
	for range 500 {
		if _, err = propose(s, note{room: "a", text: big}); err != nil {
			break
		}
		stored++
	}
	if !errors.Is(err, store.ErrFull) || stored == 0 {
		t.Fatalf("after %d: %v", stored, err)
	}
	if s.Failed() != nil {
		t.Fatal("a full disk is not a failure", s.Failed())
	}
	if n := len(readRooms(t, s, "a")); n != stored {
		t.Fatalf("%d records, want %d", n, stored)
	}
	verify(t, s)
	closeStore(t, s)
	o.MaxSize = 0
	s = open(t, s.Path(), o)
	put(t, s, note{room: "a"})
}

func TestBackup_isAStateOfTheLogWhileWritersGoOn(t *testing.T) {
	o := testOptions()
	o.FlushRows, o.Keep = 200, 500
	s, path := create(t, o)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				r := put(t, s, note{room: fmt.Sprint("r", i%3), user: fmt.Sprint("w", w), text: fmt.Sprint(i)})
				if i%5 == 0 {
					put(t, s, note{room: r.Room, kind: "Gone", lane: store.Others, erase: []store.ID{r.ID}})
				}
			}
		})
	}
	for i := range 5 {
		before := s.Head()
		to := filepath.Join(t.TempDir(), fmt.Sprint("backup", i))
		if err := s.Backup(t.Context(), to, nil); err != nil {
			t.Fatal(err)
		}
		b := open(t, to, o)
		if b.ID() != s.ID() || b.Head().Compare(before) < 0 {
			t.Fatalf("backup ends at %s, before %s", b.Head(), before)
		}
		verify(t, b)
		closeStore(t, b)
		restored := to + ".restored"
		if err := store.Restore(to, restored, nil); err != nil {
			t.Fatal(err)
		}
		r := open(t, restored, o)
		if r.ID() == s.ID() || r.Head() != b.Head() {
			t.Fatal("a restored store is another one, with the same log")
		}
		closeStore(t, r)
	}
	close(stop)
	wg.Wait()
	if err := s.Backup(t.Context(), path, nil); !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
}

func TestCompact_keepsTheLogAndFreesPages(t *testing.T) {
	o := testOptions()
	o.Keep, o.FlushEvery = 5, 10*time.Millisecond
	s, path := create(t, o)
	for i := range 2000 {
		put(t, s, note{room: fmt.Sprint("r", i%10), text: strings.Repeat("x", 2000)})
	}
	settle(t, s, 5)
	want := dump(t, s)
	closeStore(t, s)
	before, _ := os.Stat(path)
	if err := store.Compact(path, nil); err != nil {
		t.Fatal(err)
	}
	after, _ := os.Stat(path)
	if after.Size() >= before.Size() {
		t.Fatalf("%d bytes before, %d after", before.Size(), after.Size())
	}
	s = open(t, path, o)
	if dump(t, s) != want {
		t.Fatal("the log has changed")
	}
	verify(t, s)
}

func TestVerify_findsEveryFlippedBitInARecord(t *testing.T) {
	s, path := create(t, testOptions())
	var marks []string
	for i := range 30 {
		m := fmt.Sprintf("mark-%04d-mark", i)
		marks = append(marks, m)
		put(t, s, note{room: "a", text: m})
	}
	closeStore(t, s)
	clean, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(8, 9))
	for range 60 {
		data := append([]byte(nil), clean...)
		at := strings.LastIndex(string(data), marks[rng.IntN(len(marks))]) + rng.IntN(14)
		data[at] ^= 1 << rng.IntN(8)
		bad := filepath.Join(t.TempDir(), "log.db")
		if err := os.WriteFile(bad, data, 0o600); err != nil {
			t.Fatal(err)
		}
		copyFile(t, path+".views", bad+".views")
		d, err := store.Open(bad, testOptions())
		if err != nil {
			if !errors.Is(err, store.ErrDamaged) {
				t.Fatal(err)
			}
			continue
		}
		if err := d.Verify(t.Context(), nil); !errors.Is(err, store.ErrDamaged) {
			t.Fatalf("byte %d: %v", at, err)
		}
		r := d.Read([]string{"a"}, store.ID{}, nil)
		if _, _, err := r.Poll(); !errors.Is(err, store.ErrDamaged) {
			t.Fatalf("byte %d was served: %v", at, err)
		}
		r.Close()
		d.Close()
	}
}
