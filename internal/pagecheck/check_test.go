package pagecheck_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/roomlog/chat/internal/pagecheck"
	bolt "go.etcd.io/bbolt"
)

func check(data []byte, full bool) error {
	return pagecheck.Check(bytes.NewReader(data), int64(len(data)), full, nil)
}

func synced(data []byte) bool {
	ok, err := pagecheck.Synced(bytes.NewReader(data))
	return ok && err == nil
}

func TestCheck_passesWhatBboltWrites(t *testing.T) {
	for _, s := range shapes {
		for _, n := range []int{1, 10, 100, 1000, 5000} {
			data := build(t, s, n)
			for _, full := range []bool{false, true} {
				for _, room := range []int{0, 1, s.pageSize * 100} {
					if err := check(append(data, make([]byte, room)...), full); err != nil {
						t.Errorf("%s, %d records, full %t: %v", s.name, n, full, err)
					}
				}
			}
			if synced(data) != s.closed {
				t.Errorf("%s: freelist written: %t; want %t", s.name, synced(data), s.closed)
			}
		}
	}
}

// Each of many commits leaves a file that passes, whatever pages it used again.
func TestCheck_passesAfterEveryCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bolt.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: true, FreelistType: bolt.FreelistMapType, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range 400 {
		db.NoFreelistSync = i%7 != 0
		err := db.Update(func(tx *bolt.Tx) error {
			if i%5 == 4 {
				return changeAll(tx.Cursor().Bucket(), i%3)
			}
			b, err := tx.CreateBucketIfNotExists(key(i % 6))
			if err != nil {
				return err
			}
			for j := range i {
				if err := b.Put(key(j*7919%1000), make([]byte, j*j/8)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if err := pagecheck.Check(f, info.Size(), true, nil); err != nil {
			t.Fatalf("after commit %d: %v", i, err)
		}
	}
}

func TestCheck_passesAnEmptyDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bolt.db")
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(data, true); err != nil {
		t.Fatal(err)
	}
}

// A power cut may tear the meta page that was being written. The other one is
// the state before, and good.
func TestCheck_passesOneTornMetaPage(t *testing.T) {
	for id := range 2 {
		data := build(t, shapes[0], 500)
		clear(data[id*4096+40 : id*4096+80])
		if err := check(data, true); err != nil {
			t.Errorf("meta page %d torn: %v", id, err)
		}
	}
}

// What no torn write leaves: the newest commit may be gone with the page.
func TestCheck_refusesAnOverwrittenMetaPage(t *testing.T) {
	for id := range 2 {
		for _, c := range []byte{0, 0xff, 'x'} {
			data := build(t, shapes[0], 500)
			copy(data[id*4096:(id+1)*4096], bytes.Repeat([]byte{c}, 4096))
			if err := check(data, true); !errors.Is(err, pagecheck.ErrDamaged) {
				t.Errorf("meta page %d full of %#x: got %v", id, c, err)
			}
		}
	}
}

// A flipped bit is not a torn write: going back to the older state would lose
// the newest commit without a word.
func TestCheck_refusesAFlippedBitInTheNewerMetaPage(t *testing.T) {
	data := build(t, shapes[0], 500)
	refused := 0
	for id := range 2 {
		for bit := range 64 * 8 {
			at := id*4096 + 16 + bit/8
			data[at] ^= 1 << (bit % 8)
			if check(data, true) != nil {
				refused++
			}
			data[at] ^= 1 << (bit % 8)
		}
	}
	// Of the older one only what is the same in both states is known.
	if want := 64*8 + 12*8; refused != want {
		t.Errorf("%d flipped bits were refused, want %d", refused, want)
	}
}

func TestCheck_tellsForeignFromDamaged(t *testing.T) {
	data := build(t, shapes[0], 500)
	both := bytes.Clone(data)
	both[16+60]++
	both[4096+16+60]++
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, pagecheck.ErrNotBolt},
		{"one byte", []byte{0}, pagecheck.ErrNotBolt},
		{"text", bytes.Repeat([]byte("this is no database\n"), 5000), pagecheck.ErrNotBolt},
		{"zeros", make([]byte, 1<<20), pagecheck.ErrNotBolt},
		{"two wrong checksums", both, pagecheck.ErrDamaged},
		{"cut at half", data[:len(data)/2], pagecheck.ErrDamaged},
		{"cut in the second meta page", data[:4096+100], pagecheck.ErrDamaged},
		{"cut in the first meta page", data[:100], pagecheck.ErrDamaged},
		{"cut in the mark", data[:18], pagecheck.ErrNotBolt},
	} {
		for _, full := range []bool{false, true} {
			if err := check(c.data, full); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
	}
}

func TestCheck_tellsReadErrorsFromDamage(t *testing.T) {
	data := build(t, shapes[0], 500)
	for _, from := range []int64{0, 4096, 8192, 100 * 4096} {
		err := pagecheck.Check(failing{bytes.NewReader(data), from}, int64(len(data)), true, nil)
		if !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, pagecheck.ErrDamaged) {
			t.Errorf("reads fail from %d on: got %v", from, err)
		}
	}
}

