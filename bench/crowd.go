package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// crowd is the readers of a run. One goroutine reads for all of them: with one
// each, the scheduler of the generator would be what is measured.
type crowd struct {
	began     time.Time // what the stamps count from
	readers   []*reader
	rooms     int
	delivered atomic.Int64 // stamps that have come, at all readers
	latency   *histogram   // of the deliveries; nil = not wanted. To be read when the crowd has stopped
	measuring atomic.Bool  // latencies count
	gate      *gate        // how far the posters may go; nil = as far as they like
	unready   atomic.Int64 // readers that were sent nothing yet
	epoll     int
	byFD      map[int32]*reader
	goal      atomic.Int64 // of delivered; 0 = none
	reached   chan struct{}
	stop      atomic.Bool
	done      chan error // gets why reading ended, when it was stopped nil
}

func newCrowd(rooms int) (*crowd, error) {
	c := &crowd{began: time.Now(), rooms: rooms, byFD: make(map[int32]*reader), reached: make(chan struct{}), done: make(chan error, 1)}
	var err error
	if c.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return c, nil
}

// gather connects so many readers, in turn to so many rooms.
func gather(d door, readers, rooms int) (*crowd, error) {
	c, err := newCrowd(rooms)
	if err != nil {
		return nil, err
	}
	for i := range readers {
		r, err := d.dial(i, i%rooms)
		if err == nil {
			err = c.admit(r)
		}
		if err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// admit adds a reader before the crowd reads.
func (c *crowd) admit(r *reader) error {
	c.readers = append(c.readers, r)
	c.byFD[int32(r.fd)] = r
	c.unready.Add(1)
	return watch(c.epoll, r.fd)
}

// watch asks for what can be read.
func watch(epoll, fd int) error {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

func (c *crowd) close() {
	for _, r := range c.readers {
		r.close()
	}
	_ = syscall.Close(c.epoll)
}

// primer is the text of posts that are made until every reader was sent one: not
// every server tells when a reader belongs to a room.
const primer = "Is everybody there?"

// read is the goroutine of the crowd, until it is stopped or a reader is lost.
func (c *crowd) read() {
	events := make([]syscall.EpollEvent, 512)
	buf := make([]byte, keep+256<<10)
	for !c.stop.Load() {
		n, err := syscall.EpollWait(c.epoll, events, 20)
		if err != nil && err != syscall.EINTR {
			c.done <- fmt.Errorf("epoll: %w", err)
			return
		}
		for _, e := range events[:max(n, 0)] {
			if err := c.take(c.byFD[e.Fd], buf); err != nil {
				c.done <- err
				return
			}
		}
	}
	c.done <- nil
}

// take reads once for a reader.
func (c *crowd) take(r *reader, buf []byte) error {
	n, err := syscall.Read(r.fd, buf[keep:])
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
		return nil
	case err != nil:
		return fmt.Errorf("a reader was lost: %w", err)
	case n == 0:
		return errors.New("a reader was hung up on")
	}
	if r.then != "" && bytes.Contains(buf[keep:keep+n], []byte(greeting)) {
		if err := r.write(r.then); err != nil {
			return err
		}
		r.then = ""
	}
	if !r.ready && (r.count > 0 || bytes.Contains(buf[keep:keep+n], []byte(primer))) {
		r.ready = true
		c.unready.Add(-1)
	}
	h := c.latency
	if h != nil && !c.measuring.Load() {
		h = nil
	}
	before := r.count
	r.scan(buf[:keep+n], time.Since(c.began), h)
	if before == r.count {
		return nil
	}
	more := int64(r.count - before)
	if now, goal := c.delivered.Add(more), c.goal.Load(); goal > 0 && now >= goal && now-more < goal {
		close(c.reached)
	}
	if c.gate != nil {
		c.gate.passed(c, before, r.count)
	}
	return nil
}

// halt ends the reading, and returns why it had ended if it had before.
func (c *crowd) halt() error {
	c.stop.Store(true)
	return <-c.done
}

// check wants every reader to have been sent each of the posts of its room once,
// and all readers of a room in the same order. Post n was made in room n modulo
// rooms.
func (c *crowd) check(posts uint64) error {
	orders := make(map[int]uint64)
	wrong := 0
	for _, r := range c.readers {
		want := ofRoom(posts, uint64(r.room), uint64(c.rooms))
		if _, known := orders[r.room]; !known {
			orders[r.room] = r.order
		}
		if r.count != want.count || r.sum != want.sum || r.order != orders[r.room] {
			wrong++
		}
	}
	if wrong > 0 {
		i := slices.IndexFunc(c.readers, func(r *reader) bool { return r.count != ofRoom(posts, uint64(r.room), uint64(c.rooms)).count })
		detail := "in another order, or others"
		if i >= 0 {
			detail = fmt.Sprintf("reader %d has %d", i, c.readers[i].count)
		}
		return fmt.Errorf("%d of %d readers were not sent the %d posts as they were made: %s", wrong, len(c.readers), posts, detail)
	}
	return nil
}

// ofRoom returns the count and the sum of those of the first n numbers that are
// room modulo rooms.
func ofRoom(n, room, rooms uint64) tally {
	if n <= room {
		return tally{}
	}
	count := (n - room + rooms - 1) / rooms
	return tally{count: count, sum: count*room + rooms*(count*(count-1)/2)}
}

// complete reports whether all posts have come everywhere.
func (c *crowd) complete(posts uint64) bool {
	var want int64
	for _, r := range c.readers {
		want += int64(ofRoom(posts, uint64(r.room), uint64(c.rooms)).count)
	}
	return c.delivered.Load() >= want
}
