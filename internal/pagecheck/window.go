package pagecheck

import (
	"errors"
	"fmt"
	"io"
)

// Pages that lie one behind the other in the file are read together, so that a
// page does not cost a system call; a page elsewhere is read alone.
const (
	windowSize = 256 << 10
	windowGap  = 64 << 10 // pages passed over that still count as going forward
)

// window reads parts of a file through one buffer.
type window struct {
	f     io.ReaderAt
	buf   []byte
	have  int   // bytes of buf that hold what is in the file
	start int64 // where in the file
	last  int64 // end of what was asked for last
}

// bytes returns n bytes of the file. They are good until the next call.
func (w *window) bytes(off int64, n int) ([]byte, error) {
	if off < w.start || off+int64(n) > w.start+int64(w.have) {
		if err := w.fill(off, n); err != nil {
			return nil, err
		}
	}
	w.last = off + int64(n)
	i := int(off - w.start)
	return w.buf[i : i+n : i+n], nil
}

func (w *window) fill(off int64, n int) error {
	want := n
	if off >= w.last && off-w.last <= windowGap {
		want = max(n, windowSize)
	}
	if want > len(w.buf) {
		w.buf = make([]byte, max(want, windowSize))
	}
	w.start, w.have = off, 0
	got, err := w.f.ReadAt(w.buf[:want], off)
	if got >= n {
		w.have = got
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("file ends before byte %d: %w", off+int64(n), ErrDamaged)
	}
	return fmt.Errorf("read %d bytes at %d: %w", n, off, err)
}
