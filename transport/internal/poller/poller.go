// Package poller tells when connections can be read, so that one which says nothing
// costs no goroutine.
//
// It is for TCP connections and Unix sockets on Linux. All else is read by a goroutine
// that waits: Wait reports so.
package poller

import (
	"net"
	"sync"
)

// Poller waits for many connections. Its methods may be called concurrently. It
// holds one descriptor and one goroutine while it has Waiters that are not stopped.
type Poller struct {
	mu    sync.Mutex
	queue *queue // of the system; nil while it is not used
	slots []slot
	free  []int32 // slots that are not used
	used  int
}

// slot is the place of a Waiter. Its number and its age name the Waiter to the system.
type slot struct {
	waiter *Waiter
	age    int32 // how many have had the slot before
}

// New returns a poller.
func New() *Poller { return &Poller{} }

// Waiter waits for one connection to be readable.
type Waiter struct {
	poller  *Poller
	raw     raw
	ready   func()
	slot    int32
	added   bool // the system knows the connection
	waits   bool
	stopped bool
}

// Add returns a Waiter for a connection, which calls ready whenever a wait is over,
// on a goroutine of its own. Stop it before the connection is forgotten.
func (p *Poller) Add(conn net.Conn, ready func()) *Waiter {
	w := &Waiter{poller: p, ready: ready, raw: rawOf(conn)}
	if w.raw == nil {
		w.stopped = true
		return w
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used == 0 && p.open() != nil {
		w.stopped = true
		return w
	}
	p.used++
	if n := len(p.free); n > 0 {
		w.slot, p.free = p.free[n-1], p.free[:n-1]
	} else {
		w.slot = int32(len(p.slots))
		p.slots = append(p.slots, slot{})
	}
	s := &p.slots[w.slot]
	s.waiter = w
	s.age++
	return w
}

// Wait begins to wait: ready is called when the connection can be read, is at its
// end or has failed, or when Stop is called. Wait returns at once. It returns false,
// and ready is not called, where the caller must read the connection to learn that: where
// this kind cannot be waited for, after Stop, and if the connection is closed.
//
// Once it has returned true, the caller must leave the reading to ready.
func (w *Waiter) Wait() bool {
	p := w.poller
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.stopped {
		return false
	}
	if err := p.watch(w, p.slots[w.slot].age); err != nil {
		return false
	}
	w.added, w.waits = true, true
	return true
}

// Stop ends a wait, and there is none after it. It may be called twice, and
// concurrently. To close a connection that may be waited for, close it and stop its
// Waiter, in this order.
func (w *Waiter) Stop() {
	if unused := w.stop(); unused != nil {
		unused.close()
	}
}

// stop is Stop but for the queue, which it returns if it is of no more use: to close
// it waits for what goes on there, which may want mu.
func (w *Waiter) stop() (unused *queue) {
	p := w.poller
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.stopped {
		return nil
	}
	w.stopped = true
	p.slots[w.slot].waiter = nil
	p.free = append(p.free, w.slot)
	if p.used--; p.used == 0 {
		unused, p.queue = p.queue, nil
	}
	w.over()
	return unused
}

// over ends the wait, if there is one. The caller holds the poller's mu.
func (w *Waiter) over() {
	if w.waits {
		w.waits = false
		go w.ready()
	}
}

// tell ends the wait of the Waiter that has a slot, if it still is the one that had
// it at that age. The caller holds mu.
func (p *Poller) tell(number, age int32) {
	if s := p.slots[number]; s.waiter != nil && s.age == age {
		s.waiter.over()
	}
}
