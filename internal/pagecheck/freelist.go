package pagecheck

// manyFree in the count of a freelist page says that the count did not fit
// there and is the first of the ids.
const manyFree = 0xFFFF

// freelist checks the list of free pages: that the ids are in range and rise,
// and that neither the list itself nor the root page is among them. With mark
// it claims the pages, so that a tree that uses one of them is found out.
func (c *checker) freelist(id uint64, mark bool) error {
	h, page, err := c.open(id)
	if err != nil {
		return err
	}
	if h.flags != flagFreelist {
		return damaged(id, "flags %#x where the freelist should be", h.flags)
	}
	size := uint64(c.tree.PageSize)
	room := (size*(uint64(h.overflow)+1) - headerSize) / 8
	count, skip := uint64(h.count), uint64(0)
	if count == manyFree {
		count, skip = order.Uint64(page[headerSize:]), 1
	}
	if count > room-skip {
		return damaged(id, "no room for %d ids of free pages", count)
	}
	if mark {
		if err := c.claim(id, uint64(h.overflow)+1); err != nil {
			return err
		}
	}
	const chunk = 1024
	prev := uint64(1)
	for i := uint64(0); i < count; i += chunk {
		n := min(chunk, count-i)
		b, err := c.file.bytes(int64(id*size+headerSize+8*(skip+i)), int(8*n))
		if err != nil {
			return err
		}
		for ; len(b) > 0; b = b[8:] {
			free := order.Uint64(b)
			switch {
			case free <= prev:
				return damaged(id, "free page %d listed behind %d", free, prev)
			case free >= c.tree.Pages:
				return damaged(id, "free page %d beyond page %d", free, c.tree.Pages)
			case free == c.tree.Root || free >= id && free <= id+uint64(h.overflow):
				return damaged(id, "page %d is free and in use", free)
			}
			if mark {
				if err := c.claim(free, 1); err != nil {
					return err
				}
			}
			prev = free
		}
	}
	return nil
}
