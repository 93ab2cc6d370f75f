package chattest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat/client"
)

// Recorder has the events of rooms, from the first one on, as they come. Its methods
// may be called concurrently.
type Recorder struct {
	t        testing.TB
	reader   string // who reads, for people; empty is the log itself
	rooms    []string
	patience time.Duration
	state    func() client.State // of the reader's client; nil for the log itself

	mu      sync.Mutex
	events  []client.Event
	errs    []error
	open    int           // readings that have not ended; without any nothing more comes
	changed chan struct{} // closed at the next change
}

func (s *Server) newRecorder(reader string, rooms []string) *Recorder {
	s.t.Helper()
	if len(rooms) == 0 {
		s.t.Fatal("chattest: no room to record")
	}
	return &Recorder{
		t: s.t, reader: reader, rooms: rooms, patience: s.options.Patience,
		open: 1, changed: make(chan struct{}),
	}
}

// Events returns what has come by now, of several rooms in the order in which it came.
func (r *Recorder) Events() []client.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Texts returns the texts of the messages that have come by now, as they were posted.
func (r *Recorder) Texts() []string {
	var texts []string
	for _, e := range r.Events() {
		if text, ok := textOf(e); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Err returns what went wrong with the reading, nil if nothing has: each *client.Reset,
// and why it has ended.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.errs...)
}

// Wait waits until n events have come in all, and returns those n. It fails the test
// if they do not come in time, or cannot come any more.
func (r *Recorder) Wait(n int) []client.Event {
	r.t.Helper()
	if !r.await(func(events []client.Event) bool { return len(events) >= n }) {
		r.t.Fatal(r.report(wanted(n)))
	}
	return r.Events()[:n]
}

// WaitFor waits for an event that matches, and returns the first one that does, which
// may have come before. It fails the test if none comes in time, or can come any more.
// match is called once for each event.
func (r *Recorder) WaitFor(match func(client.Event) bool) client.Event {
	r.t.Helper()
	var found client.Event
	seen := 0
	if !r.await(func(events []client.Event) bool {
		for _, found = range events[seen:] {
			seen++
			if match(found) {
				return true
			}
		}
		return false
	}) {
		r.t.Fatal(r.report("an event that matches"))
	}
	return found
}

// Text matches a message with that text, for WaitFor.
func Text(text string) func(client.Event) bool {
	return func(e client.Event) bool {
		got, ok := textOf(e)
		return ok && got == text
	}
}

// textOf returns the text of a message that was posted.
func textOf(e client.Event) (text string, ok bool) {
	fact, err := e.Fact()
	posted, ok := fact.(client.MessagePosted)
	return posted.Text, ok && err == nil
}

// await waits until enough has come. It reports whether it has.
func (r *Recorder) await(enough func([]client.Event) bool) bool {
	deadline := time.NewTimer(r.patience)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		events, open, changed := r.events, r.open, r.changed
		r.mu.Unlock()
		if enough(events) {
			return true
		}
		if open == 0 {
			return false
		}
		select {
		case <-changed:
		case <-deadline.C:
			return false
		}
	}
}

// change notes what has come.
func (r *Recorder) change(note func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	note()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *Recorder) add(e client.Event) { r.change(func() { r.events = append(r.events, e) }) }

// end notes why one reading has ended.
func (r *Recorder) end(err error) {
	r.change(func() {
		r.errs = append(r.errs, err)
		r.open--
	})
}

// follow records what a client is sent of a room.
func (r *Recorder) follow(ctx context.Context, room *client.Room) {
	for e, err := range room.Follow(ctx, client.Earliest) {
		var reset *client.Reset
		switch {
		case err == nil:
			r.add(e)
		case errors.As(err, &reset):
			r.change(func() { r.errs = append(r.errs, err) })
		case ctx.Err() == nil:
			r.end(err)
		}
	}
}
