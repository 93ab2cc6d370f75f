// Package testkit holds what the tests of several packages share.
package testkit

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// seekData is lseek's SEEK_DATA of Linux: to where the next bytes are that were
// ever written. It fails with ENXIO where there are none.
const seekData = 3

// Copy copies a file byte for byte, over what is at to. On Linux a hole becomes
// a hole: the file of a store is mostly that, and to write it out and to sync it
// takes longer than many a test.
func Copy(t testing.TB, from, to string) {
	t.Helper()
	src, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(copyData(dst, src), dst.Close())
	if err != nil {
		t.Fatal(err)
	}
}

func copyData(dst, src *os.File) error {
	block := make([]byte, 64<<10)
	for at := int64(0); ; {
		if runtime.GOOS == "linux" {
			next, err := src.Seek(at, seekData)
			if errors.Is(err, syscall.ENXIO) { // a hole is all that is left
				end, err := src.Seek(0, io.SeekEnd)
				return errors.Join(err, dst.Truncate(end))
			} else if err != nil {
				return err
			}
			at = next
		}
		n, err := src.ReadAt(block, at)
		if _, err := dst.WriteAt(block[:n], at); err != nil {
			return err
		}
		at += int64(n)
		if errors.Is(err, io.EOF) {
			return dst.Truncate(at)
		} else if err != nil {
			return err
		}
	}
}