type failing struct {
	io.ReaderAt
	from int64
}

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > f.from {
		return 0, os.ErrDeadlineExceeded
	}
	return f.ReaderAt.ReadAt(b, off)
}

func TestCheck_tellsItsProgress(t *testing.T) {
	data := build(t, shapes[3], 20000)
	var calls int
	var last, total int64
	err := pagecheck.Check(bytes.NewReader(data), int64(len(data)), true, func(d, n int64) {
		if calls++; d < last || d > n || total != 0 && n != total {
			t.Errorf("progress went from %d of %d to %d of %d", last, total, d, n)
		}
		last, total = d, n
	})
	if err != nil || calls < 2 || last != total {
		t.Errorf("%d calls, the last with %d of %d: %v", calls, last, total, err)
	}
}

// Walk may be used beside a writer, as long as a transaction keeps its pages.
func TestWalk_checksUnderATransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bolt.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, NoSync: true, InitialMmapSize: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	put := func(i int) {
		err := db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("b"))
			if err != nil {
				return err
			}
			for j := range 50 {
				if err := b.Put(key(i*50+j), make([]byte, 300)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	put(0)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := 1; i < 50; i++ {
		err := db.View(func(tx *bolt.Tx) error {
			size := db.Info().PageSize
			tree := pagecheck.Tree{
				PageSize: size,
				Root:     uint64(tx.Cursor().Bucket().Root()),
				Pages:    uint64(tx.Size()) / uint64(size),
			}
			done := make(chan struct{})
			go func() { defer close(done); put(i); put(i + 100); put(i + 200) }()
			err := pagecheck.Walk(f, tree, nil)
			<-done
			return errors.Join(err, pagecheck.Walk(f, tree, nil))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What a log holds: records of some hundred bytes, no values over several
// pages, which are passed over and would flatter the figure.
func BenchmarkCheck(b *testing.B) {
	for name, put := range map[string]func(*bolt.Bucket, int) error{
		"log":   func(b *bolt.Bucket, i int) error { b.FillPercent = 1; return b.Put(key(i), make([]byte, 300)) },
		"index": func(b *bolt.Bucket, i int) error { return b.Put(key(i*7919%1_000_003), nil) },
	} {
		b.Run(name, func(b *testing.B) { benchmarkCheck(b, put) })
	}
}

func benchmarkCheck(b *testing.B, put func(*bolt.Bucket, int) error) {
	path := filepath.Join(b.TempDir(), "bolt.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: true, FreelistType: bolt.FreelistMapType, NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < 500_000; i += 1000 {
		err := db.Update(func(tx *bolt.Tx) error {
			in, err := tx.CreateBucketIfNotExists([]byte("b"))
			for j := i; err == nil && j < i+1000; j++ {
				err = put(in, j)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	size := info.Size()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if err := pagecheck.Check(f, size, true, nil); err != nil {
			b.Fatal(err)
		}
	}
}
