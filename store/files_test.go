package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/roomlog/chat/internal/testkit"
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
	testkit.Copy(t, newer, half)
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
	if took := time.Since(start); took > time.Second {
		t.Fatalf("took %v", took)
	}
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

// Nobody but their owner reads the files, whatever made them.
func TestFiles_areTheirOwnersAlone(t *testing.T) {
	o := testOptions()
	s, path := create(t, o)
	put(t, s, note{room: "a", text: "one"})
	backup, restored := path+".backup", path+".restored"
	if err := s.Backup(t.Context(), backup, nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if err := store.Restore(backup, restored, nil); err != nil {
		t.Fatal(err)
	}
	files := []string{path, path + ".views", backup, restored}
	for range 2 { // as they were made, and as Compact has made them anew
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
				t.Errorf("%s is %v", filepath.Base(file), mode)
			}
		}
		if err := store.Compact(path, nil); err != nil {
			t.Fatal(err)
		}
	}
}
