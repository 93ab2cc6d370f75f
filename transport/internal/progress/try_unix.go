//go:build unix

package progress

import (
	"net"
	"sync"
	"syscall"
)

// rawOf returns the way to write to a connection without waiting, or nil if it has
// none.
func rawOf(conn Conn) syscall.RawConn {
	switch c := conn.(type) {
	case *net.TCPConn:
		if raw, err := c.SyscallConn(); err == nil {
			return raw
		}
	case *net.UnixConn:
		if raw, err := c.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// An attempt is one call of try. They are kept, for the sake of their functions.
type attempt struct {
	p     []byte
	n     int
	err   error
	write func(fd uintptr) bool
}

var attempts = sync.Pool{New: func() any {
	a := &attempt{}
	a.write = func(fd uintptr) bool {
		for a.n < len(a.p) {
			n, err := syscall.Write(int(fd), a.p[a.n:min(len(a.p), a.n+maxPiece)])
			if n > 0 {
				a.n += n
			}
			switch err {
			case nil:
			case syscall.EINTR:
			case syscall.EAGAIN:
				return true
			default:
				a.err = err
				return true
			}
		}
		return true
	}
	return a
}}

// try writes what the system takes at once.
func try(raw syscall.RawConn, p []byte) (n int, err error) {
	a := attempts.Get().(*attempt)
	a.p, a.n, a.err = p, 0, nil
	err = raw.Write(a.write)
	if err == nil {
		err = a.err
	}
	n, a.p = a.n, nil
	attempts.Put(a)
	return n, err
}
