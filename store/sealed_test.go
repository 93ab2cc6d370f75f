package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/roomlog/chat/internal/testkit"
	"github.com/roomlog/chat/store"
)

// A bit of a row, of its key or of the checkpoint that is not as it was written
// makes views that are begun anew, and not another state that is shown.
func TestViews_withAFlippedBitAreRebuilt(t *testing.T) {
	s, path := create(t, testOptions())
	for i := range 3 {
		put(t, s, note{room: fmt.Sprint("r", i), key: fmt.Sprint("k", i)})
	}
	want := dump(t, s)
	closeStore(t, s)
	views := filepath.Join(t.TempDir(), "views")
	testkit.Copy(t, path+".views", views)
	spans := 0
	for _, name := range []string{"row", "key", "meta"} {
		for _, b := range valuesOf(t, views, name) {
			spans++
			for _, at := range []int{0, len(b) / 2, len(b) - 1} {
				data, err := os.ReadFile(views)
				if err != nil {
					t.Fatal(err)
				}
				i := bytes.LastIndex(data, b)
				data[i+at] ^= 1
				if err := os.WriteFile(path+".views", data, 0o600); err != nil {
					t.Fatal(err)
				}
				again, err := store.Open(path, testOptions())
				if err != nil {
					t.Fatalf("%s, byte %d of %x: %v", name, at, b, err)
				}
				if got := dump(t, again); got != want {
					t.Fatalf("%s, byte %d of %x:\n%s", name, at, b, diff(want, got))
				}
				closeStore(t, again)
			}
		}
	}
	if spans < 10 {
		t.Fatalf("void: %d keys and values", spans)
	}
}

// A row that is spoilt while the store is open is an error for who reads it.
func TestViews_spoiltWhileOpenAreAnErrorNotARow(t *testing.T) {
	s, path := create(t, testOptions())
	put(t, s, note{room: "a"})
	closeStore(t, s)
	s = open(t, path, testOptions())
	data, err := os.ReadFile(path + ".views")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range valuesOf(t, path+".views", "row") {
		i := int64(bytes.LastIndex(data, b))
		flip(t, path+".views", i+int64(len(b))-1, data[i+int64(len(b))-1]^1)
	}
	if _, err := propose(s, note{room: "a"}); err == nil {
		t.Error("a command was decided on rows that are spoilt")
	}
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	if room, ok := sn.Room("a"); ok || !errors.Is(sn.Err(), store.ErrDamaged) {
		t.Errorf("room %+v, %t, %v", room, ok, sn.Err())
	}
}

// valuesOf returns the keys and values of a bucket of a views file, and of the
// buckets in it.
func valuesOf(t *testing.T, path, bucket string) (all [][]byte) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy")
	testkit.Copy(t, path, copied)
	db, err := bolt.Open(copied, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var in func(b *bolt.Bucket) error
	in = func(b *bolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if v == nil {
				return in(b.Bucket(k))
			}
			// As they stand in the page: the value behind its key.
			all = append(all, append(append([]byte(nil), k...), v...))
			return nil
		})
	}
	if err := db.View(func(tx *bolt.Tx) error { return in(tx.Bucket([]byte(bucket))) }); err != nil {
		t.Fatal(err)
	}
	return all
}
