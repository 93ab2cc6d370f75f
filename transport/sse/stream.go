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
	"github.com/roomlog/chat/internal/panics"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/progress"
	"github.com/roomlog/chat/transport/internal/workers"
)

// stream is one open stream. It has no goroutine of its own to write: whatever
// there may be to do rings its task, and its turns alone use what is not said to
// be for any goroutine.
type stream struct {
	handler *Handler
	gate    *transport.Gate
	request
	task    workers.Task
	source  transport.Source
	feed    *transport.Feed // the source, if that is of rooms; else nil
	out     sink            // attached before the first turn
	release func()          // counts the stream out

	buf   *[]byte   // what is to be written; nil while there is nothing
	spent int       // bytes that were written in this turn
	wrote time.Time // when something was written last
	ask   time.Time // when the host's rules are asked again; zero before the first turn
	live  bool      // chat.live was written

	lost     atomic.Bool // the reader has gone
	draining atomic.Bool // the stream is to end
	mu       sync.Mutex  // guards out against Cut
}

// sink is where a stream is written to.
type sink interface {
	// Write writes p and sees it off. It fails if the reader has taken nothing
	// for the write timeout.
	Write(p []byte) error
	// writeBuffer writes what follows the headroom of a buffer, as Write does. It may
	// change the buffer, and returns it.
	writeBuffer(b []byte) ([]byte, error)
	// cut ends a write that is under way. It may be called by any goroutine.
	cut()
	// over says that the stream has ended, and why: nil if all was said. It is
	// the last that the stream calls.
	over(err error)
}

// Why a stream is no longer written to, beside what a write may fail with.
var (
	errEnded  = errors.New("stream has ended") // and all is said
	errLost   = errors.New("reader has gone")
	errBroken = errors.New("stream has panicked")
)

// open opens the feed. It does not hold on to the request.
func (s *stream) open(r *http.Request) error {
	s.task.Init(s.handler.pool, s)
	bell := chat.NewBellFunc(s.task.Ring)
	if s.handler.lists {
		s.source = s.gate.RoomList(&s.grant, bell)
		return nil
	}
	feed, err := s.gate.Open(r.Context(), transport.FeedQuery{
		Rooms:  s.rooms,
		Many:   s.many,
		Grant:  &s.grant,
		Cursor: transport.RequestCursor(r),
		Store:  strings.Clone(r.URL.Query().Get("store")),
		Bell:   bell,
	})
	if err == nil {
		s.feed, s.source = feed, feed
	}
	return err
}

