package pagecheck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
)

// Sizes and marks of the format, as bbolt's internal/common has them.
const (
	headerSize  = 16 // of a page
	elementSize = 16 // of an element, of a branch page as of a leaf page
	bucketSize  = 16 // of the header of a bucket
	metaSize    = 64 // of what a meta page holds
	maxKeySize  = 32768

	magic   = 0xED0CDAED
	version = 2

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagMeta     = 0x04
	flagFreelist = 0x10

	noFreelist = math.MaxUint64

	minPageSize = 1 << 10
	maxPageSize = 1 << 24 // where bbolt stops looking for the second meta page
	metaRead    = 1 << 12 // what bbolt reads of the first one
)

const unknownSize = math.MaxInt64

// order is the byte order of the file, which bbolt takes from the machine.
var order = binary.NativeEndian

// meta is what a meta page says about one state of the file.
type meta struct {
	pageSize int
	root     uint64 // page of the root bucket
	freelist uint64 // page, or noFreelist
	pages    uint64 // pages in use; bbolt calls it the high water mark
	txid     uint64
}

func (m meta) synced() bool { return m.freelist != noFreelist }

func (m meta) tree() Tree {
	return Tree{PageSize: m.pageSize, Root: m.root, Pages: m.pages}
}

func sanePageSize(n int) bool {
	return n >= minPageSize && n <= maxPageSize && n&(n-1) == 0
}

// checkBounds checks what the meta page says against the size of the file.
// bbolt makes the file grow before it writes, so a state that was committed
// is always whole; the file may be longer.
func (m meta) checkBounds(size int64) error {
	have := uint64(size) / uint64(m.pageSize)
	switch {
	case have < 2:
		return fmt.Errorf("file of %d bytes ends within the meta pages: %w", size, ErrDamaged)
	case m.pages > have:
		return fmt.Errorf("file is cut short, %d pages of %d: %w", have, m.pages, ErrDamaged)
	case m.root < 2 || m.root >= m.pages:
		return fmt.Errorf("root page %d is out of range [2, %d): %w", m.root, m.pages, ErrDamaged)
	case m.synced() && (m.freelist < 2 || m.freelist >= m.pages):
		return fmt.Errorf("freelist page %d is out of range [2, %d): %w", m.freelist, m.pages, ErrDamaged)
	}
	return nil
}

// errUnsound says that a meta page is none, or fails what bbolt asks of it: it
// is passed over for the other one.
var errUnsound = errors.New("meta page is not sound")

// readMeta returns the state that bbolt would open: of the two meta pages the
// sound one with the higher transaction.
//
// bbolt passes over one that is not sound. So do we where a power cut may have
// torn it while it was written. Where it cannot, the newest commit, which was
// acknowledged, may be the one that is gone, and without a word: the file is
// damaged then.
func readMeta(f io.ReaderAt, size int64) (meta, error) {
	if size == 0 {
		return meta{}, fmt.Errorf("file is empty: %w", ErrNotBolt)
	}
	m0, err := metaAt(f, 0, 0)
	if err == nil {
		return newer(f, m0, int64(m0.pageSize), 1)
	}
	if !errors.Is(err, errUnsound) {
		return meta{}, err
	}
	// The size of a page is not known: look for the second one at all sizes.
	for at := int64(minPageSize); at <= maxPageSize && at < size-minPageSize; at *= 2 {
		m1, err := metaAt(f, at, 1)
		if errors.Is(err, errUnsound) {
			continue
		}
		if err != nil {
			return meta{}, err
		}
		if int64(m1.pageSize) != at {
			return meta{}, damaged(1, "page size %d where it lies at %d", m1.pageSize, at)
		}
		return newer(f, m1, 0, 0)
	}
	if marked(f) {
		return meta{}, fmt.Errorf("neither meta page is sound: %w", ErrDamaged)
	}
	return meta{}, fmt.Errorf("no meta page found: %w", ErrNotBolt)
}

