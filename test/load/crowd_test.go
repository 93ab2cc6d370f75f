//go:build linux

package load_test

import (
	"fmt"
	"syscall"
	"time"
)

// crowd is all readers of a run. One goroutine reads for all that are live: with
// one each, the scheduler of the test would be what is measured.
type crowd struct {
	began    time.Time // what the stamps count from
	readers  []*reader
	posts    int             // how many each is to get; 0 if that is not known
	delays   []time.Duration // of all events at all live readers
	worst    []time.Duration // of those of each second in which the posts were due
	complete int             // live readers that have all, or are lost
	epoll    int
	byFD     map[int32]*reader
	buf      []byte
	stop     chan struct{} // closed when it is enough
	done     chan struct{} // closed when all live readers have all, or were stopped
}

// gather connects the readers: half of them sockets, and of those that are not
// live every tenth, evenly, if there are to be any.
func gather(port, streams, posts int, other kind, alone, silent bool) (*crowd, error) {
	c := &crowd{posts: posts, byFD: make(map[int32]*reader), buf: make([]byte, 256<<10), stop: make(chan struct{}), done: make(chan struct{})}
	var err error
	if c.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	for i := range streams {
		k := live
		if i/2%10 == 0 {
			if alone {
				continue
			}
			k = other
		}
		r, err := dial(port, fmt.Sprintf("reader%d", i), i%2 == 1, silent, k)
		if err != nil {
			c.close()
			return nil, fmt.Errorf("reader %d: %w", i, err)
		}
		r.got = make([]int, 0, posts)
		c.readers = append(c.readers, r)
		if k != live {
			continue
		}
		c.byFD[int32(r.fd)] = r
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(r.fd)}
		if err := syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, r.fd, &event); err != nil {
			c.close()
			return nil, fmt.Errorf("epoll: %w", err)
		}
	}
	c.delays = make([]time.Duration, 0, posts*len(c.byFD))
	return c, nil
}

// close closes all connections.
func (c *crowd) close() {
	for _, r := range c.readers {
		r.close()
	}
	_ = syscall.Close(c.epoll)
}

// of returns the readers of a kind.
func (c *crowd) of(k kind) (some []*reader) {
	for _, r := range c.readers {
		if r.kind == k {
			some = append(some, r)
		}
	}
	return some
}

// read reads for the live readers until all have all, or stop is closed.
func (c *crowd) read() {
	defer close(c.done)
	events := make([]syscall.EpollEvent, 256)
	pong := time.Now()
	for c.complete < len(c.byFD) {
		select {
		case <-c.stop:
			return
		default:
		}
		n, err := syscall.EpollWait(c.epoll, events, 50)
		if err != nil && err != syscall.EINTR {
			return // those that are not complete will be missed
		}
		for _, e := range events[:max(n, 0)] {
			c.take(c.byFD[e.Fd])
		}
		if time.Since(pong) > 5*time.Second {
			pong = time.Now()
			c.pong()
		}
	}
}

// take reads once for a reader.
func (c *crowd) take(r *reader) {
	n, err := syscall.Read(r.fd, c.buf)
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
		return
	case err == nil && n == 0:
		err = syscall.ECONNRESET
	}
	if err != nil {
		c.lose(r, fmt.Errorf("read: %w", err))
		return
	}
	now := time.Since(c.began)
	r.rest = stamps(r.rest, c.buf[:n], func(number int, due time.Duration) {
		r.got = append(r.got, number)
		c.delays = append(c.delays, now-due)
		second := int(due / time.Second)
		c.worst = append(c.worst, make([]time.Duration, max(0, second+1-len(c.worst)))...)
		c.worst[second] = max(c.worst[second], now-due)
		if len(r.got) == c.posts {
			c.complete++
		}
	})
}

func (c *crowd) lose(r *reader, err error) {
	r.err = err
	_ = syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_DEL, r.fd, nil)
	if len(r.got) < c.posts {
		c.complete++
	}
}

// pong shows that the sockets' clients live, without being asked (RFC 6455,
// 5.5.3): what they are sent is not taken apart.
func (c *crowd) pong() {
	for _, r := range c.byFD {
		if r.socket && r.err == nil {
			if err := r.write(frame(0xa, "")); err != nil {
				c.lose(r, err)
			}
		}
	}
}

// sip reads 2 KiB a second for each of the slow readers until stop is closed.
func (c *crowd) sip() {
	const part = 512
	tick := time.NewTicker(time.Second * part / (2 << 10))
	defer tick.Stop()
	buf := make([]byte, part)
	readers := c.of(slow)
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
		for _, r := range readers {
			if r.err != nil {
				continue
			}
			n, err := syscall.Read(r.fd, buf)
			switch {
			case err == syscall.EAGAIN || err == syscall.EINTR:
				continue
			case err == nil && n == 0:
				err = syscall.ECONNRESET
			}
			if r.err = err; err == nil {
				r.rest = stamps(r.rest, buf[:n], func(number int, _ time.Duration) { r.got = append(r.got, number) })
			}
		}
	}
}
