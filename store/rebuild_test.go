package store_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat/internal/testkit"
	"github.com/roomlog/chat/store"
)

var logs = flag.Int("logs", 60, "how many random logs the views are rebuilt from")

// Many random logs, killed at random moments: the views as the kill left them and
// brought up, those that are made anew, and those whose making anew was killed
// in turn, after any of its steps, are the same to the byte.
func TestViews_areTheSameFromWhereverTheyAreMade(t *testing.T) {
	var images, midway atomic.Int64
	t.Run("log", func(t *testing.T) {
		for seed := range uint64(*logs) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				l := &randomLog{t: t, rng: rand.New(rand.NewPCG(seed, 11)), dir: memoryDir(t)}
				l.run()
				images.Add(l.images)
				midway.Add(l.midway)
			})
		}
	})
	t.Logf("%d logs, %d images, %d rebuilds killed with a part of the views written", *logs, images.Load(), midway.Load())
	if midway.Load() < images.Load()/4 {
		t.Error("void: too few rebuilds were killed midway")
	}
}

// memoryDir makes a folder in memory where there is one: nothing here is about
// the disk.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "views-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

type randomLog struct {
	t              *testing.T
	rng            *rand.Rand
	dir            string
	images, midway int64
}

func (l *randomLog) path(name string) string { return filepath.Join(l.dir, name+".db") }

// run writes a log, and checks what a kill would leave of it.
func (l *randomLog) run() {
	o := testOptions()
	o.FlushRows, o.FlushEvery = 5+l.rng.IntN(40), time.Millisecond
	if l.rng.IntN(2) == 0 {
		o.Keep = 3 + l.rng.IntN(12)
	}
	if l.rng.IntN(2) == 0 {
		o.Steps(1+l.rng.IntN(4), 2)
	}
	s, err := store.Create(l.path("log"), o)
	if err != nil {
		l.t.Fatal(err)
	}
	defer s.Close()
	var known []store.Record
	for range 2 {
		for range 20 + l.rng.IntN(80) {
			res, err := propose(s, randomNote(l.rng, known, 3))
			if err != nil && !errors.Is(err, store.ErrKeyReused) {
				l.t.Fatal(err)
			}
			if err == nil && !res.Replayed {
				known = append(known, res.Records[0])
			}
		}
		frozen(l.t, s, func() { l.copy("log", "killed", true) })
		l.check()
	}
}

// copy copies a log, with its views or without.
func (l *randomLog) copy(from, to string, views bool) {
	l.t.Helper()
	testkit.Copy(l.t, l.path(from), l.path(to))
	if err := os.Remove(l.path(to) + ".views"); err != nil && !errors.Is(err, os.ErrNotExist) {
		l.t.Fatal(err)
	}
	if views {
		testkit.Copy(l.t, l.path(from)+".views", l.path(to)+".views")
	}
}

// check brings up the views of the killed log in three ways.
func (l *randomLog) check() {
	l.t.Helper()
	l.images++
	l.copy("killed", "anew", false)
	l.killRebuild()
	want := l.final("anew")
	for _, name := range []string{"killed", "part"} {
		if got := l.final(name); got != want {
			l.t.Fatalf("views of the log that is %s differ from those made anew:\n%s", name, diff(want, got))
		}
	}
}

// killRebuild leaves what a kill would, after some step of making the views anew.
func (l *randomLog) killRebuild() {
	l.t.Helper()
	l.copy("killed", "rebuilt", false)
	o := testOptions()
	o.FlushRows, o.FlushEvery = 1+l.rng.IntN(30), time.Hour
	o.FoldPage(1 + l.rng.IntN(20))
	steps, kill := 0, 1+l.rng.IntN(8)
	o.Progress = func(p store.Progress) {
		if p.Phase != "rebuild" {
			return
		}
		if steps++; steps == kill {
			l.copy("rebuilt", "part", true)
		}
	}
	s, err := store.Open(l.path("rebuilt"), o)
	if err != nil {
		l.t.Fatal(err)
	}
	if steps < kill { // it is done
		frozen(l.t, s, func() { l.copy("rebuilt", "part", true) })
	} else if kill > 1 {
		l.midway++
	}
	if err := s.Close(); err != nil {
		l.t.Fatal(err)
	}
}

// final opens a log and returns its rows, once what goes in the background of
// rooms that ended is done.
func (l *randomLog) final(name string) string {
	l.t.Helper()
	o := testOptions()
	o.FlushEvery = time.Millisecond
	s, err := store.Open(l.path(name), o)
	if err != nil {
		l.t.Fatalf("%s: %v", name, err)
	}
	settle(l.t, s, 0)
	verify(l.t, s)
	rows := dump(l.t, s)
	closeStore(l.t, s)
	return rows
}
