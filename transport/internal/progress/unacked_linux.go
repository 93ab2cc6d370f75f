package progress

import (
	"net"
	"syscall"
	"unsafe"
)

// unacked returns how many bytes that were written to a connection its peer has
// not acknowledged (SIOCOUTQ of tcp(7)), if that can be told. A socket that is
// not writable may still be emptied, slowly: Linux calls it writable only once a
// third of its buffer is free.
func unacked(conn net.Conn) (n int, ok bool) {
	if conn == nil {
		return 0, false
	}
	sc, is := Below(conn).(syscall.Conn)
	if !is {
		return 0, false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, false
	}
	var queued int32
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&queued)))
	})
	return int(queued), err == nil && errno == 0
}
