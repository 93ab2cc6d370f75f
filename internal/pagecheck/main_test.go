package pagecheck_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// childEnv makes the test binary a process that works on bolt files until one
// of them is its end.
const childEnv = "PAGECHECK_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		how, path, _ := strings.Cut(in.Text(), " ")
		if err := use(path, how == "all"); err != nil {
			fmt.Println(path, err)
		}
		fmt.Println(path, "survived")
	}
}

// use opens a bolt file and, with all, reads and changes all of it. It does
// not recover: a panic is what the tests look for.
func use(path string, all bool) error {
	o := &bolt.Options{Timeout: time.Second, NoFreelistSync: true, FreelistType: bolt.FreelistMapType, NoSync: true}
	db, err := bolt.Open(path, 0o600, o)
	if err != nil {
		return err
	}
	defer db.Close()
	if !all {
		return nil
	}
	if err := db.View(func(tx *bolt.Tx) error { return readAll(tx.Cursor().Bucket()) }); err != nil {
		return err
	}
	for round := range 2 {
		err := db.Update(func(tx *bolt.Tx) error { return changeAll(tx.Cursor().Bucket(), round) })
		if err != nil {
			return err
		}
	}
	return db.View(func(tx *bolt.Tx) error { return readAll(tx.Cursor().Bucket()) })
}

func readAll(b *bolt.Bucket) error {
	var last []byte
	n := 0
	err := b.ForEach(func(k, v []byte) error {
		if last = k; v == nil {
			return readAll(b.Bucket(k))
		}
		for _, c := range v {
			n += int(c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	c := b.Cursor()
	if k, _ := c.Last(); !bytes.Equal(k, last) {
		return fmt.Errorf("last key is %q, not %q", k, last)
	}
	for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
		if n++; n < 0 {
			return fmt.Errorf("impossible")
		}
	}
	return nil
}

func changeAll(b *bolt.Bucket, round int) error {
	var keys, buckets [][]byte
	b.ForEach(func(k, v []byte) error {
		if v == nil {
			buckets = append(buckets, append([]byte(nil), k...))
		} else {
			keys = append(keys, append([]byte(nil), k...))
		}
		return nil
	})
	for _, k := range buckets {
		if err := changeAll(b.Bucket(k), round); err != nil {
			return err
		}
	}
	for i, k := range keys {
		var err error
		if i%3 == round {
			err = b.Delete(k)
		} else {
			err = b.Put(k, []byte("changed"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// files collects damaged files for children to work on.
type files struct {
	t     *testing.T
	dir   string
	batch []string
	what  map[string]string
	n     int
}

func newFiles(t *testing.T) *files {
	f := &files{t: t, dir: t.TempDir(), what: map[string]string{}}
	t.Cleanup(f.flush)
	return f
}

// add has a child work on a file: open it only, or read and change all.
func (f *files) add(data []byte, all bool, what string) {
	f.t.Helper()
	path := filepath.Join(f.dir, fmt.Sprintf("%06d", f.n))
	f.n++
	if err := os.WriteFile(path, data, 0o600); err != nil {
		f.t.Fatal(err)
	}
	how := "open"
	if all {
		how = "all"
	}
	f.batch = append(f.batch, how+" "+path)
	f.what[path] = what
	if len(f.batch) == 100 {
		f.flush()
	}
}

func (f *files) flush() {
	f.t.Helper()
	for len(f.batch) > 0 {
		survived := f.run(f.batch)
		for i, line := range f.batch {
			_, path, _ := strings.Cut(line, " ")
			if i < survived {
				os.Remove(path)
			}
		}
		f.batch = f.batch[min(survived+1, len(f.batch)):]
	}
}

// run gives a batch to a child and returns how many files it survived.
func (f *files) run(batch []string) int {
	f.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stdin = strings.NewReader(strings.Join(batch, "\n") + "\n")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	survived := strings.Count(stdout.String(), " survived\n")
	if err != nil || survived < len(batch) {
		_, path, _ := strings.Cut(batch[survived], " ")
		said, _, _ := strings.Cut(stderr.String(), "\n\ngoroutine")
		f.t.Errorf("passed the check, killed bbolt: %s: %v: %s", f.what[path], err, said)
	}
	return survived
}
