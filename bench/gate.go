package main

import (
	"encoding/binary"
	"sync/atomic"
	"syscall"
)

// gate holds the posters back: they may be so many posts ahead of the reader that
// is furthest behind. Without it, a server that answers posts before it
// delivers could be posted more than it ever delivers, and those that drop readers
// which fall behind would have to.
type gate struct {
	window  uint64 // posts
	step    uint64 // of a room; how far all must have come for the gate to move on
	target  uint64 // posts of its room that a reader needs to be counted
	below   int    // readers that have fewer
	allowed atomic.Uint64
	waits   atomic.Bool // a poster waits for the gate to move
	event   int         // an eventfd, which wakes it
}

// newGate returns the gate of a crowd that reads nothing yet.
func newGate(c *crowd, window int) (*gate, error) {
	fd, _, errno := syscall.Syscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errno != 0 {
		return nil, errno
	}
	g := &gate{event: int(fd), below: len(c.readers)}
	// Each room needs a few posts of its own that may be on their way.
	g.window = uint64(max(window, 4*c.rooms))
	g.step = max(1, g.window/uint64(c.rooms)/8)
	g.target = g.step
	g.allowed.Store(g.window)
	return g, nil
}

func (g *gate) close() { _ = syscall.Close(g.event) }

// passed notes that a reader has come so far. It is the crowd's alone.
func (g *gate) passed(c *crowd, before, now uint64) {
	if before >= g.target || now < g.target {
		return
	}
	if g.below--; g.below > 0 {
		return
	}
	for g.below == 0 {
		g.target += g.step
		for _, r := range c.readers {
			if r.count < g.target {
				g.below++
			}
		}
	}
	g.allowed.Store((g.target-g.step)*uint64(c.rooms) + g.window)
	if g.waits.Swap(false) {
		g.wake()
	}
}

// wake makes the event readable.
func (g *gate) wake() {
	_, _ = syscall.Write(g.event, binary.NativeEndian.AppendUint64(nil, 1)) // full is awake, too
}

// clear makes it unreadable.
func (g *gate) clear() {
	var b [8]byte
	_, _ = syscall.Read(g.event, b[:])
}
