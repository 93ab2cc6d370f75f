package sse

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// stream is one open stream. It runs in the goroutine of its request.
type stream struct {
	gate *transport.Gate
	request
	feed *transport.Feed
	out  sink

	buf   *[]byte         // what is to be written; nil while there is nothing
	wrote time.Time       // when something was written last
	ask   time.Time       // when the host's rules are asked again
	timer *time.Timer     // nil before the first wait
	live  bool            // chat.live was written
	gone  map[string]bool // rooms that the reader may no longer read
}

// errEnded says that the stream has ended, and all is said.
var errEnded = errors.New("stream has ended")

// buffers are shared by all streams: one that has nothing to write has none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, maxWrite)
	return &b
}}

// run serves the stream until it ends.
func (s *stream) run(ctx context.Context) {
	defer func() {
		s.drop()
		if s.timer != nil {
			s.timer.Stop()
		}
	}()
	s.ask = time.Now().Add(s.gate.Options().Heartbeat)
	err := s.hello()
	for err == nil {
		err = s.step(ctx)
	}
	if !errors.Is(err, errEnded) && ctx.Err() == nil {
		s.gate.Options().Logger.Debug("stream was lost", "user", s.grant.User.ID, "error", err)
	}
}

// hello says where the reader stands.
func (s *stream) hello() error {
	b := appendRetry(s.buffer(), jitter())
	b = appendHello(b, s.gate.Chat().StoreID(), s.feed, s.gate.Options().Heartbeat)
	s.keep(b)
	for _, standing := range s.feed.Standings() {
		if standing.Verdict == transport.Reset {
			s.keep(appendReset(s.buffer(), standing, s.nameOf(standing.Room)))
		}
	}
	if s.feed.Verdict() == transport.Resumed {
		return nil // what follows goes into the same write
	}
	return s.flush()
}

// step writes what there is, or waits until there is something.
func (s *stream) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if left, ends := s.gate.UntilExpiry(&s.grant); ends && left <= 0 {
		return s.end(endExpired)
	}
	if !time.Now().Before(s.ask) {
		if err := s.askAgain(); err != nil {
			return err
		}
	}
	draining := s.draining() // before the feed is read: what was stored by then is still written
	batch, err := s.feed.Next(ctx)
	switch {
	case errors.Is(err, chat.ErrShuttingDown):
		return s.end(endDraining)
	case err != nil:
		s.gate.Log("reading for a stream", err)
		return errors.Join(s.flush(), err)
	case draining:
		return errors.Join(s.write(batch), s.end(endDraining))
	case batch.Empty():
		if err := s.flush(); err != nil {
			return err
		}
		s.drop()
		return s.wait(ctx)
	}
	return s.write(batch)
}

func (s *stream) draining() bool {
	select {
	case <-s.gate.Chat().Draining():
		return true
	default:
		return false
	}
}

// write writes a batch, or keeps it to be written with the next.
func (s *stream) write(batch transport.Batch) error {
	for _, standing := range batch.Lost {
		s.keep(appendReset(s.buffer(), standing, s.nameOf(standing.Room)))
	}
	if len(batch.Events) == 1 && s.buf == nil && !s.gone[batch.Events[0].Room] {
		s.wrote = time.Now()
		if err := s.out.write(frame(batch.Events[0], s.named)); err != nil {
			return err
		}
		batch.Events = nil
	}
	for i := range batch.Events {
		e := &batch.Events[i]
		if s.gone[e.Room] {
			continue
		}
		f := frame(*e, s.named)
		if s.buf != nil && len(*s.buf)+len(f) > maxWrite {
			if err := s.flush(); err != nil {
				return err
			}
		}
		s.keep(append(s.buffer(), f...))
	}
	if batch.Live && !s.live {
		s.live = true
		s.keep(appendLive(s.buffer(), s.feed.Mark(), s.feed.Verdict() != transport.Resumed))
		return s.flush() // the reader waits for this
	}
	return nil
}

// wait returns when there may be something to do, or the reader is gone.
func (s *stream) wait(ctx context.Context) error {
	heartbeat := s.gate.Options().Heartbeat
	due := s.wrote.Add(heartbeat)
	if s.ask.Before(due) {
		due = s.ask
	}
	rest := time.Until(due)
	if left, ends := s.gate.UntilExpiry(&s.grant); ends {
		rest = min(rest, left)
	}
	if s.timer == nil {
		s.timer = time.NewTimer(rest)
	} else {
		s.timer.Reset(rest)
	}
	select {
	case <-s.feed.Bell().C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.gate.Chat().Draining():
		return nil
	case <-s.timer.C:
	}
	if time.Since(s.wrote) < heartbeat {
		return nil
	}
	s.wrote = time.Now()
	return s.out.write(ping)
}

// askAgain asks whether the reader may still read each room.
func (s *stream) askAgain() error {
	s.ask = time.Now().Add(s.gate.Options().Heartbeat)
	left := 0
	for _, standing := range s.feed.Standings() {
		room := standing.Room
		if standing.Verdict == transport.NotFound || s.gone[room] {
			continue
		}
		if s.gate.Allow(&s.grant, transport.Read, room) == nil {
			left++
			continue
		}
		if s.gone == nil {
			s.gone = make(map[string]bool)
		}
		s.gone[room] = true
		s.keep(appendEnd(s.buffer(), endForbidden, s.nameOf(room)))
	}
	if left == 0 {
		return errors.Join(s.flush(), errEnded)
	}
	return nil
}

// end says why the stream ends.
func (s *stream) end(reason string) error {
	s.keep(appendEnd(s.buffer(), reason, ""))
	return errors.Join(s.flush(), errEnded)
}

// nameOf returns the room as a stream that may be of several names it.
func (s *stream) nameOf(room string) string {
	if s.many {
		return room
	}
	return ""
}

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
	err := s.out.write(*s.buf)
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
