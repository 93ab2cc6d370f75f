package workers

import (
	"runtime"
	"slices"
)

// A worker runs tasks until none is due. Its fields are guarded by the pool's mu.
type worker struct {
	pool  *Pool
	waits bool   // its turn waits for something, and so it is not counted as busy
	turns uint64 // that it has begun
	seen  uint64 // and how many of them there were at the last look
}

// run runs what is due.
func (w *worker) run() {
	defer w.leave() // also where a hook of the host has ended the goroutine
	for {
		t := w.next()
		if t == nil {
			return
		}
		t.run(w)
		if w.turns%yieldEvery == 0 {
			runtime.Gosched()
		}
	}
}

// next returns the task to run next, or nil if the worker is to go.
func (w *worker) next() *Task {
	p := w.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	w.resume()
	if p.busy > p.size { // others were started in its stead
		return nil
	}
	t := p.pop()
	if t != nil {
		w.turns++
	}
	return t
}

// leave takes the worker off the pool.
func (w *worker) leave() {
	p := w.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	w.resume()
	p.busy--
	p.workers = slices.DeleteFunc(p.workers, func(other *worker) bool { return other == w })
	p.staff()
}

// wait counts the worker out, and starts another if that may be of use. The caller
// holds mu.
func (w *worker) wait() {
	if !w.waits {
		w.waits = true
		w.pool.busy--
		w.pool.staff()
	}
}

// resume counts the worker in again. The caller holds mu.
func (w *worker) resume() {
	if w.waits {
		w.waits = false
		w.pool.busy++
	}
}
