package power_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

const sector = 512 // what a disk writes whole or not at all

// A disk is what has been asked of one: what it must keep, and what it may.
type disk struct {
	files map[int]*stored
	names map[string]int // as the folder has them for sure
	moves []op           // changes of names since
	// forgets makes it a disk that calls everything durable and keeps nothing.
	forgets bool
}

// stored is a file as it is for sure, and what was asked since, oldest first.
type stored struct {
	data    []byte
	size    int64
	pending []op
}

func newDisk() *disk { return &disk{files: map[int]*stored{}, names: map[string]int{}} }

// take has the disk do an op.
func (d *disk) take(o op) {
	switch o.kind {
	case write, truncate:
		f := d.file(o.file)
		f.pending = append(f.pending, o)
	case link, rename, unlink:
		d.moves = append(d.moves, o)
	case sync_:
		if f := d.file(o.file); !d.forgets {
			for _, o := range f.pending {
				f.apply(o)
			}
			f.pending = nil
		}
	case syncDir:
		if !d.forgets {
			for _, o := range d.moves {
				move(d.names, o)
			}
			d.moves = nil
		}
	}
}

func (d *disk) file(n int) *stored {
	f := d.files[n]
	if f == nil {
		f = &stored{}
		d.files[n] = f
	}
	return f
}

// apply does a write or a truncate.
func (f *stored) apply(o op) {
	if o.kind == truncate {
		f.data, f.size = f.data[:min(int64(len(f.data)), o.off)], o.off
		return
	}
	f.data = putAt(f.data, o.data, o.off)
	f.size = max(f.size, int64(len(f.data)))
}

func move(names map[string]int, o op) {
	switch o.kind {
	case link:
		names[o.name] = o.file
	case rename:
		if f, ok := names[o.name]; ok {
			delete(names, o.name)
			names[o.to] = f
		}
	case unlink:
		delete(names, o.name)
	}
}

// A fate is what becomes of the ops that were not durable when the power was
// cut, in the order in which they were asked.
type fate string

const (
	none      fate = "none"
	all       fate = "all"
	prefix    fate = "prefix"    // all up to some op
	reordered fate = "reordered" // as many as there was time for, in any order: some ops and some not
	sectors   fate = "sectors"   // some sectors of the writes, and not others
)

var anyFate = []fate{none, all, prefix, reordered, sectors, sectors}

// survivors returns those of the pending ops, whole or in part, that a disk did
// after all. What it did it did in the order that it was asked where two ops
// touch the same bytes, as disks do.
func (how fate) survivors(rnd *rand.Rand, pending []op) (left []op) {
	chance := []float64{0.05, 0.5, 0.95}[rnd.IntN(3)]
	switch how {
	case all:
		return pending
	case prefix:
		return pending[:rnd.IntN(len(pending)+1)]
	case reordered, sectors:
		for _, o := range pending {
			if how == sectors && o.kind == write {
				left = append(left, scatter(rnd, chance, o)...)
			} else if rnd.Float64() < chance {
				left = append(left, o)
			}
		}
	}
	return left
}

// scatter returns the sectors of a write that were done.
func scatter(rnd *rand.Rand, chance float64, o op) (left []op) {
	for at := int64(0); at < int64(len(o.data)); {
		n := min(sector-(o.off+at)%sector, int64(len(o.data))-at)
		if rnd.Float64() < chance {
			left = append(left, op{kind: write, file: o.file, off: o.off + at, data: o.data[at : at+n]})
		}
		at += n
	}
	return left
}

// An image is what is found on a disk after a cut.
type image map[string]*stored

// cut returns an image of the disk as it is when its power is cut now, and what
// has become of the folder and of each file in it.
func (d *disk) cut(rnd *rand.Rand, fates []fate) (image, []fate) {
	how := []fate{fates[rnd.IntN(len(fates))]}
	if d.forgets {
		how[0] = all // or there would be no file to open
	}
	names := maps.Clone(d.names)
	for _, o := range how[0].survivors(rnd, d.moves) {
		move(names, o)
	}
	img, copies := image{}, map[int]*stored{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		n := names[name]
		if copies[n] == nil {
			f := d.file(n)
			c := &stored{data: slices.Clone(f.data), size: f.size}
			how = append(how, fates[rnd.IntN(len(fates))])
			for _, o := range how[len(how)-1].survivors(rnd, f.pending) {
				c.apply(o)
			}
			copies[n] = c
		}
		img[name] = copies[n]
	}
	return img, how
}

// unsynced reports whether a cut may lose anything now.
func (d *disk) unsynced() bool {
	for _, f := range d.files {
		if len(f.pending) > 0 {
			return true
		}
	}
	return len(d.moves) > 0
}

// save writes the files of an image into a folder.
func (img image) save(dir string) (err error) {
	for name, f := range img {
		err = errors.Join(err, f.save(filepath.Join(dir, name)))
	}
	return err
}

func (f *stored) save(path string) error {
	err := os.WriteFile(path, f.data, 0o600)
	return errors.Join(err, os.Truncate(path, f.size))
}
