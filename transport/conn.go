package transport

import (
	"context"
	"net"

	"github.com/roomlog/chat/transport/internal/progress"
)

// SendBuffer is the size of the kernel's send buffer for a stream or socket, in
// bytes. Left to itself Linux lets it grow to some megabytes and calls it
// writable only once a third of it is free: a reader that is slow but steady
// then looks like one that takes nothing, and one that is frozen costs all that
// memory.
const SendBuffer = 128 << 10

// ConnContext fits http.Server.ConnContext: it gives every connection a send
// buffer of SendBuffer, and lets streams see how much of what they write is
// taken. Sockets and streams that have left the server do both for themselves.
// It is of use for streams that cannot leave it: behind a middleware that hides
// Hijack and, as to the buffer, over HTTP/2.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	LimitSendBuffer(c)
	return progress.WithConn(ctx, c)
}

// LimitSendBuffer sets the send buffer of a TCP connection, also one below
// TLS, to SendBuffer. Other connections stay as they are.
func LimitSendBuffer(c net.Conn) {
	if below, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = below.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(SendBuffer) // without it the connection works all the same
	}
}
