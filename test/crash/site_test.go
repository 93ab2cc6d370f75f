package crash_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roomlog/chat/test/web"
)

// site is where the server is now: each is on a port of its own, and has a number.
type site struct {
	acked atomic.Int64 // posts, by all servers

	mu     sync.Mutex
	url    string
	number int
	moved  chan struct{} // closed at the next one
}

func newSite() *site { return &site{moved: make(chan struct{})} }

func (s *site) publish(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = url
	s.number++
	close(s.moved)
	s.moved = make(chan struct{})
}

// after waits for a server with a greater number.
func (s *site) after(ctx context.Context, number int) (url string, now int, err error) {
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for {
		s.mu.Lock()
		url, now, moved := s.url, s.number, s.moved
		s.mu.Unlock()
		if now > number {
			return url, now, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return "", 0, ctx.Err()
		case <-late.C:
			return "", 0, fmt.Errorf("there is no server after number %d for a minute", number)
		}
	}
}

// manner is how and when a server is killed.
type manner int

const (
	whileServing manner = iota
	whileStarting
	whileStopping
	atACall
)

var manners = [...]string{"while serving", "while starting", "while shutting down", "at a system call"}

// calls are those that a server changes files by.
const calls = "pwrite64,fdatasync,fsync,ftruncate,mmap,flock,linkat,renameat,unlinkat,openat"

// writes are those that make a commit.
const writes = "pwrite64,fdatasync"

// kill starts a server and kills it.
func (e *served) kill() {
	e.t.Helper()
	how := manner(e.rnd.IntN(len(manners)))
	var under []string
	if how == atACall {
		which, n := writes, 1+e.rnd.IntN(150)
		switch e.rnd.IntN(4) {
		case 0: // when the file is made or opened
			which, n = calls, 1+e.rnd.IntN(60)
		case 1:
			n = 1 + e.rnd.IntN(20)
		}
		under = []string{
			"strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null",
			"-e", "trace=" + which, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", which, n),
		}
	}
	p := web.Start(e.t, e.db, "127.0.0.1:0", under...)
	switch how {
	case whileStarting:
		e.wait(p, e.rnd.IntN(60))
		p.Kill()
	case whileServing:
		e.serve(p, e.rnd.IntN(800), e.rnd.IntN(50))
		p.Kill()
	case whileStopping:
		e.serve(p, e.rnd.IntN(400), e.rnd.IntN(50))
		p.Stop()
		e.wait(p, e.rnd.IntN(40))
		p.Kill()
	case atACall:
		e.serve(p, 3000, 0)
		p.Kill() // it did not come to that call
	}
	err := p.End(e.t)
	switch {
	case p.Killed():
		e.by[how]++
	case how == whileStopping && err == nil:
		e.missed++
	default:
		e.t.Errorf("the server ended with %v %s: %s", err, manners[how], p.Said())
	}
}

// serve lets the clients to the server, until so many posts were acknowledged and
// then for some milliseconds, or until it is gone.
func (e *served) serve(p *web.Process, posts, ms int) {
	e.t.Helper()
	if !p.Ready(e.t) {
		return
	}
	target := e.site.acked.Load() + int64(posts)
	e.site.publish(p.URL())
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(5 * time.Second); e.site.acked.Load() < target; {
		select {
		case <-p.Gone:
			return
		case <-late: // on a machine that is very busy
			return
		case <-tick.C:
		}
	}
	e.wait(p, ms)
}

func (e *served) wait(p *web.Process, ms int) {
	select {
	case <-p.Gone:
	case <-time.After(time.Duration(ms) * time.Millisecond):
	}
}