// newer returns m, or the other meta page if that one is sound and newer.
func newer(f io.ReaderAt, m meta, at int64, id uint64) (meta, error) {
	other, err := metaAt(f, at, id)
	switch {
	case errors.Is(err, errUnsound):
		buf, err := readAt(f, at, headerSize+metaSize)
		if err != nil {
			return meta{}, err
		}
		return m, checkTorn(buf, id, m)
	case err != nil:
		return meta{}, err
	case other.pageSize != m.pageSize:
		return meta{}, damaged(id, "page size %d where the other meta page has %d", other.pageSize, m.pageSize)
	case other.txid > m.txid:
		return other, nil
	}
	return m, nil
}

// checkTorn checks that an unsound meta page can be one that was torn: a mix of
// an older state and a newer one. What is the same in both must be right, and
// it must be more than one bit that is wrong, unless it was the older state.
func checkTorn(page []byte, id uint64, other meta) error {
	if len(page) < headerSize+metaSize {
		return damaged(id, "file ends within the meta pages")
	}
	b := page[headerSize:]
	same := readHeader(page) == header{id: id, flags: flagMeta} && order.Uint32(b) == magic &&
		order.Uint32(b[4:]) == version && order.Uint32(b[8:]) == uint32(other.pageSize)
	if !same {
		return damaged(id, "meta page is overwritten")
	}
	if was, ok := mend(b); ok && was.txid > other.txid {
		return damaged(id, "a bit of the newer meta page is flipped")
	}
	return nil
}

// metaAt reads the meta page at an offset, which is to be number id. It fails
// with errUnsound exactly where bbolt turns to the other one.
func metaAt(f io.ReaderAt, at int64, id uint64) (meta, error) {
	buf, err := readAt(f, at, metaRead)
	if err != nil {
		return meta{}, err
	}
	if len(buf) < headerSize+metaSize {
		return meta{}, errUnsound
	}
	m, ok := decodeMeta(buf[headerSize:])
	switch {
	case !ok:
		return meta{}, errUnsound
	case at == 0 && len(buf) < metaRead:
		return meta{}, damaged(id, "file ends within the meta pages")
	case readHeader(buf) != header{id: id, flags: flagMeta}:
		return meta{}, damaged(id, "header of the meta page is wrong")
	case !sanePageSize(m.pageSize):
		return meta{}, damaged(id, "page size %d", m.pageSize)
	}
	return m, nil
}

// decodeMeta decodes a meta page behind its header and tells whether its mark,
// its version and its checksum are right.
func decodeMeta(b []byte) (meta, bool) {
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	ok := order.Uint32(b) == magic && order.Uint32(b[4:]) == version && order.Uint64(b[56:]) == sum.Sum64()
	return meta{
		pageSize: int(order.Uint32(b[8:])),
		root:     order.Uint64(b[16:]),
		freelist: order.Uint64(b[32:]),
		pages:    order.Uint64(b[40:]),
		txid:     order.Uint64(b[48:]),
	}, ok
}

// mend looks for the one bit that makes an unsound meta page sound.
func mend(b []byte) (meta, bool) {
	b = append([]byte(nil), b[:metaSize]...)
	for i := range metaSize * 8 {
		b[i/8] ^= 1 << (i % 8)
		if m, ok := decodeMeta(b); ok {
			return m, true
		}
		b[i/8] ^= 1 << (i % 8)
	}
	return meta{}, false
}

// marked tells whether the mark of a bolt file is where a meta page may begin.
func marked(f io.ReaderAt) bool {
	for at := int64(0); at <= maxPageSize; at = max(2*at, minPageSize) {
		if b, err := readAt(f, at+headerSize, 4); err == nil && len(b) == 4 && order.Uint32(b) == magic {
			return true
		}
	}
	return false
}

// readAt reads up to n bytes, fewer where the file ends.
func readAt(f io.ReaderAt, at int64, n int) ([]byte, error) {
	buf := make([]byte, n)
	n, err := f.ReadAt(buf, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read meta page: %w", err)
	}
	return buf[:n], nil
}
