package sse

import (
	"sync"
	"time"
)

const (
	// maxWrite is about the most that is gathered to be written at once, in bytes.
	maxWrite = 64 << 10
	// headroom is what is kept free at the beginning of a buffer, for what a
	// connection puts before it: the size of a chunk.
	headroom = len("ffffffff\r\n")
)

// buffers are shared by all streams: one that has nothing to write has none. Each
// begins with its headroom.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, headroom, headroom+maxWrite)
	return &b
}}

// buffer returns what is to be written, to append to; hand it to keep.
func (s *stream) buffer() []byte {
	if s.buf == nil {
		s.buf = buffers.Get().(*[]byte)
	}
	return *s.buf
}

func (s *stream) keep(b []byte) { *s.buf = b }

// gathered is how many bytes are to be written.
func (s *stream) gathered() int {
	if s.buf == nil {
		return 0
	}
	return len(*s.buf) - headroom
}

// flush writes what is to be written.
func (s *stream) flush() error {
	if s.gathered() == 0 {
		return nil
	}
	s.wrote = time.Now()
	b, err := s.out.writeBuffer(*s.buf)
	*s.buf = b[:headroom]
	return err
}

// drop gives the buffer back.
func (s *stream) drop() {
	if s.buf != nil {
		giveBack(s.buf)
		s.buf = nil
	}
}

// giveBack gives a buffer back. One that has grown for a large event goes.
func giveBack(b *[]byte) {
	if cap(*b) <= 2*maxWrite {
		*b = (*b)[:headroom]
		buffers.Put(b)
	}
}
