package main

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

// tail is what a coalescing server comes down to. As many goroutines as there
// are processors go round the readers; each reader belongs to one of them, and
// is written, in one call, everything that it is behind, up to 64 KiB. What is
// written lies in memory already as it goes out, so that nothing is copied but
// into the socket.
type tail struct {
	alone  bool // each reader has a goroutine of its own instead
	mu     sync.RWMutex
	rooms  map[string]*tailRoom
	rounds []*round
	closed chan struct{}
	done   sync.WaitGroup
}

// tailRoom has the logs of a room, as streams and as sockets have them.
type tailRoom struct {
	streams, sockets tailLog
}

// tailLog is a log of frames and those who read it.
type tailLog struct {
	tail   *tail
	last   atomic.Pointer[chunk] // where the committer appends
	mu     sync.Mutex
	joined int             // readers so far
	count  atomic.Int64    // of readers, so that frames are made only for some
	shares [][]*tailReader // the readers of each round; a round alone takes from its own
	queued []atomic.Bool   // of each round: the log waits in it

	news atomic.Pointer[chan struct{}] // where readers have goroutines: closed with the next frame
}

// chunk is a part of a log. What lies before n does not change.
type chunk struct {
	n    atomic.Int64
	next atomic.Pointer[chunk]
	buf  [64 << 10]byte
}

// tailReader is a connection and a cursor.
type tailReader struct {
	conn net.Conn
	fd   int
	at   *chunk
	off  int
	busy atomic.Bool // its socket is full; a goroutine waits for it
}

func newTail(alone bool) *tail {
	t := &tail{alone: alone, rooms: make(map[string]*tailRoom), closed: make(chan struct{})}
	if alone {
		return t
	}
	for range runtime.GOMAXPROCS(0) {
		t.rounds = append(t.rounds, &round{wake: make(chan struct{}, 1)})
	}
	for i, r := range t.rounds {
		t.done.Go(func() { r.run(i, t.closed) })
	}
	return t
}

func (t *tail) close() {
	close(t.closed)
	t.done.Wait()
}

// room returns a room, which is made.
func (t *tail) room(name string) *tailRoom {
	t.mu.RLock()
	r := t.rooms[name]
	t.mu.RUnlock()
	if r != nil {
		return r
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r = t.rooms[name]; r == nil {
		r = &tailRoom{}
		for _, l := range []*tailLog{&r.streams, &r.sockets} {
			l.tail = t
			l.last.Store(&chunk{})
			l.news.Store(new(make(chan struct{})))
			l.shares, l.queued = make([][]*tailReader, len(t.rounds)), make([]atomic.Bool, len(t.rounds))
		}
		t.rooms[name] = r
	}
	return r
}

// append appends what was committed to the logs, and then wakes the rounds.
func (t *tail) append(batch []*caller) {
	var scratch [2 << 10]byte
	for _, c := range batch {
		r := t.room(c.room)
		if r.streams.count.Load() > 0 {
			r.streams.append(appendStream(scratch[:0], c.record, c.id))
		}
		if r.sockets.count.Load() > 0 {
			frame := appendFrame(scratch[:0], len(`{"room":"","events":[]}`)+len(c.room)+len(c.record))
			r.sockets.append(appendMessage(frame, c.record, c.room))
		}
	}
	for _, c := range batch {
		r := t.room(c.room)
		r.streams.ring()
		r.sockets.ring()
	}
}

// append is the committer's alone.
func (l *tailLog) append(frame []byte) {
	last := l.last.Load()
	n := int(last.n.Load())
	if n+len(frame) > len(last.buf) {
		next := &chunk{}
		last.next.Store(next)
		l.last.Store(next)
		last, n = next, 0
	}
	copy(last.buf[n:], frame)
	last.n.Store(int64(n + len(frame)))
}

// ring makes every round look at the log, if it has readers.
func (l *tailLog) ring() {
	if l.count.Load() == 0 {
		return
	}
	if l.tail.alone {
		close(*l.news.Swap(new(make(chan struct{}))))
	}
	for i, r := range l.tail.rounds {
		r.queue(l, i)
	}
}

// join makes a connection a reader of what comes from now on.
func (l *tailLog) join(conn net.Conn) {
	r := &tailReader{conn: conn}
	if l.tail.alone {
		l.count.Add(1)
		r.at = l.last.Load()
		r.off = int(r.at.n.Load())
		go l.follow(r)
		return
	}
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { r.fd = int(fd) })
	}
	if err != nil {
		conn.Close()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.joined % len(l.shares)
	l.joined++
	l.count.Add(1)
	r.at = l.last.Load()
	r.off = int(r.at.n.Load())
	l.shares[i] = append(l.shares[i], r)
}

// write writes a reader what it is behind. It reports whether the reader is
// to be kept.
func (l *tailLog) write(r *tailReader, round int) bool {
	for !r.busy.Load() {
		n := int(r.at.n.Load())
		if r.off == n {
			next := r.at.next.Load()
			if next == nil {
				return true
			}
			if int(r.at.n.Load()) == n { // nothing was added before the next was begun
				r.at, r.off = next, 0
			}
			continue
		}
		wrote, err := syscall.Write(r.fd, r.at.buf[r.off:n])
		switch {
		case err == nil:
			r.off += wrote
		case err == syscall.EAGAIN:
			r.busy.Store(true)
			go l.push(r, n, round)
		case err != syscall.EINTR:
			r.conn.Close()
			return false
		}
	}
	return true
}

// push waits until a full socket takes the rest up to n.
func (l *tailLog) push(r *tailReader, n, round int) {
	if _, err := r.conn.Write(r.at.buf[r.off:n]); err == nil {
		r.off = n
	} // else the next write fails, too
	r.busy.Store(false)
	l.tail.rounds[round].queue(l, round)
}
