package sse

import (
	"sync"
	"time"
)

// maxWrite is about the most that is gathered to be written at once, in bytes.
const maxWrite = 64 << 10

// buffers are shared by all streams: one that has nothing to write has none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, maxWrite)
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

// flush writes what is to be written.
func (s *stream) flush() error {
	if s.buf == nil || len(*s.buf) == 0 {
		return nil
	}
	s.wrote = time.Now()
	err := s.out.Write(*s.buf)
	*s.buf = (*s.buf)[:0]
	return err
}

// drop gives the buffer back.
func (s *stream) drop() {
	if s.buf == nil {
		return
	}
	if cap(*s.buf) <= 2*maxWrite { // one that has grown for a large event goes
		*s.buf = (*s.buf)[:0]
		buffers.Put(s.buf)
	}
	s.buf = nil
}
