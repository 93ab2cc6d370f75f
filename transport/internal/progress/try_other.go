//go:build !unix

package progress

import "syscall"

// rawOf returns the way to write to a connection without waiting: there is none here.
func rawOf(Conn) syscall.RawConn { return nil }

func try(syscall.RawConn, []byte) (n int, err error) { return 0, nil }
