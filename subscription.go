package chat

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/roomlog/chat/store"
)

// Bell wakes a reader. It carries no data: whoever hears it polls. It may ring
// for nothing, but who polls after every ring misses nothing. One bell may
// serve many subscriptions, such as the rooms of one socket.
type Bell = store.Bell

// NewBell returns a bell that has not been rung.
func NewBell() *Bell { return store.NewBell() }

// NewBellFunc returns a bell that calls a function whenever it is rung, for readers
// that have no goroutine while they wait. The function may be called concurrently,
// also before a call of it has returned. It must return at once, and must not call
// the chat: such as one that sets a flag and starts a goroutine.
// Subscription.Next needs a bell of NewBell.
func NewBellFunc(call func()) *Bell { return store.NewBellFunc(call) }

// Subscription is a cursor over the logs of rooms, in one order, and a bell.
// Late, slow, resuming and live readers differ only in where the cursor stands;
// nothing is queued for any of them. It is for one goroutine at a time.
type Subscription struct {
	chat   *Chat
	reader *store.Reader
	events *[]Event // of the last batch; nil if there is none
}

// batches are shared by all subscriptions: one that waits has none.
var batches = sync.Pool{New: func() any { return new([]Event) }}

// Subscribe opens a subscription to what follows the cursor after in the
// rooms; a room need not exist yet. It rings bell, or one of its own if bell is
// nil. It fails with ErrCursorAhead if the cursor is beyond the newest event of
// the store, and with ErrInvalidRoomID. Whether a cursor has expired the first
// Poll tells. Close it after use.
func (c *Chat) Subscribe(after ID, bell *Bell, rooms ...string) (*Subscription, error) {
	if len(rooms) == 0 {
		return nil, ErrInvalidField.because("no room to subscribe to")
	}
	for _, id := range rooms {
		if err := checkRoomID(id); err != nil {
			return nil, err
		}
	}
	if head := c.Head(); after != End && after.Compare(head) > 0 {
		return nil, ErrCursorAhead.because("%s is beyond %s", after, head)
	}
	rooms = slices.Compact(slices.Sorted(slices.Values(rooms)))
	return &Subscription{chat: c, reader: c.store.Read(rooms, after, bell)}, nil
}

// Poll returns what follows the cursor, at most 256 events and about 1 MiB,
// and moves the cursor behind it. It does not wait for more: no events mean
// that all up to head has been returned. The slice is good until the next
// call of Poll, Next, Rest or Close: others have its memory then.
//
// It fails with ErrCursorExpired when retention has taken events that the
// subscription has not seen, and with ErrShuttingDown after Close of the chat.
func (s *Subscription) Poll() (events []Event, head ID, err error) {
	select {
	case <-s.chat.closed:
		return nil, ID{}, ErrShuttingDown
	default:
	}
	batch, head, err := s.poll()
	if err != nil {
		return nil, ID{}, wrap(err)
	}
	if len(batch) == 0 {
		s.Rest()
		return nil, head, nil
	}
	if s.events == nil {
		s.events = batches.Get().(*[]Event)
	}
	events = slices.Grow((*s.events)[:0], len(batch))[:len(batch)]
	for i, e := range batch {
		events[i].set(e)
	}
	*s.events = events
	return events, head, nil
}

// Rest ends the use of the slice that Poll has returned last, whose memory others
// may have then. Poll does the same where it returns nothing: call Rest where it is
// not called until the bell rings.
func (s *Subscription) Rest() {
	if s.events != nil {
		batches.Put(s.events)
		s.events = nil
	}
}

// poll polls the reader. From Start nothing can have expired: where retention
// is just taking what was to be read first, it reads again what is kept.
func (s *Subscription) poll() (batch []*store.Entry, head ID, err error) {
	for try := 1; ; try++ {
		batch, head, err = s.reader.Poll()
		if try == readTries || s.reader.Cursor() != Start || !errors.Is(err, store.ErrExpired) {
			return batch, head, err
		}
		time.Sleep(readPause)
	}
}

// Pending reports, without reading, whether Poll may return something.
func (s *Subscription) Pending() bool { return s.reader.Pending() }

// Bell returns the bell of the subscription.
func (s *Subscription) Bell() *Bell { return s.reader.Bell() }

// Cursor returns the position of the subscription: all up to it has been
// returned.
func (s *Subscription) Cursor() ID { return s.reader.Cursor() }

// Close ends the subscription. It may be called twice.
func (s *Subscription) Close() {
	s.Rest()
	s.reader.Close()
}

// Next is Poll that waits until there is something, ctx ends or the chat is
// closed. It hears the bell, so the bell must be this subscription's alone.
func (s *Subscription) Next(ctx context.Context) ([]Event, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		events, _, err := s.Poll()
		if err != nil || len(events) > 0 {
			return events, err
		}
		select {
		case <-s.Bell().C:
		case <-ctx.Done():
		case <-s.chat.closed:
		}
	}
}

// Follow yields what follows the cursor after in the room: first what is
// stored, then, without a gap or an overlap, what comes. End stands for the
// head at the time of the call. It ends by yielding an error: ctx.Err() once
// ctx ends, ErrShuttingDown once the chat is closed, ErrCursorAhead, or
// ErrCursorExpired when retention has overtaken it.
func (r *Room) Follow(ctx context.Context, after ID) iter.Seq2[Event, error] {
	return r.chat.Follow(ctx, after, r.id)
}

// Follow is Room.Follow over several rooms in the order of the store, with one
// cursor: the ID of any event it yields resumes all of them.
func (c *Chat) Follow(ctx context.Context, after ID, rooms ...string) iter.Seq2[Event, error] {
	if after == End {
		after = c.Head()
	}
	return func(yield func(Event, error) bool) {
		s, err := c.Subscribe(after, nil, rooms...)
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer s.Close()
		for {
			events, err := s.Next(ctx)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for i := range events {
				if !yield(events[i], nil) {
					return
				}
			}
		}
	}
}
