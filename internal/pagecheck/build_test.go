package pagecheck_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// shape is a way to make a bolt file.
type shape struct {
	name     string
	pageSize int
	freelist bolt.FreelistType
	closed   bool // write the freelist, as before a close; else leave it as a kill would
}

var shapes = []shape{
	{"killed", 4096, bolt.FreelistMapType, false},
	{"closed", 4096, bolt.FreelistMapType, true},
	{"array freelist", 4096, bolt.FreelistArrayType, true},
	{"small pages", 1024, bolt.FreelistMapType, false},
	{"small pages closed", 1024, bolt.FreelistMapType, true},
	{"large pages", 65536, bolt.FreelistMapType, true},
}

func key(i int) []byte { return fmt.Appendf(nil, "%012d", i) }

// build makes a file with a log of n records, an index with many deletes,
// values over several pages, buckets within buckets, and inline ones.
func build(t testing.TB, s shape, n int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bolt.db")
	o := &bolt.Options{
		PageSize: s.pageSize, FreelistType: s.freelist,
		NoFreelistSync: true, NoSync: true, InitialMmapSize: 64 << 20,
	}
	db, err := bolt.Open(path, 0o600, o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	for from := 0; from < n; from += n/8 + 1 {
		if err := db.Update(func(tx *bolt.Tx) error { return grow(tx, rnd, from, min(n, from+n/8+1)) }); err != nil {
			t.Fatal(err)
		}
	}
	var size int64
	measure := func(tx *bolt.Tx) error { size = tx.Size(); return nil }
	if s.closed {
		db.NoFreelistSync = false
		if err := db.Update(func(*bolt.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.View(measure); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data[:size] // without the room that bbolt makes ahead
}

func grow(tx *bolt.Tx, rnd *rand.Rand, from, to int) error {
	var b [5]*bolt.Bucket
	for i, name := range []string{"log", "index", "large", "nested", "small"} {
		var err error
		if b[i], err = tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	b[0].FillPercent = 1
	for i := from; i < to; i++ {
		if err := b[0].Put(key(i), make([]byte, 200+rnd.IntN(100))); err != nil {
			return err
		}
		var random [16]byte
		binary.BigEndian.PutUint64(random[:], rnd.Uint64())
		if err := b[1].Put(random[:], key(i)); err != nil {
			return err
		}
		if k, _ := b[1].Cursor().Seek(random[1:]); k != nil && i%2 == 0 {
			if err := b[1].Delete(k); err != nil {
				return err
			}
		}
		if i%40 == 0 {
			if err := b[2].Put(key(i), make([]byte, rnd.IntN(60000))); err != nil {
				return err
			}
		}
		if i%50 == 0 {
			if err := nest(b[3], i); err != nil {
				return err
			}
		}
	}
	return b[4].Put(key(from%2), key(to))
}

// nest puts a bucket into b, in turn an inline one, one with pages of its own,
// and one that holds another.
func nest(b *bolt.Bucket, i int) error {
	in, err := b.CreateBucket(key(i))
	if err != nil {
		return err
	}
	size := 10
	if i%100 == 0 {
		size = 5000
	}
	if err := in.Put(key(i), make([]byte, size)); err != nil {
		return err
	}
	if i%150 == 0 {
		_, err = in.CreateBucket(key(i + 1))
	}
	return err
}
