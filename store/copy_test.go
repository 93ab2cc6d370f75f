package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

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
	t.Parallel()
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

// A backup whose last transaction begins after a trim has been committed, and
// before the committer has told the backups of it.
func TestBackup_besideATrimOpens(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.Keep, o.FlushEvery = 10, 50*time.Millisecond
	var armed atomic.Bool
	trimmed, backedUp := make(chan struct{}), make(chan struct{})
	inner := o.Trim
	calls := 0
	o.Trim = func(rows store.Rows, room store.Room) {
		inner(rows, room)
		if armed.Load() {
			if calls++; calls == 2 { // the first is in the transaction, the second after it
				close(trimmed)
				select {
				case <-backedUp:
				case <-time.After(5 * time.Second):
				}
			}
		}
	}
	o.Keep = 0
	s, path := create(t, o)
	many(t, s, "a", 6000)
	closeStore(t, s)
	o.Keep, o.FlushEvery = 6000, 50*time.Millisecond
	s = open(t, path, o)
	copied := filepath.Join(t.TempDir(), "copy.db")
	first := true
	err := s.Backup(context.Background(), copied, func(store.Progress) {
		if first {
			first = false
			armed.Store(true)
			put(t, s, note{room: "a"}) // a flush follows, and then a trim of one record
			<-trimmed
		}
	})
	close(backedUp)
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	o.Trim, o.Keep = inner, 0
	b, err := store.Open(copied, o)
	if err != nil {
		t.Fatalf("the backup does not open: %v", err)
	}
	defer b.Close()
	verify(t, b)
	same(t, b)
}

func TestRestore_onlyReadsItsSource(t *testing.T) {
	s, path := create(t, testOptions())
	r := put(t, s, note{room: "a", text: "kept"})
	backup := filepath.Join(t.TempDir(), "backup")
	if err := s.Backup(t.Context(), backup, nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	for _, source := range []string{backup, path} {
		if err := os.Chmod(source, 0o400); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "restored")
		if err := store.Restore(source, to, nil); err != nil {
			t.Fatal(err)
		}
		if after, err := os.ReadFile(source); err != nil || !bytes.Equal(before, after) {
			t.Fatalf("%s has changed, %v", source, err)
		}
		restored := open(t, to, testOptions())
		if es := readRooms(t, restored, "a"); len(es) != 1 || es[0].ID != r.ID {
			t.Fatal(ids(es))
		}
		closeStore(t, restored)
	}
}
