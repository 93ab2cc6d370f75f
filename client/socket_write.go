package client

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/gobwas/ws"
)

func (s *socket) queue(frame []byte) {
	s.mu.Lock()
	s.out = append(s.out, frame)
	s.mu.Unlock()
	select {
	case s.asked <- struct{}{}:
	default:
	}
}

// write writes what is queued, until the socket has ended and nothing is left.
func (s *socket) write() {
	defer close(s.flushed)
	for {
		select {
		case <-s.asked:
		case <-s.done:
			return
		}
		s.mu.Lock()
		frames := s.out
		s.out = nil
		s.mu.Unlock()
		var b []byte
		for _, frame := range frames {
			b = append(b, frame...)
		}
		if _, err := s.conn.Write(b); err != nil {
			s.end(&Lost{Err: err})
			return
		}
	}
}

// bye closes the socket in good order, if the server takes part in that.
func (s *socket) bye() {
	s.queue(controlFrame(ws.OpClose, binary.BigEndian.AppendUint16(nil, 1000)))
	t := time.NewTimer(closeTimeout)
	defer t.Stop()
	select {
	case <-s.done:
	case <-t.C:
	}
	s.end(ErrClosed)
}

// closeTimeout is how long the server has to answer a close frame.
const closeTimeout = 500 * time.Millisecond

// end ends the socket.
func (s *socket) end(err error) {
	why := &Lost{Err: err}
	_ = errors.As(err, &why)
	s.mu.Lock()
	first := s.why == nil
	if first {
		s.why = why
		close(s.done)
	}
	s.mu.Unlock()
	if first {
		s.dog.stop()
		_ = s.conn.Close()
	}
}

// wait waits for the end of the socket, and of what is called by its reader.
func (s *socket) wait() *Lost {
	<-s.done
	<-s.flushed
	return s.why
}
