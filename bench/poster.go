package main

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// posters post by HTTP over connections that are kept alive. Each waits for the
// answer to one post before the next. One goroutine serves all of them.
type posters struct {
	began     time.Time // what the stamps count from
	start     time.Time // what the rate counts from
	rooms     int
	rate      float64 // posts a second; 0 = as fast as they are answered
	gate      *gate   // nil = none
	posted    atomic.Uint64
	latency   histogram // of the posts while measuring is on; to be read when they have stopped
	measuring atomic.Bool
	stop      atomic.Bool
	done      chan error
	epoll     int
	all       []*poster
	byFD      map[int32]*poster
	idle      []*poster
	next      uint64 // number of the next post
}

// poster is one connection.
type poster struct {
	fd       int
	user     string
	requests []request // one for each room that it posts to, made when it is needed
	sent     time.Time
	answer   []byte
}

// request is the bytes of a post, and where its stamp goes.
type request struct {
	bytes []byte
	stamp int
}

// connectPosters connects n posters.
func connectPosters(port, n, rooms int, began time.Time, g *gate) (*posters, error) {
	p := &posters{began: began, rooms: rooms, gate: g, done: make(chan error, 1), byFD: make(map[int32]*poster)}
	var err error
	if p.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	for i := range n {
		fd, err := connect(port, 0)
		if err != nil {
			p.close()
			return nil, err
		}
		one := &poster{fd: fd, user: fmt.Sprintf("poster-%06d", i), requests: make([]request, rooms)}
		p.all, p.idle = append(p.all, one), append(p.idle, one)
		p.byFD[int32(fd)] = one
		if err := watch(p.epoll, fd); err != nil {
			p.close()
			return nil, err
		}
	}
	if g != nil {
		if err := watch(p.epoll, g.event); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

func (p *posters) close() {
	for _, one := range p.all {
		_ = syscall.Close(one.fd)
	}
	_ = syscall.Close(p.epoll)
}

// newRequest returns the post of a user to a room.
func newRequest(user, room, text string) request {
	body := `{"text":"` + text + `"}`
	b := fmt.Appendf(nil, "POST /rooms/%s/messages HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", room, token(user), len(body), body)
	return request{bytes: b, stamp: len(b) - len(body) + len(`{"text":"@`)}
}

// run is the goroutine of the posters, until they are stopped and all that was
// posted is answered.
func (p *posters) run() {
	events := make([]syscall.EpollEvent, 256)
	buf := make([]byte, 16<<10)
	p.start = time.Now()
	for {
		wait, err := p.send()
		if err != nil {
			p.done <- err
			return
		}
		if p.stop.Load() && len(p.idle) == len(p.all) {
			p.done <- nil
			return
		}
		n, err := syscall.EpollWait(p.epoll, events, wait)
		if err != nil && err != syscall.EINTR {
			p.done <- fmt.Errorf("epoll: %w", err)
			return
		}
		for _, e := range events[:max(n, 0)] {
			one := p.byFD[e.Fd]
			if one == nil {
				p.gate.clear()
				continue
			}
			if err := p.take(one, buf); err != nil {
				p.done <- err
				return
			}
		}
	}
}

// send posts with those that are idle, as far as they may, and returns for how
// many milliseconds at most to wait then.
func (p *posters) send() (wait int, err error) {
	for len(p.idle) > 0 && !p.stop.Load() {
		if p.rate > 0 {
			due := time.Duration(float64(p.next) / p.rate * float64(time.Second))
			if left := due - time.Since(p.start); left > 0 {
				return min(20, 1+int(left/time.Millisecond)), nil
			}
		}
		if p.gate != nil && p.next >= p.gate.allowed.Load() {
			p.gate.waits.Store(true)
			if p.next >= p.gate.allowed.Load() { // still: who moves the gate now sees that it is waited for
				break
			}
			continue
		}
		one := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if err := p.post(one); err != nil {
			return 0, err
		}
	}
	return 20, nil
}

func (p *posters) post(one *poster) error {
	room := int(p.next % uint64(p.rooms))
	r := &one.requests[room]
	if r.bytes == nil {
		*r = newRequest(one.user, roomName(room), stampedText())
	}
	one.sent = time.Now()
	putStamp(r.bytes[r.stamp:], p.next, one.sent.Sub(p.began))
	p.next++
	if n, err := syscall.Write(one.fd, r.bytes); err != nil || n < len(r.bytes) {
		return fmt.Errorf("wrote %d bytes of a post: %w", n, err)
	}
	return nil
}

// take reads once for a poster.
func (p *posters) take(one *poster, buf []byte) error {
	n, err := syscall.Read(one.fd, buf)
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
		return nil
	case err != nil || n == 0:
		return fmt.Errorf("a poster was lost (%d bytes): %w", n, err)
	}
	one.answer = append(one.answer, buf[:n]...)
	whole, err := answered(one.answer)
	if err != nil || !whole {
		return err
	}
	one.answer = one.answer[:0]
	if p.measuring.Load() {
		p.latency.add(time.Since(one.sent))
	}
	p.posted.Add(1)
	p.idle = append(p.idle, one)
	return nil
}

// answered reports whether the answer to a post is there, and is an error unless
// it says that something was made.
func answered(b []byte) (whole bool, err error) {
	head, body, found := bytes.Cut(b, []byte("\r\n\r\n"))
	if !found {
		return false, nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 201 ")) {
		return false, fmt.Errorf("a post was answered %q", b)
	}
	_, length, _ := bytes.Cut(head, []byte("\r\nContent-Length: "))
	length, _, _ = bytes.Cut(length, []byte("\r"))
	n, err := strconv.Atoi(string(length))
	if err != nil {
		return false, fmt.Errorf("length of the answer %q: %w", head, err)
	}
	return len(body) >= n, nil
}

// halt stops the posters when all is answered, and returns why they had stopped
// if they had before.
func (p *posters) halt() error {
	p.stop.Store(true)
	return <-p.done
}
