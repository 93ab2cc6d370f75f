package store_test

import (
	"bytes"
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
	clean = bytes.TrimRight(clean, "\x00") // what is to be found is not in what is free
	rng := rand.New(rand.NewPCG(8, 9))
	for range 60 {
		at := bytes.LastIndex(clean, []byte(marks[rng.IntN(len(marks))])) + rng.IntN(14)
		bad := filepath.Join(t.TempDir(), "log.db")
		testkit.Copy(t, path, bad)
		testkit.Copy(t, path+".views", bad+".views")
		flip(t, bad, int64(at), clean[at]^1<<rng.IntN(8))
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

// flip puts another byte into a file.
func flip(t *testing.T, path string, at int64, b byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{b}, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestErase_overwritesTheBodyAndKeepsTheRest(t *testing.T) {
	s, path := create(t, testOptions())
	var all []store.Record
	for i := range 10 {
		all = append(all, put(t, s, note{room: "a", key: fmt.Sprint("k", i), text: fmt.Sprint("secret", i)}))
	}
	r := s.Read([]string{"a"}, store.ID{}, nil) // its tail is made now, and must not serve the text
	defer r.Close()
	last := put(t, s, note{room: "a", text: "secret10"})
	put(t, s, note{room: "a", kind: "Gone", erase: []store.ID{all[3].ID, last.ID}})
	for _, e := range read(t, r) {
		r := e.Record()
		gone := e.ID == all[3].ID || e.ID == last.ID
		if r.Type == "Note" && r.Erased != gone || strings.Contains(string(r.Body), "secret") && gone {
			t.Fatalf("record %s: erased %v, body %s", e.ID, r.Erased, r.Body)
		}
	}
	res, err := propose(s, note{room: "a", key: "k3", text: "anything"})
	if err != nil || !res.Replayed || !res.Records[0].Erased || res.Records[0].ID != all[3].ID {
		t.Fatalf("the key of an erased record: %+v %v", res, err)
	}
	verify(t, s)
	same(t, s)
	_ = path
}

// Retention takes the record that Verify goes up to.
func TestVerify_besideRetentionFindsNothing(t *testing.T) {
	o := testOptions()
	o.Keep, o.FlushEvery = 10, 20*time.Millisecond
	s, _ := create(t, o)
	many(t, s, "a", 5)
	for i := range 40 { // more than a page of records, which stay
		many(t, s, "r"+string(rune('A'+i)), 10)
	}
	for i := range 80 {
		many(t, s, "s"+string(rune('A'+i)), 10)
	}
	put(t, s, note{room: "a"}) // the head
	first := true
	err := s.Verify(context.Background(), func(p store.Progress) {
		if first {
			first = false
			many(t, s, "a", 64)
			settle(t, s, o.Keep)
		}
	})
	if err != nil {
		t.Fatalf("a whole log: %v", err)
	}
}

// damage flips a bit of the body of a stored record of a closed store.
func damage(t *testing.T, path string, id store.ID) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("log"))
		v := append([]byte(nil), b.Get(id[:])...)
		v[len(v)-3] ^= 1
		return b.Put(id[:], v)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A flipped bit in an old record of one room ends retention there, not all writing.
func TestDamage_ofARecordDoesNotStopTheStoreWhenTrimmed(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.FlushEvery = 20 * time.Millisecond
	s, path := create(t, o)
	bad := put(t, s, note{room: "a"})
	many(t, s, "a", 20)
	closeStore(t, s)
	damage(t, path, bad.ID)
	o.Keep = 5
	s = open(t, path, o)
	for range 20 {
		if _, err := propose(s, note{room: "b"}); err != nil {
			t.Fatalf("room b after a flipped bit in room a: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	settleRoom(t, s, "b", 5)
}

// A flipped bit in an old record refuses the command that erases it, not all writing.
func TestDamage_ofARecordDoesNotStopTheStoreWhenErased(t *testing.T) {
	o := testOptions()
	s, path := create(t, o)
	bad := put(t, s, note{room: "a"})
	put(t, s, note{room: "a"})
	closeStore(t, s)
	damage(t, path, bad.ID)
	s = open(t, path, o)
	if _, err := propose(s, note{room: "a", erase: []store.ID{bad.ID}}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("erasing a damaged record: %v", err)
	}
	if _, err := propose(s, note{room: "b"}); err != nil {
		t.Fatalf("room b after a flipped bit in room a: %v", err)
	}
}

func readIDs(t *testing.T, path string) (ids []store.ID) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("log")).ForEach(func(k, _ []byte) error {
			ids = append(ids, store.ID(k))
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return ids
}
