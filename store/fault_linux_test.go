package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

// replaceFD puts another file under the descriptor that this process has open
// for path, as a disk would be that begins to fail. restore undoes it.
func replaceFD(t *testing.T, path, with string, flag int) (restore func()) {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range fds {
		if to, err := os.Readlink(link); err != nil || to != path {
			continue
		}
		var fd int
		fmt.Sscan(filepath.Base(link), &fd)
		kept, err := syscall.Dup(fd)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(with, flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := syscall.Dup3(int(f.Fd()), fd, 0); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := syscall.Dup3(kept, fd, 0); err != nil {
				t.Fatal(err)
			}
			syscall.Close(kept)
		}
	}
	t.Fatalf("%s is not open", path)
	return nil
}

func TestCommit_failureStopsWritingAndTheOutcomeIsUnknown(t *testing.T) {
	s, path := create(t, testOptions())
	first := put(t, s, note{room: "a", text: "before"})
	restore := replaceFD(t, path, path, os.O_RDONLY) // writes fail with EBADF
	if _, err := propose(s, note{room: "a"}); !errors.Is(err, store.ErrUnknown) {
		t.Fatal(err)
	}
	restore()
	if s.Failed() == nil {
		t.Fatal("the store goes on after a failed commit")
	}
	if _, err := propose(s, note{room: "a"}); !errors.Is(err, store.ErrFailed) {
		t.Fatal(err)
	}
	if es := readRooms(t, s, "a"); len(es) != 1 || es[0].ID != first.ID {
		t.Fatal("a failed store still reads", ids(es))
	}
	closeStore(t, s)
	s = open(t, path, testOptions())
	put(t, s, note{room: "a", text: "after"})
	verify(t, s)
}

func TestCommit_onAFullDiskIsRefusedAndTriedAgain(t *testing.T) {
	s, path := create(t, testOptions())
	for range 20 { // so that there are free pages, and the next commit need not grow the file
		put(t, s, note{room: "a"})
	}
	restore := replaceFD(t, path, "/dev/full", os.O_RDWR)
	_, err := propose(s, note{room: "a", text: "lost"})
	if !errors.Is(err, store.ErrFull) || s.Failed() != nil {
		t.Fatal(err, s.Failed())
	}
	if _, err := propose(s, note{room: "a", text: "too soon"}); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	restore()
	for end := time.Now().Add(10 * time.Second); ; {
		_, err := propose(s, note{room: "a", text: "again"})
		if err == nil {
			break
		}
		if !errors.Is(err, store.ErrFull) || time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // a full disk is tried again after a second
	}
	if n := len(readRooms(t, s, "a")); n != 21 {
		t.Fatalf("%d records", n)
	}
	verify(t, s)
	same(t, s)
}

func TestViews_thatCannotBeWrittenHoldBackWritesAndRecover(t *testing.T) {
	o := testOptions()
	o.FlushRows, o.FlushEvery = 20, time.Millisecond
	s, path := create(t, o)
	put(t, s, note{room: "a"})
	restore := replaceFD(t, path+".views", path+".views", os.O_RDONLY)
	var err error
	stored := 1
	for range 500 {
		if _, err = propose(s, note{room: "a"}); err != nil {
			break
		}
		stored++
	}
	if !errors.Is(err, store.ErrFull) || s.Failed() != nil {
		t.Fatalf("after %d: %v, failed: %v", stored, err, s.Failed())
	}
	restore()
	for end := time.Now().Add(10 * time.Second); err != nil; {
		if _, err = propose(s, note{room: "a"}); time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // views are tried again after a second
	}
	if n := len(readRooms(t, s, "a")); n != stored+1 {
		t.Fatalf("%d records, want %d", n, stored+1)
	}
	verify(t, s)
	same(t, s)
}
