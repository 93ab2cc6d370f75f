package sse

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// stream is one open stream. One goroutine runs it. Another may ring its bell
// after it has set one of the flags.
type stream struct {
	handler *Handler
	gate    *transport.Gate
	request
	source  transport.Source
	feed    *transport.Feed // the source, if that is of rooms; else nil
	out     sink            // attached before the stream runs
	release func()          // counts the stream out

	buf   *[]byte     // what is to be written; nil while there is nothing
	wrote time.Time   // when something was written last
	ask   time.Time   // when the host's rules are asked again
	timer *time.Timer // nil before the first wait
	live  bool        // chat.live was written

	lost     atomic.Bool // the reader has gone
	draining atomic.Bool // the stream is to end
	mu       sync.Mutex  // guards out against Cut
}

// sink is where a stream is written to.
type sink interface {
	// Write writes p and sees it off. It fails if the reader has taken nothing
	// for the write timeout.
	Write(p []byte) error
	// cut ends a write that is under way. It may be called by any goroutine.
	cut()
}

// Why a stream is no longer written to, beside what a write may fail with.
var (
	errEnded = errors.New("stream has ended") // and all is said
	errLost  = errors.New("reader has gone")
)

// open opens the feed. It does not hold on to the request.
func (s *stream) open(r *http.Request) error {
	if s.handler.lists {
		s.source = s.gate.RoomList(&s.grant, nil)
		return nil
	}
	feed, err := s.gate.Open(r.Context(), transport.FeedQuery{
		Rooms:  s.rooms,
		Many:   s.many,
		Grant:  &s.grant,
		Cursor: transport.RequestCursor(r),
		Store:  strings.Clone(r.URL.Query().Get("store")),
	})
	if err == nil {
		s.feed, s.source = feed, feed
	}
	return err
}

// End tells the stream to end. It may be called by any goroutine.
func (s *stream) End() {
	s.draining.Store(true)
	s.source.Bell().Ring()
}

// Cut ends the stream without a word. It may be called by any goroutine.
func (s *stream) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose()
	if s.out != nil {
		s.out.cut()
	}
}

// attach gives the stream what it is written to.
func (s *stream) attach(out sink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = out
}

// lose notes that nobody reads any more. It may be called by any goroutine.
func (s *stream) lose() {
	s.lost.Store(true)
	s.source.Bell().Ring()
}

// patience is how long the client may take nothing: not long once the stream is
// to end. It may be called by any goroutine.
func (s *stream) patience() time.Duration {
	timeout := s.gate.Options().WriteTimeout
	if s.draining.Load() {
		return min(timeout, closeTimeout)
	}
	return timeout
}

// close gives back what the stream has taken from others. The stream has been
// counted in by the handler.
func (s *stream) close() {
	s.discard()
	s.handler.streams.Remove(s)
}

// discard gives back what a stream that was never counted in has taken.
func (s *stream) discard() {
	s.drop()
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.source != nil {
		s.source.Close()
	}
	if s.release != nil {
		s.release()
	}
}

// run serves the stream until it ends. It returns why, and nil if all was said.
func (s *stream) run() error {
	s.ask = time.Now().Add(s.gate.Options().Heartbeat)
	err := s.hello()
	for err == nil {
		err = s.step()
	}
	if errors.Is(err, errEnded) {
		return nil
	}
	if !s.lost.Load() {
		s.gate.Options().Logger.Debug("stream was lost", "user", s.grant.User.ID, "error", err)
	}
	return err
}

// rescue ends the stream alone where a bug would end the program.
func (s *stream) rescue() {
	if p := recover(); p != nil {
		s.gate.Options().Logger.Error("stream panicked", "panic", p, "stack", string(debug.Stack()))
		s.lose()
	}
}

// hello says where the reader stands.
func (s *stream) hello() error {
	b := appendRetry(s.buffer(), jitter())
	b = appendHello(b, s.gate.Chat().StoreID(), s.feed, s.gate.Options().Heartbeat, s.gate.Limits())
	s.keep(b)
	if s.feed == nil {
		return s.flush()
	}
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
func (s *stream) step() error {
	if s.lost.Load() {
		return errLost
	}
	if left, ends := s.gate.UntilExpiry(&s.grant); ends && left <= 0 {
		return s.end(endExpired)
	}
	if !time.Now().Before(s.ask) {
		s.ask = time.Now().Add(s.gate.Options().Heartbeat)
		s.source.Ask(context.Background(), &s.grant)
	}
	draining := s.draining.Load() // before the feed is read: what was stored by then is still written
	batch, err := s.source.Next(context.Background())
	switch {
	case errors.Is(err, chat.ErrShuttingDown):
		return s.end(endDraining)
	case err != nil:
		s.gate.Log("reading for a stream", err)
		return errors.Join(s.flush(), err)
	case draining:
		if err := s.write(batch); err != nil { // perhaps that all rooms are gone
			return err
		}
		return s.end(endDraining)
	case batch.Empty():
		if err := s.flush(); err != nil {
			return err
		}
		s.drop()
		return s.wait(batch.Wait)
	}
	return s.write(batch)
}

// write writes a batch, or keeps it to be written with the next.
func (s *stream) write(batch transport.Batch) error {
	for _, standing := range batch.Lost {
		s.keep(appendReset(s.buffer(), standing, s.nameOf(standing.Room)))
	}
	if len(batch.Events) == 1 && s.buf == nil {
		s.wrote = time.Now()
		if err := s.out.Write(s.as.frame(batch.Events[0])); err != nil {
			return err
		}
		batch.Events = nil
	}
	for i := range batch.Events {
		e := &batch.Events[i]
		f := s.as.frame(*e)
		if s.buf != nil && len(*s.buf)+len(f) > maxWrite {
			if err := s.flush(); err != nil {
				return err
			}
		}
		s.keep(append(s.buffer(), f...))
	}
	if batch.Live && !s.live {
		s.live = true
		s.keep(appendLive(s.buffer(), batch.Mark, s.feed.Verdict() != transport.Resumed))
		if err := s.flush(); err != nil { // the reader waits for this
			return err
		}
	}
	for _, signal := range batch.Signals {
		s.keep(appendNews(s.buffer(), signal))
		if len(*s.buf) > maxWrite {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	if len(batch.Signals) > 0 { // they are of now, whatever else is to be read
		if err := s.flush(); err != nil {
			return err
		}
	}
	for _, room := range batch.Gone {
		s.keep(appendEnd(s.buffer(), endForbidden, s.nameOf(room)))
	}
	if len(batch.Gone) > 0 && s.feed.Over() {
		return errors.Join(s.flush(), errEnded)
	}
	return nil
}

// wait returns when there may be something to do, and after atMost, if that is
// not 0.
func (s *stream) wait(atMost time.Duration) error {
	heartbeat := s.gate.Options().Heartbeat
	due := s.wrote.Add(heartbeat)
	if s.ask.Before(due) {
		due = s.ask
	}
	rest := time.Until(due)
	if left, ends := s.gate.UntilExpiry(&s.grant); ends {
		rest = min(rest, left)
	}
	if atMost > 0 {
		rest = min(rest, atMost)
	}
	if s.timer == nil {
		s.timer = time.NewTimer(rest)
	} else {
		s.timer.Reset(rest)
	}
	select {
	case <-s.source.Bell().C:
		return nil
	case <-s.timer.C:
	}
	if time.Since(s.wrote) < heartbeat {
		return nil
	}
	s.wrote = time.Now()
	return s.out.Write(ping)
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
