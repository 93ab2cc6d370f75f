package ws

import (
	"errors"
	"os"
	"sync"
	"time"
)

// maxWrite is about the most that is written at once, in bytes.
const maxWrite = 64 << 10

// errSlow says that the client has taken nothing for the write timeout. The
// code that is meant for it, 4408, cannot reach it: a frame is stuck half-way.
var errSlow = errors.New("client takes nothing")

// buffers are shared by all sockets: one that has nothing to write has none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, maxWrite)
	return &b
}}

// sink gathers frames and writes them to the connection. A single frame is
// written from where it is, more of them from a buffer.
type sink struct {
	*conn
	first     []byte    // the only frame so far
	buf       *[]byte   // all of them, if there are more; else nil
	deadline  time.Time // the write deadline of the connection
	resumable bool      // a write that timed out can be taken up where it stopped
}

func newSink(c *conn) sink { return sink{conn: c, resumable: resumable(c.net)} }

// put adds frames. They must not be changed any more.
func (s *sink) put(frames []byte) error {
	switch {
	case len(frames) == 0:
		return nil
	case s.first == nil && (s.buf == nil || len(*s.buf) == 0):
		s.first = frames
		return nil
	}
	if s.buf == nil {
		s.buf = buffers.Get().(*[]byte)
	}
	if s.first != nil {
		*s.buf = append(*s.buf, s.first...)
		s.first = nil
	}
	if len(*s.buf)+len(frames) > maxWrite {
		if err := s.flush(); err != nil {
			return err
		}
		s.first = frames
		return nil
	}
	*s.buf = append(*s.buf, frames...)
	return nil
}

// flush writes all that was put.
func (s *sink) flush() error {
	p := s.first
	s.first = nil
	if s.buf != nil && len(*s.buf) > 0 {
		p = *s.buf
		*s.buf = (*s.buf)[:0]
	}
	return s.write(p)
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

// write writes p. It fails with errSlow if the client takes nothing for the
// write timeout; one that takes anything may take as long as it needs.
func (s *sink) write(p []byte) error {
	var progress time.Time // when the client took something last
	left := 0              // what it had still to take then, as far as that can be told
	for len(p) > 0 {
		if err := s.renew(); err != nil {
			return err
		}
		n, err := s.net.Write(p[:min(len(p), maxWrite)])
		if err == nil {
			p, progress = p[n:], time.Time{}
			continue
		}
		if !s.resumable || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		p = p[n:]
		now := time.Now()
		queued, ok := unacked(s.net)
		if n > 0 || progress.IsZero() || ok && queued < left {
			progress = now
		} else if now.Sub(progress) >= s.patience() {
			return errSlow
		}
		left = queued
	}
	return nil
}

// patience is how long a client may take nothing: not long once the socket is to
// end.
func (s *sink) patience() time.Duration {
	timeout := s.gate.Options().WriteTimeout
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing == nil {
		return timeout
	}
	return min(timeout, closeTimeout)
}

// renew sees to it that the next write has a deadline that is not too near.
// Setting one costs about as much as encoding an event, so it is set somewhat
// later than needed, and not before each write. Where a write can go on after
// its deadline, deadlines are short, to look at what has become of the client.
func (s *sink) renew() error {
	step := s.gate.Options().WriteTimeout
	if s.resumable {
		step = min(step/4, time.Second)
	}
	now := time.Now()
	if s.deadline.Sub(now) >= step {
		return nil
	}
	s.deadline = now.Add(step + step/4)
	return s.net.SetWriteDeadline(s.deadline)
}
