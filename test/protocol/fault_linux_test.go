package protocol_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// breakFile puts another file under the descriptor that this process has open
// for path, as a disk would be that begins to fail, until the test ends.
func breakFile(t *testing.T, path, with string, flag int) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err != nil || to != path {
			continue
		}
		var fd int
		if _, err := fmt.Sscan(filepath.Base(link), &fd); err != nil {
			t.Fatal(err)
		}
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
		t.Cleanup(func() {
			if err := syscall.Dup3(kept, fd, 0); err != nil {
				t.Error(err)
			}
			syscall.Close(kept)
		})
		return
	}
	t.Fatalf("%s is not open", path)
}

// fillDisk makes every further write to the file fail with ENOSPC.
func fillDisk(t *testing.T, path string) { t.Helper(); breakFile(t, path, "/dev/full", os.O_RDWR) }

// failDisk makes every further write to the file fail, in a way that does not
// say what has become of it.
func failDisk(t *testing.T, path string) { t.Helper(); breakFile(t, path, path, os.O_RDONLY) }
