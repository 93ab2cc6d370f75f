package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/roomlog/chat/store"
)

// inLog counts the records that are in the file of a closed store.
func inLog(t testing.TB, path string) (n int) {
	t.Helper()
	inFile(t, path, "log", func(k, v []byte) { n++ })
	return n
}

// baseRows returns what retention has folded, as it is in the file.
func baseRows(t testing.TB, s *store.Store, path string) string {
	t.Helper()
	var copied string
	frozen(t, s, func() { copied = crashed(t, path) })
	var b strings.Builder
	inFile(t, copied, "base", func(k, v []byte) { b.Write(k); b.WriteByte(' '); b.Write(v); b.WriteByte('\n') })
	return b.String()
}

func inFile(t testing.TB, path, bucket string, f func(k, v []byte)) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(k, v []byte) error { f(k, v); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// waitFor polls for work in the background.
func waitFor(t testing.TB, reached func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !reached(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not get there")
		}
	}
}
