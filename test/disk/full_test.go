package disk_test

import (
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/test/web"
)

// A disk becomes full under writers again and again. They are refused, and told
// why; all that was acknowledged is read meanwhile, and a follower sees it; when
// there is room again they go on, without a restart. In some rounds the server is
// killed on the full disk, and what then starts on it serves the same.
func TestFullDisk_refusesAndGoesOn(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rnd := rand.New(rand.NewPCG(*seed, 1))
	var all rounds
	for done := 0; done < *fills; done += perDisk {
		small(t, rnd, min(perDisk, *fills-done), &all)
	}
	t.Logf("%d times full, %d times gone on, %d times killed, %d of the starts on the full disk refused; %d posts, %d refusals",
		*fills, all.kept, all.restarts, all.refusedStarts, all.posts, all.refusals)
	if all.refusals < 20**fills || all.posts < 10**fills {
		t.Error("void: too little was done to show anything")
	}
}

// perDisk is how often a disk is filled: what is written stays, and in the end
// it would be full without ballast.
const perDisk = 10

// rounds counts what was done.
type rounds struct {
	refusals, posts, kept, restarts, refusedStarts int
}

// small fills a small disk n times.
func small(t *testing.T, rnd *rand.Rand, n int, sum *rounds) {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("chat-test", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Fatalf("mount a small disk (needs root): %v", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	db, ballast := filepath.Join(dir, "chat.db"), filepath.Join(dir, "ballast")
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
	b := newBook(t, strings.Repeat(" and more", 40))
	f := &follower{b: b, cursor: "earliest"}
	p := open(t, db)
	for range n {
		b.begin()
		f.start(p.URL())
		var working sync.WaitGroup
		working.Go(func() { // until some are stored again behind the newest refusal
			late := time.Now().Add(20 * time.Second)
			b.write(p.URL(), func() bool {
				b.mu.Lock()
				defer b.mu.Unlock()
				return time.Now().After(late) || !b.refusal.IsZero() && b.success.After(b.refusal.Add(20*time.Millisecond))
			})
		})
		fill(t, dir, ballast, 64<<10+rnd.Int64N(256<<10))
		wait(t, "a refusal", func() bool { return b.count("storage_full") > 20 })
		b.checkServed(p.URL())
		if response, err := b.http.Get(strings.TrimSuffix(p.URL(), "/api") + "/healthz"); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("healthz on a full disk: %v %v", response, err)
		} else {
			_ = response.Body.Close()
		}
		if rnd.IntN(2) == 0 {
			p.Kill()
			<-p.Gone
			working.Wait()
			sum.restarts++
			if p = web.Start(t, db, "127.0.0.1:0"); p.Ready(t) {
				b.checkServed(p.URL())
			} else {
				sum.refusedStarts++
				if said := p.Said(); !strings.Contains(said, "no space left on device") || strings.Contains(said, "goroutine ") {
					t.Errorf("the server does not start on a full disk, and says %s", said)
				}
			}
			p.Kill()
			<-p.Gone
			empty(t, ballast)
			p = open(t, db)
			b.checkServed(p.URL())
		} else {
			empty(t, ballast)
			freed := time.Now()
			working.Wait()
			if b.success.Before(b.refusal) {
				t.Fatalf("nothing is stored %v after there is room again", time.Since(freed))
			}
			if took := b.success.Sub(freed); took > 5*time.Second {
				t.Errorf("it went on %v after there was room", took)
			}
			sum.kept++
			f.reach(b)
		}
		sum.refusals += b.count("storage_full")
		if n := b.count("commit_unknown") + b.count("store_failed"); n > 0 {
			t.Errorf("%d were told of a failed store", n)
		}
	}
	f.start(p.URL())
	f.reach(b)
	f.stop()
	p.Stop()
	if err := p.End(t); err != nil {
		t.Errorf("%v: %s", err, p.Said())
	}
	b.reopen(db)
	sum.posts += len(b.ids)
}

func open(t *testing.T, db string) *web.Process {
	t.Helper()
	p := web.Start(t, db, "127.0.0.1:0")
	if !p.Ready(t) {
		t.Fatal(p.Said())
	}
	return p
}

// fill leaves that many bytes of the disk free.
func fill(t *testing.T, dir, ballast string, free int64) {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := int64(s.Bavail)*s.Bsize - free; size > 0; size -= 64 << 10 { // the writers are writing
		switch err := syscall.Fallocate(int(f.Fd()), 0, 0, size); err {
		case nil:
			return
		case syscall.ENOSPC:
		default:
			t.Fatal(err)
		}
	}
}

func empty(t *testing.T, ballast string) {
	t.Helper()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
}

// wait asks again and again until it is so.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(20 * time.Second); !so(); <-tick.C {
		if time.Now().After(late) {
			t.Fatalf("no sign of %s in 20 s", what)
		}
	}
}
