package sse

import (
	"time"

	"github.com/roomlog/chat"
)

// share writes events as a chunk that other streams write, too, and reports whether
// it has: where the stream is of one room, has nothing else to be written before them,
// and another is behind by the same events.
func (s *stream) share(events []chat.Event) (whole bool, err error) {
	out, leaves := s.out.(*hijacked)
	if !leaves || !out.chunked || out.head != nil || s.many || s.gathered() > 0 {
		return false, nil
	}
	size := headroom
	for i := range events {
		size += len(events[i].JSON()) + frameOverhead
	}
	if size > maxWrite {
		return false, nil
	}
	cache := &s.handler.batches[0]
	if s.as == s.handler.named {
		cache = &s.handler.batches[1]
	}
	p := cache.Of(events, func() []byte {
		b := make([]byte, headroom, size)
		for i := range events {
			b = append(b, s.as.frame(events[i])...)
		}
		b, from := chunk(b)
		return b[from:]
	})
	if p == nil {
		return false, nil
	}
	s.wrote = time.Now()
	return true, out.send(out.writer, p)
}

// frameOverhead is about what a frame has beside the body of its event, in bytes.
const frameOverhead = 64
