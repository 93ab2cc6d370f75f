package ws

import (
	"sync"
	"time"

	"github.com/roomlog/chat/transport/internal/progress"
	"github.com/roomlog/chat/transport/internal/workers"
)

// maxWrite is about the most that is written at once, in bytes.
const maxWrite = 64 << 10

// buffers are shared by all sockets: one that has nothing to write has none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, maxWrite)
	return &b
}}

// sink gathers frames and writes them to the connection. A single frame is
// written from where it is, more of them from a buffer.
type sink struct {
	first []byte  // the only frame so far
	buf   *[]byte // all of them, if there are more; else nil
	// out fails with progress.ErrStalled where the client takes nothing. The
	// code that is meant for it, 4408, cannot reach it: a frame is stuck half-way.
	out  *progress.Writer
	task *workers.Task // whose turns write
}

func newSink(w *writer) sink {
	return sink{out: progress.New(w.net, w.net, w.gate.Options().WriteTimeout, w.patience), task: &w.task}
}

// put adds frames. They must not be changed any more.
func (s *sink) put(frames []byte) error {
	switch {
	case len(frames) == 0:
		return nil
	case s.first == nil && (s.buf == nil || len(*s.buf) == 0):
		s.first = frames
		return nil
	}
	b, err := s.room(len(frames))
	if err == nil {
		*b = append(*b, frames...)
	}
	return err
}

// room returns the buffer to append about n bytes of frames to. What does not fit in
// with them is written first.
func (s *sink) room(n int) (*[]byte, error) {
	if s.buf == nil {
		s.buf = buffers.Get().(*[]byte)
	}
	if s.first != nil && len(s.first)+n <= maxWrite {
		*s.buf = append(*s.buf, s.first...)
		s.first = nil
	}
	if s.first != nil || len(*s.buf)+n > maxWrite {
		if err := s.flush(); err != nil {
			return nil, err
		}
	}
	return s.buf, nil
}

// flush writes all that was put.
func (s *sink) flush() error {
	p := s.first
	s.first = nil
	if s.buf != nil && len(*s.buf) > 0 {
		p = *s.buf
		*s.buf = (*s.buf)[:0]
	}
	n, err := s.out.TryWrite(p)
	if err != nil || n == len(p) {
		return err
	}
	s.task.Block() // while the client is waited for, others have their turn
	defer s.task.Unblock()
	return s.out.Write(p[n:])
}

// drop gives the buffer back.
func (s *sink) drop() {
	if s.buf == nil {
		return
	}
	if cap(*s.buf) <= 2*maxWrite { // one that has grown for something large goes
		*s.buf = (*s.buf)[:0]
		buffers.Put(s.buf)
	}
	s.buf = nil
}

// patience is how long a client may take nothing: not long once the socket is to
// end.
func (c *conn) patience() time.Duration {
	timeout := c.gate.Options().WriteTimeout
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing == nil {
		return timeout
	}
	return min(timeout, closeTimeout)
}
