package crash_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/roomlog/chat"
)

var (
	damages = flag.Int("damages", 12, "how often each kind of damage is done")
	flips   = flag.Int("flips", 150, "how many bits within events are flipped")
)

const page = 4096

// A damage spoils a file.
type damage struct {
	name string
	do   func(rnd *rand.Rand, data []byte) []byte
}

var spoils = []damage{
	{"a bit of a page header flipped", func(rnd *rand.Rand, data []byte) []byte {
		data[rnd.IntN(len(data)/page)*page+rnd.IntN(16)] ^= 1 << rnd.IntN(8)
		return data
	}},
	{"a bit of an element flipped", func(rnd *rand.Rand, data []byte) []byte {
		data[rnd.IntN(len(data)/page)*page+16+rnd.IntN(160)] ^= 1 << rnd.IntN(8)
		return data
	}},
	{"a bit of a meta page flipped", func(rnd *rand.Rand, data []byte) []byte {
		data[rnd.IntN(2)*page+rnd.IntN(80)] ^= 1 << rnd.IntN(8)
		return data
	}},
	{"a bit anywhere flipped", func(rnd *rand.Rand, data []byte) []byte {
		data[rnd.IntN(len(data))] ^= 1 << rnd.IntN(8)
		return data
	}},
	{"a page of garbage", func(rnd *rand.Rand, data []byte) []byte {
		garbage(rnd, data[rnd.IntN(len(data)/page)*page:][:page])
		return data
	}},
	{"a page of zeros", func(rnd *rand.Rand, data []byte) []byte {
		clear(data[rnd.IntN(len(data)/page)*page:][:page])
		return data
	}},
	{"two pages swapped", func(rnd *rand.Rand, data []byte) []byte {
		a, b := data[rnd.IntN(len(data)/page)*page:][:page], data[rnd.IntN(len(data)/page)*page:][:page]
		was := bytes.Clone(a)
		copy(a, b)
		copy(b, was)
		return data
	}},
	{"cut", func(rnd *rand.Rand, data []byte) []byte { return data[:1+rnd.IntN(len(data)-1)] }},
	{"cut between pages", func(rnd *rand.Rand, data []byte) []byte { return data[:page*(1+rnd.IntN(len(data)/page-1))] }},
}

func garbage(rnd *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
}

// Whatever has happened to the log: it is refused with an error, at the latest
// when the spoilt part is read, or serves what was written; never anything
// else, never less without an error, and never is the process gone.
func TestDamage_isRefusedAndTheProcessLives(t *testing.T) {
	for _, closed := range []bool{true, false} {
		whole := sample(t, closed)
		d := newPatients(t, whole)
		rnd := rand.New(rand.NewPCG(3, uint64(*damages)))
		for _, s := range spoils {
			for range *damages {
				d.add(s.do(rnd, bytes.Clone(whole.log)), whole.views, s.name)
			}
		}
		d.add(whole.log[:len(whole.log)/2], whole.views, "cut at half")
		d.run()
		t.Logf("closed before: %t; refused at once: %d of %d", closed, d.refused, d.n)
	}
}

// A file that is no log is refused, and stays what it is.
func TestForeign_isRefused(t *testing.T) {
	whole := sample(t, true)
	noise := make([]byte, 100*page)
	garbage(rand.New(rand.NewPCG(1, 1)), noise)
	d := newPatients(t, whole)
	d.foreign = true
	for name, data := range map[string][]byte{
		"empty":             {},
		"garbage":           noise,
		"zeros":             make([]byte, 100*page),
		"text":              bytes.Repeat([]byte("this is no log\n"), 1000),
		"another database":  append([]byte("SQLite format 3\x00"), make([]byte, 10*page)...),
		"the views":         whole.views,
		"header of a log":   whole.log[:2*page],
		"cut at half":       whole.log[:len(whole.log)/2],
		"first byte of one": whole.log[:1],
	} {
		d.add(data, nil, name)
	}
	d.run()
}

// The views file holds nothing that the log does not say: whatever has
// happened to it, the log is served.
func TestDamage_ofTheViewsLosesNothing(t *testing.T) {
	for _, closed := range []bool{true, false} {
		whole := sample(t, closed)
		d := newPatients(t, whole)
		rnd := rand.New(rand.NewPCG(5, uint64(*damages)))
		for _, s := range spoils {
			for range *damages {
				d.add(whole.log, s.do(rnd, bytes.Clone(whole.views)), "views: "+s.name)
			}
		}
		d.add(whole.log, []byte{}, "views: empty")
		d.add(whole.log, []byte("no views"), "views: foreign")
		d.add(whole.log, whole.log, "views: the log")
		d.run()
		t.Logf("closed before: %t; refused at once: %d of %d", closed, d.refused, d.n)
	}
}

// An older copy of the log serves what it held, and nothing of the views that
// went on without it; older views are brought up to the log.
func TestDamage_anOlderCopyIsWhatItWas(t *testing.T) {
	path := filepath.Join(tempDir(t), "chat.db")
	var at []files
	for i := range 3 {
		c, err := chat.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, c, i*200, i*200+200)
		f := look(t, c)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		f.log, f.views = read(t, path), read(t, path+".views")
		at = append(at, f)
	}
	for i, log := range at {
		d := newPatients(t, log)
		d.whole = true
		for j, views := range at {
			d.add(log.log, views.views, fmt.Sprintf("log of time %d, views of time %d", i, j))
		}
		d.run()
	}
}
