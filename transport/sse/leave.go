package sse

import (
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/poller"
	"github.com/roomlog/chat/transport/internal/progress"
)

const (
	// maxHeard is how many bytes a client may send on a stream, where there is
	// nothing to say, before it is closed.
	maxHeard = 16 << 10
	// closeTimeout is how long the client may take to hear the end of a stream,
	// and how long it then has to close the connection.
	closeTimeout = time.Second
)

// hijacked is the connection of a stream that has left the server. The turns of
// the stream write to it. That the client has gone is told by the poller, where it can,
// and else by a goroutine that waits for it. What ends last closes the connection.
type hijacked struct {
	*stream
	conn    net.Conn
	waiter  *poller.Waiter // for the client to say something, or go
	heard   int            // bytes that the client has sent
	writer  *progress.Writer
	head    []byte       // of the response, until it is written
	chunked bool         // the body is, RFC 9112, 7.1
	ended   atomic.Int32 // of the two: the stream, and who waits for the client
}

// leave serves the stream on a hijacked connection, and returns at once. The
// head goes out with the first frames.
func (s *stream) leave(conn net.Conn, head []byte, chunked bool) {
	transport.LimitSendBuffer(conn)
	c := &hijacked{stream: s, conn: conn, head: head, chunked: chunked}
	c.writer = progress.New(conn, conn, s.gate.Options().WriteTimeout, c.patience)
	c.waiter = s.handler.poller.Add(conn, c.listen)
	s.start(c)
	if !c.waiter.Wait() {
		go c.listen()
	}
}

// Write is that of a sink. What is written at once is one chunk.
func (c *hijacked) Write(p []byte) error {
	buf := buffers.Get().(*[]byte)
	b, err := c.writeBuffer(append(*buf, p...))
	*buf = b
	giveBack(buf)
	return err
}

func (c *hijacked) writeBuffer(b []byte) ([]byte, error) {
	from := headroom
	if c.chunked {
		b, from = chunk(b)
	}
	p := b[from:]
	if c.head != nil {
		p = append(c.head, p...)
		c.head = nil
	}
	return b, c.send(c.writer, p)
}

// chunk makes what follows the headroom of b a chunk, which begins at from.
func chunk(b []byte) (whole []byte, from int) {
	var size [headroom]byte
	n := append(strconv.AppendInt(size[:0], int64(len(b)-headroom), 16), "\r\n"...)
	from = headroom - len(n)
	copy(b[from:], n)
	return append(b, "\r\n"...), from
}

// lastChunk says that the body is whole.
const lastChunk = "0\r\n\r\n"

// cut closes the connection as it is: TLS would first wait to say goodbye.
func (c *hijacked) cut() {
	_ = progress.Below(c.conn).Close()
	c.waiter.Stop()
}

// over is that of a sink. A client that has been told all is to close the
// connection: what is not read when it is closed here would destroy what was written
// to it.
func (c *hijacked) over(err error) {
	if err == nil && c.chunked {
		err = c.send(c.writer, []byte(lastChunk))
	}
	said := false
	switch half, ok := c.conn.(interface{ CloseWrite() error }); {
	case errors.Is(err, progress.ErrStalled):
		if tcp, is := progress.Below(c.conn).(*net.TCPConn); is {
			_ = tcp.SetLinger(0) // the system need not keep what nobody takes
		}
	case err == nil && ok && half.CloseWrite() == nil:
		said = c.conn.SetReadDeadline(time.Now().Add(closeTimeout)) == nil
		c.waiter.Stop() // and read until then
	}
	if !said {
		c.cut()
	}
	c.end()
}

// listen reads what the client sends, until it is silent again, has gone, or has said
// too much.
func (c *hijacked) listen() {
	for scratch := make([]byte, 64); c.heard <= maxHeard; {
		n, err := c.conn.Read(scratch)
		if c.heard += n; err != nil {
			break
		}
		if c.waiter.Wait() {
			return // another goroutine goes on
		}
	}
	c.lose()
	c.cut()
	c.end()
}

// end ends what is left when both goroutines have ended.
func (c *hijacked) end() {
	if c.ended.Add(1) < 2 {
		return
	}
	_ = c.conn.Close()
	c.close()
}
