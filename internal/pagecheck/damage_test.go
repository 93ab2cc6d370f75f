package pagecheck_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
)

var rounds = flag.Int("rounds", 25, "how often each kind of damage is done to each file")

// damage is a way to spoil a file. It returns what it did.
type damage func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string)

// aPage picks a page that has a header: one in use, or a free one with what it
// held before.
func aPage(rnd *rand.Rand, data []byte, pageSize int) int {
	for {
		id := rnd.IntN(len(data) / pageSize)
		if binary.NativeEndian.Uint64(data[id*pageSize:]) == uint64(id) {
			return id
		}
	}
}

func flip(rnd *rand.Rand, data []byte, at int) string {
	bit := rnd.IntN(8)
	data[at] ^= 1 << bit
	return fmt.Sprintf("bit %d of byte %d flipped", bit, at)
}

var damages = map[string]damage{
	"header": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		id := aPage(rnd, data, pageSize)
		return data, flip(rnd, data, id*pageSize+rnd.IntN(16))
	},
	"element": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		id := aPage(rnd, data, pageSize)
		n := int(binary.NativeEndian.Uint16(data[id*pageSize+10:]))
		at := id*pageSize + 16 + rnd.IntN(max(1, min(n, pageSize/16-1))*16)
		return data, flip(rnd, data, at)
	},
	"anywhere": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		return data, flip(rnd, data, rnd.IntN(len(data)))
	},
	"meta": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		return data, flip(rnd, data, rnd.IntN(2)*pageSize+rnd.IntN(80))
	},
	"word": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		id := aPage(rnd, data, pageSize)
		at := id*pageSize + rnd.IntN(pageSize/16)*4
		v := []uint32{0, 1, 2, 4, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rnd.Uint32N(uint32(len(data)))}[rnd.IntN(9)]
		binary.NativeEndian.PutUint32(data[at:], v)
		return data, fmt.Sprintf("word at %d is %#x", at, v)
	},
	"cut": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		n := rnd.IntN(len(data))
		return data[:n], fmt.Sprintf("cut at %d", n)
	},
	"zeroed page": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		id := aPage(rnd, data, pageSize)
		clear(data[id*pageSize:][:pageSize])
		return data, fmt.Sprintf("page %d zeroed", id)
	},
	"swapped pages": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		a, b := aPage(rnd, data, pageSize), aPage(rnd, data, pageSize)
		pa, pb := data[a*pageSize:][:pageSize], data[b*pageSize:][:pageSize]
		was := bytes.Clone(pa)
		copy(pa, pb)
		copy(pb, was)
		return data, fmt.Sprintf("pages %d and %d swapped", a, b)
	},
	// The header says what it should, and the rest is that of another page.
	"copied page": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		a, b := aPage(rnd, data, pageSize), aPage(rnd, data, pageSize)
		copy(data[a*pageSize+8:(a+1)*pageSize], data[b*pageSize+8:(b+1)*pageSize])
		return data, fmt.Sprintf("page %d is a copy of page %d", a, b)
	},
	"older page": func(rnd *rand.Rand, data []byte, pageSize int) ([]byte, string) {
		id := aPage(rnd, data, pageSize)
		copy(data[id*pageSize+16:(id+1)*pageSize], data[rnd.IntN(len(data)-pageSize):])
		return data, fmt.Sprintf("page %d holds something else", id)
	},
}

// Whatever is done to a file: the check does not panic, and what it passes
// bbolt opens, reads and changes without a panic of its own.
func TestCheck_refusesWhatWouldKillBbolt(t *testing.T) {
	for _, s := range shapes {
		whole := build(t, s, 300)
		for name, spoil := range damages {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				files := newFiles(t)
				rnd := rand.New(rand.NewPCG(7, uint64(len(s.name)*100+len(name))))
				refused := 0
				for range *rounds {
					data, what := spoil(rnd, bytes.Clone(whole), s.pageSize)
					full := check(data, true)
					if quick := check(data, false); quick == nil && full != nil && synced(data) {
						files.add(data, false, what+", not looked at in full")
					}
					if full != nil {
						refused++
						continue
					}
					files.add(data, true, what)
				}
				t.Logf("%d of %d refused", refused, *rounds)
				if refused == 0 && name != "anywhere" && name != "word" {
					t.Error("none was refused")
				}
			})
		}
	}
}

// A page header is 16 bytes, none of which may be wrong in a page in use.
func TestCheck_refusesEveryFlippedBitOfAPageHeader(t *testing.T) {
	for _, s := range shapes[:2] {
		data := build(t, s, 300)
		unused := 0
		pages := len(data) / s.pageSize
		for id := range pages {
			missed := 0
			for bit := range 16 * 8 {
				at := id*s.pageSize + bit/8
				data[at] ^= 1 << (bit % 8)
				if check(data, true) == nil {
					missed++
				}
				data[at] ^= 1 << (bit % 8)
			}
			if missed == 16*8 {
				unused++ // free, or the inside of a value
			} else if missed > 0 {
				t.Errorf("%s: page %d: %d flipped bits passed", s.name, id, missed)
			}
		}
		if used := pages - unused; used < 20 {
			t.Errorf("%s: only %d of %d pages are in use", s.name, used, pages)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range shapes[3:5] {
		f.Add(build(f, s, 12), uint32(0), uint32(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, at, word uint32) {
		if len(data) >= 4 {
			data = bytes.Clone(data)
			at %= uint32(len(data) - 3)
			binary.NativeEndian.PutUint32(data[at:], binary.NativeEndian.Uint32(data[at:])^word)
		}
		quick, full := check(data, false), check(data, true)
		if quick != nil && full == nil {
			t.Errorf("full check passes, quick one says %v", quick)
		}
	})
}
