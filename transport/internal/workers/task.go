package workers

import (
	"sync/atomic"
	"time"
)

// Turner is what a task runs. A turn does what there is to do for one connection,
// or a share of it. Turns of a task never run at the same time, and each sees what
// the one before has done. A turn must not panic; it may end its goroutine, after
// which the task has ended.
type Turner interface {
	Turn() Next
}

// Next says what becomes of a task after a turn.
type Next int

const (
	Idle Next = iota // its next turn is when it is rung
	More             // it has more to do, when the others that are due have had their turn
	Done             // it has ended
)

// Task is a Turner with its place in a pool. The zero Task is not ready: see Init.
type Task struct {
	pool   *Pool
	turner Turner
	state  atomic.Uint32
	next   *Task   // guarded by the pool's mu
	worker *worker // of the turn that runs

	// The turns' own.
	timer *time.Timer // rings; nil before the first RingWithin
	rings time.Time   // when the timer does; past if it has
}

// States of a task.
const (
	held uint32 = iota // it has not been started
	idle
	due    // and queued
	active // its turn runs
	rung   // its turn runs, and another is to follow
	ended
)

// Init makes a task ready. It has no turn before Start.
func (t *Task) Init(p *Pool, turner Turner) { t.pool, t.turner = p, turner }

// Start begins the first turn. It is to be called once.
func (t *Task) Start() {
	t.state.Store(due)
	t.pool.push(t)
}

// Ring sees to it that a turn begins after the call, and after Start. It never
// waits, and may be called concurrently; it does nothing once the task has ended.
func (t *Task) Ring() {
	for {
		switch s := t.state.Load(); s {
		case idle:
			if t.state.CompareAndSwap(idle, due) {
				t.pool.push(t)
				return
			}
		case active:
			if t.state.CompareAndSwap(active, rung) {
				return
			}
		default:
			return
		}
	}
}

// RingWithin rings after d at the latest; it may ring earlier, for what was asked for
// before. It is for the goroutine of the turn.
func (t *Task) RingWithin(d time.Duration) {
	now := time.Now()
	due := now.Add(d)
	switch {
	case t.timer == nil:
		t.timer = time.AfterFunc(d, t.Ring)
	case t.rings.After(due) || !t.rings.After(now):
		t.timer.Reset(d)
	default: // it is not worth setting it anew for each turn
		return
	}
	t.rings = due
}

// run runs a turn.
func (t *Task) run(w *worker) {
	t.worker = w
	t.state.Store(active)
	switch t.turner.Turn() {
	case Done:
		t.state.Store(ended)
		if t.timer != nil {
			t.timer.Stop()
		}
		return
	case Idle:
		if t.state.CompareAndSwap(active, idle) {
			return
		}
	}
	t.state.Store(due)
	t.pool.push(t)
}

// Block says that the turn is about to wait. Another worker may go on meanwhile. It
// is for the goroutine of the turn.
func (t *Task) Block() {
	t.pool.mu.Lock()
	defer t.pool.mu.Unlock()
	t.worker.wait()
}

// Unblock says that the turn goes on.
func (t *Task) Unblock() {
	t.pool.mu.Lock()
	defer t.pool.mu.Unlock()
	t.worker.resume()
}
