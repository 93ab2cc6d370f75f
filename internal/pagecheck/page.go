package pagecheck

import "bytes"

// header is how every page begins.
type header struct {
	id       uint64
	flags    uint16
	count    uint16 // elements
	overflow uint32 // pages that follow this one and belong to it
}

func readHeader(b []byte) header {
	return header{
		id:       order.Uint64(b),
		flags:    order.Uint16(b[8:]),
		count:    order.Uint16(b[10:]),
		overflow: order.Uint32(b[12:]),
	}
}

// maxSpread is how many elements a page with overflow may have: bbolt splits
// what has more until it fits into one page.
const maxSpread = 4

// element is one key of a page, with its value or the page below it.
type element struct {
	key    []byte
	child  uint64 // branch page: the page below
	bucket bool   // leaf page: the value is a bucket
	at     int64  // leaf page: where the value begins in the page
	size   int64  // leaf page: bytes of the value
}

// elements goes through the elements of a page in order. It checks that they
// lie one behind the other, as bbolt writes them, and that the keys rise.
// bytes returns n bytes from an offset of the page, which stay what they are
// until the next call but one.
type elements struct {
	head  header
	table []byte // the page up to the end of its element headers
	limit int64  // bytes of the page with its overflow
	bytes func(at int64, n int) ([]byte, error)

	i    int
	next int64 // where the data of element i must begin
	prev []byte
}

func newElements(h header, page []byte, limit int64, read func(at int64, n int) ([]byte, error)) elements {
	end := headerSize + elementSize*int64(h.count)
	return elements{head: h, table: page[:end], limit: limit, bytes: read, next: end}
}

// more reports whether there is another element.
func (e *elements) more() bool { return e.i < int(e.head.count) }

// read checks the next element and returns it.
func (e *elements) read() (element, error) {
	start := int64(headerSize + elementSize*e.i)
	b := e.table[start : start+elementSize]
	var el element
	var pos, ksize uint32
	if e.head.flags == flagLeaf {
		flags := order.Uint32(b)
		pos, ksize, el.size = order.Uint32(b[4:]), order.Uint32(b[8:]), int64(order.Uint32(b[12:]))
		if flags > 1 {
			return el, e.wrong("unknown flags")
		}
		el.bucket = flags == 1
	} else {
		pos, ksize, el.child = order.Uint32(b), order.Uint32(b[4:]), order.Uint64(b[8:])
	}
	switch {
	case ksize == 0 || ksize > maxKeySize:
		return el, e.wrong("impossible size of the key")
	case start+int64(pos) != e.next:
		return el, e.wrong("data not behind that of the one before")
	case e.next+int64(ksize)+el.size > e.limit:
		return el, e.wrong("data beyond the page")
	}
	key, err := e.bytes(e.next, int(ksize))
	if err != nil {
		return el, err
	}
	if e.i > 0 && bytes.Compare(e.prev, key) >= 0 {
		return el, e.wrong("key not greater than that of the one before")
	}
	el.key, e.prev = key, key
	el.at = e.next + int64(ksize)
	e.next = el.at + el.size
	e.i++
	return el, nil
}

func (e *elements) wrong(reason string) error {
	return damaged(e.head.id, "element %d: %s", e.i, reason)
}

// end checks, after the last element, that the page has as many pages of
// overflow as its elements need, and nothing but zeros behind them.
func (e *elements) end(pageSize int64) error {
	need := (e.next + pageSize - 1) / pageSize
	if need != int64(e.head.overflow)+1 {
		return damaged(e.head.id, "%d pages long where its elements need %d", int64(e.head.overflow)+1, need)
	}
	rest, err := e.bytes(e.next, int(need*pageSize-e.next))
	if err != nil {
		return err
	}
	for len(rest) > 0 {
		n := min(len(rest), len(zeros))
		if !bytes.Equal(rest[:n], zeros[:n]) {
			return damaged(e.head.id, "data behind the last element")
		}
		rest = rest[n:]
	}
	return nil
}

var zeros [4096]byte

// checkInline checks a bucket that is kept in the value of its element: a leaf
// page without id behind the header of the bucket.
func checkInline(page uint64, value []byte) error {
	if len(value) < bucketSize+headerSize {
		return damaged(page, "inline bucket of %d bytes", len(value))
	}
	value = value[bucketSize:]
	h := readHeader(value)
	if h.id != 0 || h.flags != flagLeaf || h.overflow != 0 {
		return damaged(page, "header of an inline bucket is wrong")
	}
	if headerSize+elementSize*int(h.count) > len(value) {
		return damaged(page, "inline bucket has no room for its %d elements", h.count)
	}
	h.id = page // for messages
	e := newElements(h, value, int64(len(value)), func(at int64, n int) ([]byte, error) {
		return value[at : at+int64(n)], nil
	})
	for e.more() {
		el, err := e.read()
		if err != nil {
			return err
		}
		if el.bucket {
			return damaged(page, "bucket within an inline bucket")
		}
	}
	if e.next != int64(len(value)) {
		return damaged(page, "inline bucket has %d bytes too many", int64(len(value))-e.next)
	}
	return nil
}
