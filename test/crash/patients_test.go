package crash_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// patients are spoilt chats that children open, one after the other.
type patients struct {
	t       *testing.T
	dir     string
	task    task
	what    []string // of those that wait
	n       int
	refused int
	foreign bool // each must be refused
	whole   bool // each must be served whole
}

func newPatients(t *testing.T, whole files) *patients {
	return &patients{t: t, dir: tempDir(t), task: task{Events: whole.events, Shown: whole.shown}}
}

func (d *patients) path(i int) string { return filepath.Join(d.dir, fmt.Sprintf("%05d.db", i)) }

// add makes one. Its files are gone once it has been seen to.
func (d *patients) add(log, views []byte, what string) {
	d.t.Helper()
	path := d.path(len(d.what))
	err := os.WriteFile(path, log, 0o600)
	if views != nil {
		err = errors.Join(err, os.WriteFile(path+".views", views, 0o600))
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.n++
	if d.what = append(d.what, what); len(d.what) == 100 {
		d.run()
	}
}

// run has children open all files that wait. One that dies is followed by
// another.
func (d *patients) run() {
	d.t.Helper()
	var said []string
	for len(said) < len(d.what) {
		t := d.task
		for i := len(said); i < len(d.what); i++ {
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
		said = append(said, lines[:len(lines)-1]...)
		if len(said) < len(d.what) {
			d.t.Errorf("%s: the process died: %v: %.2000s", d.what[len(said)], err, &stderr)
			said = append(said, "died")
		}
	}
	for i, said := range said {
		d.check(d.what[i], said)
		_, _ = os.Remove(d.path(i)), os.Remove(d.path(i)+".views")
	}
	d.what = nil
}

// check holds what a child said against what must be.
func (d *patients) check(what, said string) {
	d.t.Helper()
	kind, rest, _ := strings.Cut(strings.TrimSpace(said), " ")
	switch {
	case kind == "died":
	case d.whole && kind != "served":
		d.t.Errorf("%s: %s %s", what, kind, rest)
	case kind == "refused":
		d.refused++
	case kind == "wrong" || d.foreign:
		d.t.Errorf("%s: %s %s", what, kind, rest)
	}
}
