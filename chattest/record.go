package chattest

import (
	"context"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// Record records the log of rooms, which need not be there yet: all that it holds, and
// what comes, until the test ends. It reads the chat itself, whatever becomes of the
// network, and of several rooms in the order of the store.
func (s *Server) Record(rooms ...string) *Recorder {
	s.t.Helper()
	s.turn.Lock() // not in the midst of a Kill
	defer s.turn.Unlock()
	l := &logReader{rec: s.newRecorder("", rooms), at: chat.Start}
	s.mu.Lock()
	s.logs = append(s.logs, l)
	s.mu.Unlock()
	l.resume(s.site.chat)
	return l.rec
}

// logReader reads the log for a recorder, from one chat after the other.
type logReader struct {
	rec    *Recorder
	at     chat.ID // all up to here is recorded
	cancel context.CancelFunc
	ended  chan struct{}
}

// resume reads on, in a chat.
func (l *logReader) resume(c *chat.Chat) {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel, l.ended = cancel, make(chan struct{})
	go func() {
		defer close(l.ended)
		for e, err := range c.Follow(ctx, l.at, l.rec.rooms...) {
			if err == nil {
				err = l.add(e)
			}
			if err != nil && ctx.Err() == nil {
				l.rec.end(err)
			}
			if err != nil {
				return
			}
		}
	}()
}

// pause returns when the reading has stopped.
func (l *logReader) pause() {
	l.cancel()
	<-l.ended
}

// add records an event in the form of the wire.
func (l *logReader) add(e chat.Event) error {
	var wire client.Event
	if err := wire.UnmarshalJSON(e.JSON()); err != nil {
		return err
	}
	l.at = e.ID
	l.rec.add(wire)
	return nil
}

func (s *Server) pauseLogs() {
	s.mu.Lock()
	logs := s.logs
	s.mu.Unlock()
	for _, l := range logs {
		l.pause()
	}
}
