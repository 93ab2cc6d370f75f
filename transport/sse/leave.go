package sse

import (
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/roomlog/chat/transport"
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

// hijacked is the connection of a stream that has left the server. Two
// goroutines serve it: one runs the stream and alone writes, the other waits for
// the client to go. The last one to end closes the connection.
type hijacked struct {
	*stream
	conn    net.Conn
	writer  *progress.Writer
	head    []byte       // of the response, until it is written
	chunked bool         // the body is, RFC 9112, 7.1
	ended   atomic.Int32 // goroutines that have
	scratch [64]byte     // what the client sends
}

// leave serves the stream on a hijacked connection, and returns at once. The
// head goes out with the first frames.
func (s *stream) leave(conn net.Conn, head []byte, chunked bool) {
	transport.LimitSendBuffer(conn)
	c := &hijacked{stream: s, conn: conn, head: head, chunked: chunked}
	c.writer = progress.New(conn, conn, s.gate.Options().WriteTimeout, c.patience)
	s.attach(c)
	go c.serve()
	go c.listen()
}

// Write is that of a sink. What is written at once is one chunk.
func (c *hijacked) Write(p []byte) error {
	if !c.chunked && c.head == nil {
		return c.writer.Write(p)
	}
	buf := buffers.Get().(*[]byte)
	b := append((*buf)[:0], c.head...)
	c.head = nil
	if c.chunked {
		b = strconv.AppendInt(b, int64(len(p)), 16)
		b = append(b, "\r\n"...)
	}
	b = append(b, p...)
	if c.chunked {
		b = append(b, "\r\n"...)
	}
	err := c.writer.Write(b)
	if cap(b) <= 2*maxWrite {
		*buf = b[:0]
		buffers.Put(buf)
	}
	return err
}

// lastChunk says that the body is whole.
const lastChunk = "0\r\n\r\n"

// cut closes the connection as it is: TLS would first wait to say goodbye.
func (c *hijacked) cut() { _ = progress.Below(c.conn).Close() }

// serve runs the stream.
func (c *hijacked) serve() {
	said := false
	defer func() {
		if !said {
			c.cut()
		}
		c.end()
	}()
	defer c.rescue()
	err := c.run()
	c.drop()
	if err == nil && c.chunked {
		err = c.writer.Write([]byte(lastChunk))
	}
	switch half, ok := c.conn.(interface{ CloseWrite() error }); {
	case errors.Is(err, progress.ErrStalled):
		if tcp, is := progress.Below(c.conn).(*net.TCPConn); is {
			_ = tcp.SetLinger(0) // the system need not keep what nobody takes
		}
	case err == nil && ok && half.CloseWrite() == nil:
		// What is not read when a connection is closed destroys what was written
		// to it; so the client is to close it.
		said = c.conn.SetReadDeadline(time.Now().Add(closeTimeout)) == nil
	}
}

// listen waits until the client has gone, or says too much.
func (c *hijacked) listen() {
	defer c.end()
	defer c.rescue()
	for heard := 0; heard <= maxHeard; {
		n, err := c.conn.Read(c.scratch[:])
		heard += n
		if err != nil {
			break
		}
	}
	c.lose()
	c.cut()
}

// end ends what is left when both goroutines have ended.
func (c *hijacked) end() {
	if c.ended.Add(1) < 2 {
		return
	}
	_ = c.conn.Close()
	c.close()
}
