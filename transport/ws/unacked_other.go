//go:build !linux

package ws

import "net"

// unacked cannot be told here.
func unacked(net.Conn) (int, bool) { return 0, false }
