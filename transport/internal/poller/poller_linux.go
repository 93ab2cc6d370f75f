package poller

import (
	"net"
	"os"
	"syscall"
)

type raw = syscall.RawConn

// rawOf returns the descriptor of a connection that can be waited for, or nil. What
// a TLS connection has read ahead is not seen below it.
func rawOf(conn net.Conn) raw {
	switch c := conn.(type) {
	case *net.TCPConn:
		if r, err := c.SyscallConn(); err == nil {
			return r
		}
	case *net.UnixConn:
		if r, err := c.SyscallConn(); err == nil {
			return r
		}
	}
	return nil
}

// queue is an instance of epoll(7). It is itself waited for by the runtime.
type queue struct {
	file *os.File
	fd   int
}

// open opens the queue. The caller holds mu.
func (p *Poller) open() error {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		_ = syscall.Close(fd)
		return err
	}
	file := os.NewFile(uintptr(fd), "epoll")
	conn, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return err
	}
	p.queue = &queue{file, fd}
	go p.listen(p.queue, conn)
	return nil
}

func (q *queue) close() { _ = q.file.Close() }

// once is what a wait is for. EPOLLONESHOT: the descriptor stays, and is told of no
// more until it is watched again.
const once = syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT

// watch waits for the connection of w once. The caller holds mu, and so the queue is
// open. A descriptor that is closed leaves the queue by itself.
func (p *Poller) watch(w *Waiter, age int32) error {
	op := syscall.EPOLL_CTL_ADD
	if w.added {
		op = syscall.EPOLL_CTL_MOD
	}
	event := syscall.EpollEvent{Events: once, Fd: w.slot, Pad: age}
	var failed error
	err := w.raw.Control(func(fd uintptr) {
		failed = syscall.EpollCtl(p.queue.fd, op, int(fd), &event)
	})
	if err != nil {
		return err
	}
	return failed
}

// listen tells what the system tells, until the queue is closed.
func (p *Poller) listen(q *queue, conn syscall.RawConn) {
	events := make([]syscall.EpollEvent, 128)
	_ = conn.Read(func(fd uintptr) bool {
		for {
			n, err := syscall.EpollWait(int(fd), events, 0)
			if err == syscall.EINTR {
				continue
			}
			if err != nil {
				return true
			}
			if n == 0 {
				return false // wait for more
			}
			p.mu.Lock()
			if p.queue == q {
				for _, e := range events[:n] {
					p.tell(e.Fd, e.Pad)
				}
			}
			p.mu.Unlock()
		}
	})
}
