package transport

import (
	"context"
	"slices"
	"time"

	"github.com/roomlog/chat"
)

// sessions are the reader's sessions in the rooms of a feed, and what they are
// about to be told.
type sessions struct {
	open []*chat.Attendance
	held []chat.Signal // collected, and not yet handed out
	head chat.ID       // where the store stood after they had been
	wait time.Duration // until something is told that has been put off; 0 if nothing has
	owed bool          // and no batch has said so yet: only an empty one can
}

// Attend opens a session for the reader in each room of the feed: from now on they
// are present there, and once the feed is live its batches have signals. A
// transport calls it when the stream has been admitted, and not for readers who
// have asked for events alone. Close ends the sessions; so does the loss of a room.
func (f *Feed) Attend() {
	if f.query.Grant == nil {
		return
	}
	for i := range f.seen {
		if s := &f.seen[i]; !s.gone {
			f.sessions.open = append(f.sessions.open, f.chat.Room(s.room).Attend(f.query.Grant.User, f.bell))
		}
	}
}

// Next returns what comes next. It never waits, neither for more to be written
// nor for its turn: after an empty batch, wait for the bell, and no longer than
// Wait if the batch has one.
func (f *Feed) Next(ctx context.Context) (Batch, error) {
	if len(f.sessions.open) == 0 {
		return f.next(ctx)
	}
	if err := f.collect(ctx); err != nil {
		return Batch{}, err
	}
	batch, err := f.next(ctx)
	if err != nil {
		return batch, err
	}
	for _, room := range batch.Gone {
		f.leave(room)
	}
	if len(f.sessions.held) > 0 && f.reached(f.sessions.head) {
		batch.Signals, f.sessions.held = f.sessions.held, nil
		for _, session := range f.sessions.open {
			session.Told()
		}
	}
	waits := f.live && len(f.sessions.open) > 0 && f.sessions.wait > 0
	f.sessions.owed = waits && !batch.Empty()
	if waits && batch.Empty() && (batch.Wait == 0 || f.sessions.wait < batch.Wait) {
		batch.Wait = f.sessions.wait
	}
	return batch, nil
}

// collect takes what the sessions have to tell, once the feed is live.
func (f *Feed) collect(ctx context.Context) error {
	s := &f.sessions
	if !f.live || len(s.held) > 0 {
		return nil
	}
	s.wait = 0
	for _, session := range s.open {
		news, wait, err := session.Poll(ctx)
		if err != nil {
			return err
		}
		s.held = append(s.held, news...)
		if wait > 0 && (s.wait == 0 || wait < s.wait) {
			s.wait = wait
		}
	}
	if len(s.held) > 0 {
		s.head = f.chat.Head()
	}
	return nil
}

// reached reports whether all events up to a position have been handed out, and
// none of them is left to be judged. What the sessions had collected by then is of
// rooms that the reader still had: it does not overtake the event that takes one
// from them.
func (f *Feed) reached(head chat.ID) bool {
	return f.live && len(f.queue) == 0 && f.recheck == nil && f.rest.Cursor().Compare(head) >= 0
}

// telling reports whether the sessions may have something to tell.
func (f *Feed) telling() bool {
	return f.live && (len(f.sessions.held) > 0 || f.sessions.owed ||
		slices.ContainsFunc(f.sessions.open, (*chat.Attendance).Pending))
}

// leave ends the session in a room.
func (f *Feed) leave(room string) {
	s := &f.sessions
	s.open = slices.DeleteFunc(s.open, func(a *chat.Attendance) bool {
		if a.Room() == room {
			a.Close()
		}
		return a.Room() == room
	})
	s.held = slices.DeleteFunc(s.held, func(signal chat.Signal) bool { return signal.Room == room })
}

// close ends all sessions.
func (s *sessions) close() {
	for _, a := range s.open {
		a.Close()
	}
	*s = sessions{}
}
