package pagecheck

import "math/bits"

// bitmap has one bit for each page.
type bitmap []uint64

func newBitmap(n uint64) bitmap { return make(bitmap, (n+63)/64) }

// set sets bit i and reports whether it was clear.
func (b bitmap) set(i uint64) bool {
	w, m := i/64, uint64(1)<<(i%64)
	was := b[w] & m
	b[w] |= m
	return was == 0
}

// firstClear returns the first clear bit in [from, to).
func (b bitmap) firstClear(from, to uint64) (uint64, bool) {
	for i := from; i < to; {
		w := ^b[i/64] >> (i % 64)
		if w == 0 {
			i = (i/64 + 1) * 64
			continue
		}
		i += uint64(bits.TrailingZeros64(w))
		return i, i < to
	}
	return 0, false
}
