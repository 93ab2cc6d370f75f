// Package batches shares what several readers of a room are sent: those who are behind
// by the same events get the same bytes, made once.
package batches

import (
	"sync/atomic"
	"unsafe"

	"github.com/roomlog/chat"
)

// Cache keeps what was last made of runs of events. It is of one encoding. It may be
// used concurrently; the zero Cache is empty.
type Cache struct {
	slots [32]atomic.Pointer[batch]
}

// batch is a run of events of a room, told by where its first and its last one are in
// memory. All readers of the tail of a room see the same events there. One of them that
// is erased takes those before it off the tail, so whoever reads the run after that has
// another first event.
type batch struct {
	first, last *byte
	bytes       []byte // nil where only one reader has had it so far
}

// least is how many events are worth sharing. Below it, to copy them costs less than to
// look for them.
const least = 4

// Of returns what make makes of events of one room, of which none is left out, if
// another reader has had the same ones; else nil: then it is for the caller to make, in
// memory of their own. The bytes must not be changed.
func (c *Cache) Of(events []chat.Event, make func() []byte) []byte {
	n := len(events)
	if n < least {
		return nil
	}
	b := batch{first: at(&events[0]), last: at(&events[n-1])}
	slot := &c.slots[(uintptr(unsafe.Pointer(b.last))>>6^uintptr(unsafe.Pointer(b.first))>>9)%uintptr(len(c.slots))]
	had := slot.Load()
	if had == nil || had.first != b.first || had.last != b.last {
		slot.Store(&b)
		return nil
	}
	if had.bytes == nil {
		b.bytes = make()
		slot.Store(&b)
		return b.bytes
	}
	return had.bytes
}

// at is where an event is in memory.
func at(e *chat.Event) *byte { return unsafe.SliceData(e.JSON()) }
