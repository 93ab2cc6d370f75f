package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	berrors "go.etcd.io/bbolt/errors"
)

// bbolt tells of a file that cannot grow in words alone: see its DB.grow.
func TestFull_isKnownByItsWords(t *testing.T) {
	grow := func(no error) error {
		return fmt.Errorf("file resize error: %s", &fs.PathError{Op: "truncate", Path: "chat.db", Err: no})
	}
	for _, c := range []struct {
		err  error
		full bool
	}{
		{grow(syscall.ENOSPC), true},
		{grow(syscall.EDQUOT), true},
		{os.NewSyscallError("fdatasync", syscall.ENOSPC), true},
		{fmt.Errorf("commit: %w", berrors.ErrMaxSizeReached), true},
		{grow(syscall.EIO), false},
		{syscall.EIO, false},
		{errors.New("no space left on device, says the user"), false},
	} {
		if isFull(c.err) != c.full {
			t.Errorf("%v: full is %t", c.err, !c.full)
		}
	}
}