// End tells the stream to end. It may be called by any goroutine.
func (s *stream) End() {
	s.draining.Store(true)
	s.task.Ring()
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

// start gives the stream what it is written to, and begins its first turn.
func (s *stream) start(out sink) {
	s.mu.Lock()
	s.out = out
	s.mu.Unlock()
	s.task.Start()
}

// send writes p by w. While that waits for the client it holds up nobody else.
func (s *stream) send(w *progress.Writer, p []byte) error {
	s.spent += len(p)
	n, err := w.TryWrite(p)
	if err != nil || n == len(p) {
		return err
	}
	s.task.Block()
	defer s.task.Unblock()
	return w.Write(p[n:])
}

// lose notes that nobody reads any more. It may be called by any goroutine.
func (s *stream) lose() {
	s.lost.Store(true)
	s.task.Ring()
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
	if s.source != nil {
		s.source.Close()
	}
	if s.release != nil {
		s.release()
	}
}

// Turn writes what there is, or a share of it. It ends the stream alone where a
// bug would end the program, or where a hook of the host has ended the goroutine.
func (s *stream) Turn() (next workers.Next) {
	whole := false
	defer func() {
		if p := recover(); p != nil || !whole {
			s.gate.Options().Logger.Error("stream panicked", "panic", panics.Text(p), "stack", string(debug.Stack()))
			s.lost.Store(true) // there is no more to log
			s.finish(errBroken)
			next = workers.Done
		}
	}()
	next = s.serve()
	whole = true
	return next
}

// serve is Turn that may panic.
func (s *stream) serve() workers.Next {
	var err error
	if s.ask.IsZero() {
		s.ask = time.Now().Add(s.gate.Options().Heartbeat)
		err = s.hello()
	}
	for s.spent = 0; err == nil; {
		if s.spent >= maxWrite {
			return workers.More
		}
		var rest time.Duration
		if rest, err = s.step(); rest > 0 && err == nil {
			s.task.RingWithin(rest)
			return workers.Idle
		}
	}
	s.finish(err)
	return workers.Done
}

// finish ends the stream, of which err says why.
func (s *stream) finish(err error) {
	s.drop()
	if errors.Is(err, errEnded) {
		err = nil
	}
	if err != nil && !s.lost.Load() {
		s.gate.Options().Logger.Debug("stream was lost", "user", s.grant.User.ID, "error", err)
	}
	s.out.over(err)
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

// step writes something of what there is. Where there is no more, it returns how
// long the stream may rest unless its task is rung.
func (s *stream) step() (rest time.Duration, err error) {
	if s.lost.Load() {
		return 0, errLost
	}
	if left, ends := s.gate.UntilExpiry(&s.grant); ends && left <= 0 {
		return 0, s.end(endExpired)
	}
	if !time.Now().Before(s.ask) {
		s.ask = time.Now().Add(s.gate.Options().Heartbeat)
		s.review()
	}
	draining := s.draining.Load() // before the feed is read: what was stored by then is still written
	batch, err := s.source.Next(context.Background())
	switch {
	case errors.Is(err, chat.ErrShuttingDown):
		return 0, s.end(endDraining)
	case err != nil:
		s.gate.Log("reading for a stream", err)
		return 0, errors.Join(s.flush(), err)
	case draining:
		if err := s.write(batch); err != nil { // perhaps that all rooms are gone
			return 0, err
		}
		return 0, s.end(endDraining)
	case batch.Empty():
		if err := s.flush(); err != nil {
			return 0, err
		}
		s.drop()
		return s.rest(batch.Wait)
	}
	return 0, s.write(batch)
}

// review asks the host's rules anew. They may take their time, as those do that ask a
// database: meanwhile others have their turn.
func (s *stream) review() {
	if s.grant.May != nil {
		s.task.Block()
		defer s.task.Unblock()
	}
	s.source.Ask(context.Background(), &s.grant)
}

// write writes a batch, or keeps it to be written with the next.
func (s *stream) write(batch transport.Batch) error {
	for _, standing := range batch.Lost {
		s.keep(appendReset(s.buffer(), standing, s.nameOf(standing.Room)))
	}
	if len(batch.Events) == 1 && s.gathered() == 0 {
		s.wrote = time.Now()
		if err := s.out.Write(s.as.frame(batch.Events[0])); err != nil {
			return err
		}
		batch.Events = nil
	}
	if whole, err := s.share(batch.Events); err != nil {
		return err
	} else if whole {
		batch.Events = nil
	}
	for i := range batch.Events {
		e := &batch.Events[i]
		f := s.as.frame(*e)
		if s.gathered()+len(f) > maxWrite {
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
		if s.gathered() > maxWrite {
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

// rest returns how long the stream may rest, which is no longer than atMost, if that
// is not 0. A reader who has heard nothing for a heartbeat is sent one.
func (s *stream) rest(atMost time.Duration) (time.Duration, error) {
	heartbeat := s.gate.Options().Heartbeat
	now := time.Now()
	if now.Sub(s.wrote) >= heartbeat {
		s.wrote = now
		if err := s.out.Write(ping); err != nil {
			return 0, err
		}
	}
	due := s.wrote.Add(heartbeat)
	if s.ask.Before(due) {
		due = s.ask
	}
	rest := due.Sub(now)
	if left, ends := s.gate.UntilExpiry(&s.grant); ends {
		rest = min(rest, left)
	}
	if atMost > 0 {
		rest = min(rest, atMost)
	}
	return max(rest, 1), nil
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
