package disk_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/test/web"
)

// fault is a call that fails on one of the files.
type fault struct {
	call, err string
	views     bool
	most      int // there are not more of these calls in a run; 0 is no bound
}

// faults are those of the calls that change the files. A file is mapped when it
// is opened and not again; it grows by 16 MiB at a time.
var faults = []fault{
	{"pwrite64", "EIO", false, 0},
	{"pwrite64", "ENOSPC", false, 0},
	{"fdatasync", "EIO", false, 0},
	{"fdatasync", "ENOSPC", false, 0},
	{"ftruncate", "EIO", false, 1},
	{"ftruncate", "ENOSPC", false, 1},
	{"fsync", "EIO", false, 1},
	{"fsync", "ENOSPC", false, 1},
	{"mmap", "EIO", false, 1},
	{"pwrite64", "EIO", true, 50},
	{"pwrite64", "ENOSPC", true, 50},
	{"fdatasync", "EIO", true, 4},
	{"fdatasync", "ENOSPC", true, 4},
	{"ftruncate", "EIO", true, 1},
	{"fsync", "ENOSPC", true, 1},
	{"mmap", "EIO", true, 1},
}

func (f fault) String() string {
	file := "log"
	if f.views {
		file = "views"
	}
	return fmt.Sprintf("%s of the %s fails with %s", f.call, file, f.err)
}

// numbers are which of the calls fail, one a run.
func (f fault) numbers(rnd *rand.Rand) (n []int) {
	if *step > 0 {
		for i := *first; i <= *last && (f.most == 0 || i <= f.most); i += *step {
			n = append(n, i)
		}
		return n
	}
	if f.most > 0 {
		return []int{1 + rnd.IntN(min(f.most, 8))}
	}
	return []int{1 + rnd.IntN(8), *first + rnd.IntN(*last-*first+1)/4}
}

// tally counts what has come of the runs of a fault.
type tally struct {
	runs, injected int
	before         int // runs that ended before the server listened
	codes          map[string]int
}

// Whichever call fails: the answers are those that the protocol has, a full disk
// is tried again and all else stops the store until it is opened again, trouble
// of the views is nobody's, and after reopening each post is there as it was
// answered.
func TestFault_losesNothingAndIsAnswered(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rnd := rand.New(rand.NewPCG(*seed, 0))
	whole := sample(t)
	runs, injected := 0, 0
	for _, f := range faults {
		sum := tally{codes: map[string]int{}}
		for _, n := range f.numbers(rnd) {
			f.run(t, whole, n, &sum)
			if t.Failed() {
				t.Fatalf("number %d: %s", n, f)
			}
		}
		t.Logf("%s: %d runs, %d calls failed, %d runs before it listened; answers %v", f, sum.runs, sum.injected, sum.before, sum.codes)
		if sum.injected == 0 && sum.runs > 0 {
			t.Errorf("void: %s: no call failed", f)
		}
		runs += sum.runs
		injected += sum.injected
	}
	t.Logf("%d runs, %d calls failed", runs, injected)
	if injected < runs/2 {
		t.Error("void: too few calls failed to show anything")
	}
}

// sample is the files of a chat with some posts, closed, so that the next one to
// open it need not grow the log at once.
func sample(t *testing.T) string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "chat.db")
	c, err := chat.Open(db, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Room(room).Join(t.Context(), chat.User{ID: "host", Name: "host"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return db
}

// run has the n-th call of each thread fail.
func (f fault) run(t *testing.T, whole string, n int, sum *tally) {
	t.Helper()
	dir := t.TempDir()
	db := filepath.Join(dir, "chat.db")
	copyFile(t, whole, db)
	copyFile(t, whole+".views", db+".views")
	file, trace := db, filepath.Join(dir, "trace")
	if f.views {
		file += ".views"
	}
	b := newBook(t, strings.Repeat(" and more", 20))
	p := web.Start(t, db, "127.0.0.1:0", "strace", "-f", "-qq", "--seccomp-bpf", "-o", trace, "-e", "signal=none",
		"-P", file, "-e", "trace="+f.call, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d", f.call, f.err, n))
	sum.runs++
	if p.Ready(t) {
		f.use(b, p, trace, n)
	} else {
		sum.before++
	}
	p.Stop()
	_ = p.End(t) // it tells of the call that failed, or that call has not been
	if said := p.Said(); strings.Contains(said, "goroutine ") {
		t.Errorf("the server panicked: %s", said)
	}
	sum.injected += injected(t, trace)
	for code, n := range b.codes {
		if code == "" {
			code = "stored"
		}
		sum.codes[code] += n
	}
	b.reopen(db)
	b.http.CloseIdleConnections()
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}

// use posts until the call has failed and what then must be so is.
func (f fault) use(b *book, p *web.Process, trace string, n int) {
	b.t.Helper()
	full := f.err == "ENOSPC"
	limit := time.Now().Add(3*time.Second + time.Duration(n)*20*time.Millisecond)
	var seen time.Time // when the posts have met the fault
	looked := time.Now()
	b.write(p.URL(), func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		now := time.Now()
		switch {
		case !b.stopped.IsZero(): // for a moment more, which must be refused
			return now.Sub(b.stopped) > 50*time.Millisecond
		case !b.refusal.IsZero():
			if b.success.After(b.refusal) && seen.IsZero() {
				seen = now
			}
			return !seen.IsZero() && now.Sub(seen) > 50*time.Millisecond || now.Sub(b.refusal) > 10*time.Second
		case f.views:
			if seen.IsZero() && now.Sub(looked) > 100*time.Millisecond {
				looked = now
				if injected(b.t, trace) > 0 {
					seen, limit = now, now.Add(200*time.Millisecond)
				}
			}
		}
		return now.After(limit)
	})
	failed := !b.stopped.IsZero()
	switch {
	case f.views && (failed || !b.refusal.IsZero()):
		b.t.Errorf("trouble with the views is told to those who post: %v", b.codes)
	case !full && !b.refusal.IsZero():
		b.t.Errorf("an I/O error is called a full disk: %v", b.codes)
	case full && f.call != "fdatasync" && failed:
		b.t.Errorf("a full disk has stopped the store: %v: %s", b.codes, p.Said())
	case failed && b.codes["commit_unknown"] == 0:
		b.t.Errorf("the store has stopped and no outcome is unknown: %v", b.codes)
	case !failed && !b.refusal.IsZero() && seen.IsZero():
		b.t.Errorf("it does not go on 10 s after the disk was full: %v", b.codes)
	}
	b.checkServed(p.URL())
	c := web.Client{URL: strings.TrimSuffix(p.URL(), "/api"), HTTP: b.http}
	want := http.StatusOK
	if failed {
		want = http.StatusServiceUnavailable
	}
	if response, err := b.http.Get(c.URL + "/healthz"); err != nil || response.StatusCode != want {
		b.t.Errorf("healthz is answered %v %v, and the store has stopped: %t", response, err, failed)
	} else {
		_ = response.Body.Close()
	}
}

// injected counts the calls that strace let fail.
func injected(t *testing.T, trace string) int {
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Error(err)
	}
	return bytes.Count(text, []byte("(INJECTED)"))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
