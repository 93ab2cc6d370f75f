package power_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// perRecording is how many images are made of one recording at most.
const perRecording = 150

// Whenever the power is cut, and whatever the disk then had done of what was
// not yet synced: what was acknowledged is there once, with the same bytes; what
// was erased is not; what a reader saw is there; and the views are what a rebuild
// makes of the log.
func TestPowerCut_losesNothingAcknowledged(t *testing.T) {
	rnd := newRand(t)
	began := time.Now()
	tally := &tally{}
	for made := 0; made < *images && !t.Failed(); made += perRecording {
		keep := made / perRecording % 2 * 40
		t.Run(fmt.Sprint("recording ", made/perRecording), func(t *testing.T) {
			rec, l := record(t, rnd.Uint64(), keep)
			cutAll(t, rnd, rec, l, min(perRecording, *images-made), false, func(c *cut) {
				if err := c.checkAll(l, keep); err != nil {
					t.Errorf("cut at op %d of %d, %v: %v", c.at, len(rec.ops), c.how, err)
				}
				tally.add(c)
			})
		})
	}
	t.Logf("%d images in %v, %d of them with something lost that was not synced; %s", tally.images, time.Since(began).Round(time.Second), tally.torn, tally)
	if tally.torn < *images/3 {
		t.Fatalf("void: only %d of %d cuts lost anything", tally.torn, *images)
	}
}

// A disk that calls everything durable and keeps what it likes loses what was
// acknowledged: who looks for that must find it, or has shown nothing above. The
// hard ones to find are those that open, as whole files of an earlier time.
func TestPowerCut_isFoundWhereSyncDoesNothing(t *testing.T) {
	rnd := newRand(t)
	rec, l := record(t, rnd.Uint64(), 0)
	var mu sync.Mutex
	found, opened, cuts := 0, 0, 100
	cutAll(t, rnd, rec, l, cuts, true, func(c *cut) {
		dir, err := c.copy("image")
		if err != nil {
			t.Error(err)
			return
		}
		err = l.check(dir, c.at, 0)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			return
		}
		if found++; !errors.Is(err, errOpen) {
			opened++
		}
	})
	t.Logf("of %d images of a disk that forgets %d were found out, %d of them not before they were read", cuts, found, opened)
	if found < cuts*8/10 || opened < cuts/10 {
		t.Errorf("of %d images of a disk that forgets only %d were found out, %d of them not before they were read", cuts, found, opened)
	}
}

func newRand(t *testing.T) *rand.Rand {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	return rand.New(rand.NewPCG(*seed, 1))
}

// A cut is an image, and how it came to be.
type cut struct {
	image image
	older *stored // the views of an earlier cut; nil if there were none
	dir   string  // for copies of it
	at    int     // ops that were asked of the disk before
	how   []fate  // of the folder, and of the files in it
	rnd   *rand.Rand
	torn  bool // something that was not synced may be lost
}

// copy writes the image into a folder of its own.
func (c *cut) copy(name string) (dir string, err error) {
	dir = filepath.Join(c.dir, name)
	return dir, errors.Join(os.Mkdir(dir, 0o700), c.image.save(dir))
}

// cutAll cuts the power of a recorded disk n times and has each image checked, in
// parallel.
func cutAll(t *testing.T, rnd *rand.Rand, rec *recording, l *ledger, n int, forgets bool, check func(*cut)) {
	t.Helper()
	jobs := make(chan func())
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for job := range jobs {
				job()
			}
		})
	}
	defer workers.Wait()
	defer close(jobs)
	d, fates := newDisk(), anyFate
	if forgets {
		d.forgets, fates = true, []fate{none, prefix, prefix, reordered, sectors}
	}
	done := 0
	var older *stored
	for _, at := range places(rnd, l, len(rec.ops), n, forgets) {
		for ; done < at; done++ {
			d.take(rec.ops[done])
		}
		img, how := d.cut(rnd, fates)
		c := &cut{image: img, older: older, at: at, how: how, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 2)), torn: d.unsynced()}
		if rnd.IntN(10) == 0 {
			older = img["chat.db.views"]
		}
		jobs <- func() {
			c.dir = tempDir(t)
			check(c)
			if !t.Failed() {
				os.RemoveAll(c.dir)
			}
		}
	}
}

// places draws where the power is cut: half of the cuts are soon after a
// process has begun, when what the one before left is still under way.
func places(rnd *rand.Rand, l *ledger, ops, n int, late bool) (at []int) {
	for range n {
		p := 1 + rnd.IntN(ops)
		if late {
			p = ops - rnd.IntN(ops/4)
		} else if len(l.opened) > 0 && rnd.IntN(2) == 0 {
			p = min(ops, l.opened[rnd.IntN(len(l.opened))]+soon(rnd, 200))
		}
		at = append(at, p)
	}
	slices.Sort(at)
	return at
}

// tempDir makes a folder in memory where there is one: the images need no disk.
func tempDir(t *testing.T) string {
	for _, in := range []string{"/dev/shm", ""} {
		if dir, err := os.MkdirTemp(in, "power-"); err == nil {
			return dir
		}
	}
	t.Error("no folder for an image")
	return ""
}

// checkAll checks an image as it is, and twice more with the views as the cut
// did not leave them: missing, and cut off or older than they are.
func (c *cut) checkAll(l *ledger, keep int) error {
	var dumps []string
	for i, spoil := range []func(views string) error{
		func(string) error { return nil },
		os.Remove,
		c.spoil,
	} {
		if i == 2 && c.rnd.IntN(3) > 0 {
			continue
		}
		dir, err := c.copy(fmt.Sprint(i))
		if err != nil {
			return err
		}
		views := filepath.Join(dir, "chat.db.views")
		if err := spoil(views); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := l.check(dir, c.at, keep); err != nil {
			return fmt.Errorf("views %d: %w", i, err)
		}
		if _, err := os.Stat(views); errors.Is(err, os.ErrNotExist) {
			return nil // there was no chat yet
		}
		d, err := dump(views)
		if err != nil {
			return err
		}
		dumps = append(dumps, d)
	}
	return errors.Join(differ("views as they were left", dumps[0], dumps[1]), differ("spoilt views", dumps[len(dumps)-1], dumps[1]))
}

// spoil cuts a views file off, or puts that of an earlier cut in its place.
func (c *cut) spoil(views string) error {
	if info, err := os.Stat(views); err != nil || info.Size() == 0 {
		return err
	} else if c.older == nil || c.rnd.IntN(2) == 0 {
		return os.Truncate(views, c.rnd.Int64N(info.Size()))
	}
	return c.older.save(views)
}

// A tally counts what was done.
type tally struct {
	mu           sync.Mutex
	images, torn int
	fates        map[fate]int
}

func (y *tally) add(c *cut) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.fates == nil {
		y.fates = map[fate]int{}
	}
	if y.images++; c.torn {
		y.torn++
	}
	for _, how := range c.how {
		y.fates[how]++
	}
}

func (y *tally) String() (s string) {
	for _, how := range slices.Sorted(maps.Keys(y.fates)) {
		s += fmt.Sprintf("%s %d, ", how, y.fates[how])
	}
	return "of files and folders: " + s[:len(s)-2]
}
