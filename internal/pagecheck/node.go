package pagecheck

// visitBranch copies a branch page onto the stack and checks its elements.
func (c *checker) visitBranch(h header, page []byte, lo, hi []byte) error {
	if c.depth == maxDepth {
		return damaged(h.id, "tree deeper than %d pages", maxDepth)
	}
	if c.depth == len(c.stack) {
		c.stack = append(c.stack, frame{})
	}
	f := &c.stack[c.depth]
	size := int64(len(page)) * (int64(h.overflow) + 1)
	if size > maxBranch(int64(len(page))) {
		return damaged(h.id, "branch page of %d bytes", size)
	}
	if h.overflow > 0 {
		var err error
		if page, err = c.file.bytes(int64(h.id)*int64(c.tree.PageSize), int(size)); err != nil {
			return err
		}
	}
	f.count, f.next, f.hi = int(h.count), 0, hi
	f.buf = append(f.buf[:0], page...)
	buf := f.buf
	e := newElements(h, buf, size, func(at int64, n int) ([]byte, error) {
		return buf[at : at+int64(n)], nil
	})
	var first []byte
	for e.more() {
		el, err := e.read()
		if err != nil {
			return err
		}
		if first == nil {
			first = el.key
		}
	}
	if err := e.end(int64(c.tree.PageSize)); err != nil {
		return err
	}
	c.depth++
	return checkRange(h.id, first, e.prev, lo, hi)
}

// maxBranch is the most bytes that bbolt needs for a branch page.
func maxBranch(pageSize int64) int64 {
	const most = headerSize + maxSpread*(elementSize+maxKeySize)
	return (most + pageSize - 1) / pageSize * pageSize
}

// visitLeaf checks the elements of a leaf page, and puts the buckets among
// them on the list. Values are not read, those of buckets excepted.
func (c *checker) visitLeaf(h header, page []byte, lo, hi []byte, nesting int) error {
	read := func(at int64, n int) ([]byte, error) { return page[at : at+int64(n)], nil }
	if h.count == 0 && lo != nil {
		return damaged(h.id, "leaf page without elements")
	}
	if c.leaves < 0 {
		c.leaves = c.depth
	}
	if c.depth != c.leaves {
		return damaged(h.id, "leaf page %d below the root where others are %d", c.depth, c.leaves)
	}
	if h.overflow > 0 {
		page = append([]byte(nil), page[:headerSize+elementSize*int(h.count)]...)
		read = func(at int64, n int) ([]byte, error) { return c.part(h.id, at, n) }
	}
	size := int64(c.tree.PageSize) * (int64(h.overflow) + 1)
	e := newElements(h, page, size, read)
	var first []byte
	for e.more() {
		el, err := e.read()
		if err != nil {
			return err
		}
		if first == nil {
			first = el.key
			if h.overflow > 0 {
				first = append([]byte(nil), first...)
			}
		}
		if el.bucket {
			if err := c.visitBucket(h.id, el, nesting); err != nil {
				return err
			}
		}
	}
	if err := checkRange(h.id, first, e.prev, lo, hi); err != nil {
		return err
	}
	return e.end(int64(c.tree.PageSize))
}

// part reads a part of a page with overflow. What it returns is good until the
// next call but one.
func (c *checker) part(id uint64, at int64, n int) ([]byte, error) {
	b, err := c.file.bytes(int64(id)*int64(c.tree.PageSize)+at, n)
	if err != nil {
		return nil, err
	}
	c.turn = 1 - c.turn
	c.keys[c.turn] = append(c.keys[c.turn][:0], b...)
	return c.keys[c.turn], nil
}

// visitBucket checks the value of an element that is a bucket.
func (c *checker) visitBucket(page uint64, el element, nesting int) error {
	if el.size < bucketSize || el.size > int64(c.tree.PageSize) {
		return damaged(page, "bucket of %d bytes", el.size)
	}
	value, err := c.file.bytes(int64(page)*int64(c.tree.PageSize)+el.at, int(el.size))
	if err != nil {
		return err
	}
	root := order.Uint64(value)
	switch {
	case root == 0:
		return checkInline(page, value)
	case el.size != bucketSize:
		return damaged(page, "bucket of %d bytes with a page of its own", el.size)
	case root < 2 || root >= c.tree.Pages:
		return damaged(root, "root of a bucket out of range [2, %d)", c.tree.Pages)
	case nesting == maxNesting:
		return damaged(page, "buckets nested deeper than %d", maxNesting)
	}
	c.buckets = append(c.buckets, bucket{root: root, nesting: nesting + 1})
	return nil
}
