package power_test

import (
	"sync"
)

// A kind is what an op does.
type kind uint8

const (
	write    kind = iota // data at off of a file
	truncate             // a file to off bytes
	sync_                // all writes and truncates of a file so far are durable
	link                 // name is a file from now on: one that was just made, or has another name
	rename               // name becomes to
	unlink               // name is gone
	syncDir              // all changes of names so far are durable
	say                  // not of the disk: a line of the process at work
)

// An op is one thing that was asked of the disk, or said by who asks.
type op struct {
	kind     kind
	file     int // its number, whatever its names
	off      int64
	data     []byte
	name, to string
}

// A recording is all that was asked of a disk, in the order in which it was
// done. What a process says stands between: a line is behind all that was done
// before the process said it, and before all that it did afterwards.
type recording struct {
	mu    sync.Mutex
	ops   []op
	files int
	since int // where the process at work began
	end   end
	kill  func()
	dead  bool
}

// An end says when a process is killed: instead of which op. done is what it has
// had done before. Nothing that comes from it later is done either.
type end func(done []op, o op) bool

// atLast lets a process work until it is done.
func atLast([]op, op) bool { return false }

// after ends a process when so many ops are done.
func after(ops int) end { return func(done []op, _ op) bool { return len(done) >= ops } }

// atSync ends a process at the first sync after so many ops.
func atSync(ops int) end {
	return func(done []op, o op) bool { return len(done) >= ops && (o.kind == sync_ || o.kind == syncDir) }
}

// begin lets a new process work until its end.
func (r *recording) begin(e end, kill func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since, r.end, r.kill, r.dead = len(r.ops), e, kill, false
}

// over keeps what a process that has ended left in the queue from being done.
func (r *recording) over() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead = true
}

// do records an op and does it, or reports that the process is no more.
func (r *recording) do(o op, effect func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.dead && r.end(r.ops[r.since:], o) {
		r.dead = true
		r.kill()
	}
	if r.dead {
		return false
	}
	r.ops = append(r.ops, o)
	if effect != nil {
		effect()
	}
	return true
}

// newFile is the number of a file that is made.
func (r *recording) newFile() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files++
	return r.files
}
