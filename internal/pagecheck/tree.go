package pagecheck

import (
	"bytes"
	"io"
)

const (
	maxDepth   = 64 // branch pages above a leaf page, more than any file of bbolt has
	maxNesting = 64 // buckets within buckets
	tick       = 4096
)

// checker checks the pages of one state of a file.
type checker struct {
	tree     Tree
	file     window
	seen     bitmap   // pages that something refers to
	buckets  []bucket // still to walk
	stack    []frame  // branch pages from the root of a bucket down
	depth    int      // how much of stack is in use
	leaves   int      // depth of the leaf pages of this bucket, -1 = not known yet
	keys     [2][]byte
	turn     int
	progress func(done, total int64)
	done     int64
}

// bucket is a tree to walk.
type bucket struct {
	root    uint64
	nesting int
}

// frame is a branch page whose children are being walked.
type frame struct {
	buf   []byte // the page, copied out of the window
	count int
	next  int    // the child to walk next
	hi    []byte // what all keys below must be less than; nil = no bound
}

func newChecker(f io.ReaderAt, t Tree, progress func(done, total int64)) *checker {
	return &checker{tree: t, file: window{f: f}, progress: progress}
}

// finish tells of the end: what is free has been seen, too.
func (c *checker) finish() {
	if c.progress != nil {
		c.progress(int64(c.tree.Pages), int64(c.tree.Pages))
	}
}

// claim marks the pages of a run as referred to, each for the first time.
func (c *checker) claim(first, n uint64) error {
	if c.seen == nil {
		c.seen = newBitmap(c.tree.Pages)
	}
	for id := first; id < first+n; id++ {
		if !c.seen.set(id) {
			return damaged(id, "referred to twice, or free and in use")
		}
	}
	before := c.done
	c.done += int64(n)
	if c.progress != nil && before/tick != c.done/tick {
		c.progress(c.done, int64(c.tree.Pages))
	}
	return nil
}

// open reads the first page of a run and checks its header.
func (c *checker) open(id uint64) (header, []byte, error) {
	if id < 2 || id >= c.tree.Pages {
		return header{}, nil, damaged(id, "out of range [2, %d)", c.tree.Pages)
	}
	page, err := c.file.bytes(int64(id)*int64(c.tree.PageSize), c.tree.PageSize)
	if err != nil {
		return header{}, nil, err
	}
	h := readHeader(page)
	switch {
	case h.id != id:
		return h, nil, damaged(id, "calls itself page %d", h.id)
	case uint64(h.overflow) >= c.tree.Pages-id:
		return h, nil, damaged(id, "%d pages of overflow reach beyond page %d", h.overflow, c.tree.Pages)
	case h.flags != flagBranch && h.flags != flagLeaf && h.flags != flagFreelist:
		return h, nil, damaged(id, "unknown flags %#x", h.flags)
	}
	return h, page, nil
}

// openNode opens a page that must be one of a tree.
func (c *checker) openNode(id uint64) (header, []byte, error) {
	h, page, err := c.open(id)
	if err != nil {
		return h, nil, err
	}
	switch {
	case h.flags == flagFreelist:
		return h, nil, damaged(id, "freelist within a tree")
	case headerSize+elementSize*int(h.count) > len(page):
		return h, nil, damaged(id, "no room for its %d elements", h.count)
	case h.overflow > 0 && h.count > maxSpread:
		return h, nil, damaged(id, "%d elements in a page with overflow", h.count)
	case h.flags == flagBranch && h.count == 0:
		return h, nil, damaged(id, "branch page without elements")
	}
	return h, page, nil
}

// root checks the header of the root page.
func (c *checker) root() error {
	_, _, err := c.openNode(c.tree.Root)
	return err
}

// walk checks all trees, each bucket's after the one that it was found in.
func (c *checker) walk() error {
	c.buckets = append(c.buckets, bucket{root: c.tree.Root})
	for len(c.buckets) > 0 {
		b := c.buckets[len(c.buckets)-1]
		c.buckets = c.buckets[:len(c.buckets)-1]
		if err := c.walkBucket(b); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) walkBucket(b bucket) error {
	c.depth, c.leaves = 0, -1
	if err := c.visit(b.root, nil, nil, b.nesting); err != nil {
		return err
	}
	for c.depth > 0 {
		f := &c.stack[c.depth-1]
		if f.next == f.count {
			c.depth--
			continue
		}
		lo, child := f.child(f.next)
		hi := f.hi
		if f.next++; f.next < f.count {
			hi, _ = f.child(f.next)
		}
		if err := c.visit(child, lo, hi, b.nesting); err != nil {
			return err
		}
	}
	return nil
}

// child returns an element of a branch page that has been checked.
func (f *frame) child(i int) (key []byte, page uint64) {
	at := headerSize + elementSize*i
	b := f.buf[at : at+elementSize]
	at += int(order.Uint32(b))
	return f.buf[at : at+int(order.Uint32(b[4:]))], order.Uint64(b[8:])
}

// visit checks one page, whose first key must be lo and whose keys less than
// hi, where there are. A branch page goes on the stack.
func (c *checker) visit(id uint64, lo, hi []byte, nesting int) error {
	h, page, err := c.openNode(id)
	if err != nil {
		return err
	}
	if err := c.claim(id, uint64(h.overflow)+1); err != nil {
		return err
	}
	if h.flags == flagBranch {
		return c.visitBranch(h, page, lo, hi)
	}
	return c.visitLeaf(h, page, lo, hi, nesting)
}

// checkRange checks the first and the last key of a page, between which all
// others are, against what the page above says. A page begins with the very
// key that stands for it above: bbolt finds it there by that key when it has
// changed, and would list it twice otherwise.
func checkRange(id uint64, first, last, lo, hi []byte) error {
	if lo != nil && !bytes.Equal(first, lo) {
		return damaged(id, "first key is not that of the page above")
	}
	if hi != nil && bytes.Compare(last, hi) >= 0 {
		return damaged(id, "last key not less than that of the next page")
	}
	return nil
}
