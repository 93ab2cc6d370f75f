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
	t.Parallel()
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
	t.Parallel()
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

func TestMark_onAFullDiskIsRefusedAndTriedAgain(t *testing.T) {
	s, path := create(t, testOptions())
	var rs []store.Record
	for range 20 {
		rs = append(rs, put(t, s, note{room: "a"}))
	}
	mark(t, s, "a", "ann", rs[0].ID)
	time.Sleep(100 * time.Millisecond) // the next one is a lone one
	restore := replaceFD(t, path, "/dev/full", os.O_RDWR)
	for _, when := range []string{"at first", "too soon"} {
		if _, _, err := s.Mark(t.Context(), "a", "ann", rs[1].ID); !errors.Is(err, store.ErrFull) || s.Failed() != nil {
			t.Fatal(when, err, s.Failed())
		}
	}
	if now, moved := mark(t, s, "a", "ann", rs[0].ID); now != rs[0].ID || moved {
		t.Error("what needs no room", now, moved)
	}
	restore()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // tried again after a second
		now, moved, err := s.Mark(t.Context(), "a", "ann", rs[1].ID)
		if err == nil {
			if now != rs[1].ID || !moved {
				t.Error(now, moved)
			}
			break
		}
		if !errors.Is(err, store.ErrFull) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
	verify(t, s)
}

// markWhile lets marks wait for their turn while a post meets a file that cannot
// be written.
func markWhile(t *testing.T, s *store.Store, path, with string, flag int, refused error) (answers chan error, restore func()) {
	t.Helper()
	r := put(t, s, note{room: "a"})
	for range 20 {
		put(t, s, note{room: "a"})
	}
	mark(t, s, "a", "first", r.ID) // so that the next ones wait
	restore = replaceFD(t, path, with, flag)
	answers = make(chan error, 10)
	_, err := whileDeciding(t, s, func() {
		for u := range cap(answers) {
			go func() {
				_, _, err := s.Mark(t.Context(), "a", fmt.Sprint("u", u), r.ID)
				answers <- err
			}()
		}
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	return answers, restore
}

func TestMark_thatWaitsOnAFullDiskIsAnswered(t *testing.T) {
	s, path := create(t, testOptions())
	answers, restore := markWhile(t, s, path, "/dev/full", os.O_RDWR, store.ErrFull)
	restore()
	for range cap(answers) {
		if err := <-answers; err != nil && !errors.Is(err, store.ErrFull) {
			t.Error(err)
		}
	}
}

// A full disk does not hold up Close, and Close does not leave anybody waiting.
func TestClose_onAFullDiskRefusesTheMarksThatWait(t *testing.T) {
	s, path := create(t, testOptions())
	answers, _ := markWhile(t, s, path, "/dev/full", os.O_RDWR, store.ErrFull)
	_ = s.Close() // it tells of the full disk, or not: there may be nothing to write
	for range cap(answers) {
		if err := <-answers; !errors.Is(err, store.ErrFull) && !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	}
}

func TestMark_inACommitThatFailsIsOpen(t *testing.T) {
	s, path := create(t, testOptions())
	r := put(t, s, note{room: "a"})
	defer replaceFD(t, path, path, os.O_RDONLY)() // writes fail with EBADF
	if _, _, err := s.Mark(t.Context(), "a", "ann", r.ID); !errors.Is(err, store.ErrUnknown) || s.Failed() == nil {
		t.Error(err, s.Failed())
	}
	if _, _, err := s.Mark(t.Context(), "a", "ann", r.ID); !errors.Is(err, store.ErrFailed) {
		t.Error(err)
	}
	if _, ok, err := s.Marker("a", "ann"); ok || err != nil {
		t.Error(ok, err)
	}
}

// Those that wait when another commit fails are refused, and do not wait for ever.
func TestMark_ofAStoreThatFailsMeanwhileIsRefused(t *testing.T) {
	s, path := create(t, testOptions())
	answers, restore := markWhile(t, s, path, path, os.O_RDONLY, store.ErrUnknown)
	defer restore()
	for range cap(answers) {
		if err := <-answers; !errors.Is(err, store.ErrFailed) && !errors.Is(err, store.ErrUnknown) {
			t.Error(err)
		}
	}
}
