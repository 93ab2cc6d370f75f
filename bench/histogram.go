package main

import (
	"fmt"
	"math/bits"
	"time"
)

// histogram counts durations in classes that are 1/32 wide, so that a quantile
// is right to 3 %. It is for one goroutine at a time; merge several.
type histogram struct {
	counts [64 * 32]int64
	n      int64
	max    time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[class(uint64(max(d, 0)))]++
	h.n++
	h.max = max(h.max, d)
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// at returns the duration that so many percent do not exceed.
func (h *histogram) at(percent float64) time.Duration {
	left := int64(float64(h.n) * percent / 100)
	for i, n := range h.counts {
		if left -= n; left < 0 {
			return min(h.max, time.Duration(upper(i)))
		}
	}
	return h.max
}

// class returns the class of v: its highest bit and the five bits behind it.
func class(v uint64) int {
	if v < 32 {
		return int(v)
	}
	shift := bits.Len64(v) - 6
	return (shift+1)*32 + int(v>>shift) - 32
}

// upper returns the greatest value of a class.
func upper(class int) uint64 {
	if class < 32 {
		return uint64(class)
	}
	shift := class/32 - 1
	return uint64(class%32+33)<<shift - 1
}

func us(d time.Duration) string {
	switch v := float64(d.Nanoseconds()) / 1e3; {
	case v < 100:
		return fmt.Sprintf("%.1f µs", v)
	case v < 10_000:
		return fmt.Sprintf("%.0f µs", v)
	default:
		return fmt.Sprintf("%.1f ms", v/1e3)
	}
}

// count prints a number that is read, not copied: 143 k, 3.27 M.
func count(v float64) string {
	switch {
	case v < 10_000:
		return fmt.Sprintf("%.0f", v)
	case v < 1_000_000:
		return fmt.Sprintf("%.1f k", v/1e3)
	default:
		return fmt.Sprintf("%.2f M", v/1e6)
	}
}
