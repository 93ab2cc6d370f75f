package crash_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

var damages = flag.Int("damages", 12, "how often each kind of damage is done")

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
		d.check(t, false)
		t.Logf("closed before: %t; refused at once: %d of %d", closed, d.refused, d.n)
	}
}

// A file that is no log is refused, and stays what it is.
func TestForeign_isRefused(t *testing.T) {
	whole := sample(t, true)
	noise := make([]byte, 100*page)
	garbage(rand.New(rand.NewPCG(1, 1)), noise)
	d := newPatients(t, whole)
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
	d.check(t, true)
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
		d.check(t, false)
		t.Logf("closed before: %t; refused at once: %d of %d", closed, d.refused, d.n)
	}
}

// files are those of a chat, and what is in it.
type files struct {
	log, views []byte
	events     map[string][]string // sums of the events of each room
}

// sample makes a chat, and returns its files as they are after a close, or as
// a kill would leave them.
func sample(t *testing.T, closed bool) files {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chat.db")
	c, err := chat.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for i := range 1500 {
		room := c.Room(roomID(i * i))
		e, err := room.Post(ctx, user("ann"), strings.Repeat(fmt.Sprint("word ", i, " "), 1+i%40))
		if err == nil && i%3 == 0 {
			_, err = room.React(ctx, user("bob"), e.ID, "👍")
		}
		if err == nil && i%7 == 0 {
			_, err = room.Edit(ctx, user("ann"), e.ID, "edited")
		}
		if err == nil && i%11 == 0 {
			_, err = room.Delete(ctx, user("ann"), e.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	f := files{events: map[string][]string{}}
	for _, id := range allRooms() {
		for e, err := range c.Room(id).Replay(ctx, chat.Start) {
			if err != nil {
				t.Fatal(err)
			}
			f.events[id] = append(f.events[id], sum(e.JSON()))
		}
	}
	if closed {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	} else {
		defer c.Close()
	}
	f.log, f.views = read(t, path), read(t, path+".views")
	return f
}

// read reads a file without the room that was made ahead at its end.
func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := len(bytes.TrimRight(data, "\x00"))
	return data[:min(len(data), (n+page-1)/page*page)]
}

// patients are spoilt chats that children open, one after the other.
type patients struct {
	t       *testing.T
	dir     string
	events  map[string][]string
	what    []string
	n       int
	refused int
	said    []string
}

func newPatients(t *testing.T, whole files) *patients {
	return &patients{t: t, dir: t.TempDir(), events: whole.events}
}

func (d *patients) path(i int) string { return filepath.Join(d.dir, fmt.Sprintf("%05d.db", i)) }

func (d *patients) add(log, views []byte, what string) {
	path := d.path(d.n)
	err := os.WriteFile(path, log, 0o600)
	if views != nil {
		err = errors.Join(err, os.WriteFile(path+".views", views, 0o600))
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.what = append(d.what, what)
	d.n++
}

// run has children open all files. One that dies is followed by another.
func (d *patients) run() {
	d.t.Helper()
	for len(d.said) < d.n {
		t := task{Events: d.events}
		for i := len(d.said); i < d.n; i++ {
			t.Paths = append(t.Paths, d.path(i))
		}
		in, err := json.Marshal(t)
		if err != nil {
			d.t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"=open")
		cmd.Stdin = bytes.NewReader(in)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err = cmd.Run()
		lines := strings.SplitAfter(stdout.String(), "\n")
		d.said = append(d.said, lines[:len(lines)-1]...)
		if len(d.said) < d.n {
			d.t.Errorf("%s (%s): the process died: %v: %.2000s", d.what[len(d.said)], d.path(len(d.said)), err, &stderr)
			d.said = append(d.said, "died")
		}
	}
}

// check holds what the children said against what must be.
func (d *patients) check(t *testing.T, mustRefuse bool) {
	t.Helper()
	for i, said := range d.said {
		kind, rest, _ := strings.Cut(strings.TrimSpace(said), " ")
		switch {
		case kind == "died":
		case kind == "refused":
			d.refused++
		case kind == "wrong" || mustRefuse:
			t.Errorf("%s: %s %s", d.what[i], kind, rest)
		}
		if testing.Verbose() {
			t.Logf("%s: %s %s", d.what[i], kind, rest)
		}
	}
}
