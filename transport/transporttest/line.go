package transporttest

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// line is the client's end of a connection. It can be slow, or be cut.
type line struct {
	net.Conn
	rate  int           // bytes a second, in reads of 1 KiB at most; 0 = no limit
	began time.Time     // of a line with a rate
	taken int           // bytes since then
	left  *atomic.Int64 // bytes until it is cut; nil = it is not
}

// Sizes of buffers: one that is soon full, and one with which a sender sees a
// slow reader take something all the time. With a very small one the kernel
// waits between its segments.
const (
	smallBuffer  = 16 << 10
	steadyBuffer = 64 << 10
)

// errCut says that a line was cut, as it was meant to be.
var errCut = errors.New("line is cut")

// dialer makes lines.
type dialer struct {
	rate   int   // bytes a second; 0 = no limit
	buffer int   // bytes that the kernel takes ahead; 0 = as many as it likes
	cutAt  int64 // after how many bytes it is cut; 0 = it is not
}

func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok && d.buffer > 0 {
		_ = tcp.SetReadBuffer(d.buffer) // without it there is more to send until it is full
	}
	l := &line{Conn: conn, rate: d.rate, began: time.Now()}
	if d.cutAt > 0 {
		l.left = new(atomic.Int64)
		l.left.Store(d.cutAt)
	}
	return l, nil
}

// Read reads what the line lets through.
func (l *line) Read(p []byte) (int, error) {
	if l.rate > 0 {
		due := l.began.Add(time.Duration(l.taken) * time.Second / time.Duration(l.rate))
		time.Sleep(time.Until(due)) // the slowness of the line
		n, err := l.Conn.Read(p[:min(len(p), 1<<10)])
		l.taken += n
		return n, err
	}
	if l.left == nil {
		return l.Conn.Read(p)
	}
	left := l.left.Load()
	if left <= 0 {
		_ = l.Close()
		return 0, errCut
	}
	n, err := l.Conn.Read(p[:min(int64(len(p)), left)])
	l.left.Add(int64(-n))
	return n, err
}
