// Package pagecheck reads the pages of a bbolt file without bbolt and says
// whether they are sound.
//
// bbolt trusts its file: it maps it, follows what it finds and panics, in a
// goroutine of its own while it rebuilds the freelist, or faults where a page
// is damaged. A process that is to survive a damaged file has to look first.
// Check does, with plain reads, so that a file which is cut, overwritten or
// has flipped bits in its structure ends in an error.
//
// What is checked is the structure: both meta pages, the freelist, and for
// every page that the trees reach its header, its elements, the order of its
// keys and that nothing refers to it twice. What the values hold is not known
// here; a flipped bit in a value goes unseen.
//
// The format is the one of bbolt 1.3 to 1.5 (file format version 2), in the
// byte order of the machine, as bbolt itself has it. The package is stricter
// than bbolt's own check: it refuses what bbolt can read but never writes,
// such as gaps between the elements of a page.
package pagecheck

import (
	"errors"
	"fmt"
	"io"
)

// Errors of the package. They come wrapped with the page and the reason:
// compare with errors.Is. Any other error is one of reading the file.
var (
	// ErrNotBolt says that the file is something else, or empty.
	ErrNotBolt = errors.New("not a bolt file")
	// ErrDamaged says that this is, or was, a bolt file.
	ErrDamaged = errors.New("bolt file is damaged")
)

// Check reports whether bbolt can open the file f of size bytes and work on it.
//
// It always checks the meta pages, that the file holds all the pages in use,
// the freelist if it was written, and the root page: that is all that bbolt
// looks at to open a file with a written freelist (see Synced), and takes
// microseconds. With full it walks all trees of the file. That is needed where
// the freelist was not written, since bbolt then walks them itself.
//
// The file must not be written meanwhile. Memory is one bit a page, and 16
// bytes for each bucket of a bucket. progress, if not nil, is called now and
// then with the pages seen and the pages in use, and at the end with done
// equal to total.
func Check(f io.ReaderAt, size int64, full bool, progress func(done, total int64)) error {
	m, err := readMeta(f, size)
	if err != nil {
		return err
	}
	if err := m.checkBounds(size); err != nil {
		return err
	}
	c := newChecker(f, m.tree(), progress)
	if m.synced() {
		if err := c.freelist(m.freelist, full); err != nil {
			return err
		}
	}
	if !full {
		return c.root()
	}
	if err := c.walk(); err != nil {
		return err
	}
	if m.synced() {
		if id, ok := c.seen.firstClear(2, m.pages); ok {
			return damaged(id, "neither in use nor free")
		}
	}
	c.finish()
	return nil
}

// Synced reports whether the state of the file that bbolt would open has its
// freelist written, as it has after a Close that took care to. Where it has
// not, bbolt walks all trees when it opens the file, and Check should first.
func Synced(f io.ReaderAt) (bool, error) {
	m, err := readMeta(f, unknownSize)
	if err != nil {
		return false, err
	}
	return m.synced(), nil
}

// Tree names one state of a file: where its tree of buckets begins and how far
// its pages go. An open bbolt transaction tells both: the root of the bucket
// of its cursor, and its size divided by the size of a page.
type Tree struct {
	PageSize int    // bytes of a page
	Root     uint64 // page at the root of the tree of buckets
	Pages    uint64 // pages in use, the two meta pages included
}

// Walk checks all pages that t reaches, like Check with full, but neither the
// meta pages nor the freelist. It may be used on a file that is being written,
// as long as a transaction keeps the pages of t from being used again.
func Walk(f io.ReaderAt, t Tree, progress func(done, total int64)) error {
	if !sanePageSize(t.PageSize) || t.Root < 2 || t.Root >= t.Pages {
		return fmt.Errorf("root page %d of %d: %w", t.Root, t.Pages, ErrDamaged)
	}
	c := newChecker(f, t, progress)
	if err := c.walk(); err != nil {
		return err
	}
	c.finish()
	return nil
}

// damaged makes the error that says what is wrong with a page.
func damaged(page uint64, format string, args ...any) error {
	return fmt.Errorf("page %d: %s: %w", page, fmt.Sprintf(format, args...), ErrDamaged)
}
