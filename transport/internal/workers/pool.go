// Package workers runs the turns of many connections on a few goroutines.
//
// A connection with nothing to write costs no goroutine, and a thousand that are
// rung at once are served by as many goroutines as there are processors, one
// after the other: their stacks are warm, and between two turns of a connection
// more may have come, which then goes out in one write.
//
// A turn that waits takes no place from others: it says so (Block), or is found to
// take long, and another worker goes on in its stead.
package workers

import (
	"runtime"
	"sync"
	"time"
)

const (
	// patience is how long a turn may take before another worker is started in the
	// place of its own: a hook of the host may hang.
	patience = 10 * time.Millisecond
	// yieldEvery is after how many turns a worker lets other goroutines go first,
	// such as those with something to store.
	yieldEvery = 16
)

// Pool runs tasks. Its workers live only while there is something to do. Its
// methods may be called concurrently.
type Pool struct {
	size int // workers that are at work at once, beside those that wait

	mu          sync.Mutex
	first, last *Task // that are due, in the order in which they became so
	workers     []*worker
	busy        int // workers that do not wait
	watched     bool
	watch       *time.Timer // nil before the first need
}

// New returns a pool with one worker for each processor.
func New() *Pool { return &Pool{size: max(2, runtime.GOMAXPROCS(0))} }

// push puts a task behind those that are due.
func (p *Pool) push(t *Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.first = t
	} else {
		p.last.next = t
	}
	p.last = t
	p.staff()
}

// pop takes the task that has been due for longest, if there is one. The caller
// holds mu.
func (p *Pool) pop() *Task {
	t := p.first
	if t == nil {
		return nil
	}
	if p.first, t.next = t.next, nil; p.first == nil {
		p.last = nil
	}
	return t
}

// staff starts a worker if one may be of use, and else sees to it that those who
// are at work are watched. The caller holds mu.
func (p *Pool) staff() {
	switch {
	case p.first == nil:
	case p.busy < p.size:
		w := &worker{pool: p}
		p.workers = append(p.workers, w)
		p.busy++
		go w.run()
	case !p.watched:
		p.watched = true
		if p.watch == nil {
			p.watch = time.AfterFunc(patience, p.look)
		} else {
			p.watch.Reset(patience)
		}
	}
}

// look finds workers whose turn has not ended since the last look, and counts them
// as waiting.
func (p *Pool) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.workers {
		if !w.waits && w.turns == w.seen {
			w.wait()
		}
		w.seen = w.turns
	}
	p.watched = p.first != nil
	if p.watched {
		p.watch.Reset(patience)
	}
}
