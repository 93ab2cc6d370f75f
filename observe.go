package chat

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/roomlog/chat/internal/panics"
	"github.com/roomlog/chat/store"
)

// maxObserver bounds the bytes of an observer's name.
const maxObserver = 128

// Observer follows everything that is stored, in order, and remembers how far
// it has come: for bots, notifications and indexes.
type Observer struct {
	// Name is what its position is kept under, 1 to 128 bytes. Two that run at
	// the same time must not share one.
	Name string
	// Handle is called for each event of all rooms, one after the other. If it
	// returns an error or panics, Observe ends, and the event comes again.
	Handle func(context.Context, Event) error
	// After is where an observer of a new name begins: Start with all that is
	// kept, End with what comes.
	After ID
	// Lost is told, before the next event, that retention has taken some of the
	// events in (after, upTo] before they were handled; what is left of them comes.
	// An error ends Observe. nil logs a warning.
	Lost func(ctx context.Context, after, upTo ID) error
}

// Observe runs an observer until ctx ends, its handler fails or the chat is
// closed (ErrShuttingDown). Every event is handled at least once, in order: the
// position is kept in the file, within a second, so that a process which starts
// again goes on where the last one was, and after a crash may see the last
// events again. Events of a deleted room, and texts of deleted messages, are
// gone for those who come late.
func (c *Chat) Observe(ctx context.Context, o Observer) error {
	switch {
	case o.Handle == nil:
		return ErrInvalidField.because("observer %q has no Handle", o.Name)
	case o.Name == "" || len(o.Name) > maxObserver:
		return ErrInvalidField.because("an observer's name is 1 to %d bytes, not %d", maxObserver, len(o.Name))
	}
	at, known, err := c.store.Observer(o.Name)
	if err != nil {
		return wrap(err)
	}
	if !known {
		at = o.After
	}
	r := c.store.ReadAll(at, nil)
	defer r.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		select {
		case <-c.closed:
			return ErrShuttingDown
		default:
		}
		before := r.Cursor()
		batch, _, err := r.Poll()
		if errors.Is(err, store.ErrExpired) {
			if err := c.lose(ctx, &o, before, r.Lost()); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return wrap(err)
		}
		if err := c.handle(ctx, &o, batch); err != nil {
			return err
		}
		if len(batch) > 0 {
			continue
		}
		if !known || r.Cursor() != at { // what follows nothing to see is seen too
			known, at = true, r.Cursor()
			if err := c.store.SaveObserver(o.Name, at); err != nil {
				return wrap(err)
			}
		}
		select {
		case <-r.Bell().C:
		case <-ctx.Done():
		case <-c.closed:
		}
	}
}

// handle hands events to an observer, and keeps its position behind each.
func (c *Chat) handle(ctx context.Context, o *Observer, batch []*store.Entry) error {
	for _, entry := range batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.guarded(func() error { return o.Handle(ctx, eventOfEntry(entry)) }); err != nil {
			return fmt.Errorf("observer %q: event %s: %w", o.Name, entry.ID, err)
		}
		if err := c.store.SaveObserver(o.Name, entry.ID); err != nil {
			return wrap(err)
		}
	}
	return nil
}

// lose tells an observer that events are missing.
func (c *Chat) lose(ctx context.Context, o *Observer, after, upTo ID) error {
	if o.Lost == nil {
		c.logger.Warn("retention has taken events before an observer handled them", "observer", o.Name, "after", after, "up_to", upTo)
		return nil
	}
	if err := c.guarded(func() error { return o.Lost(ctx, after, upTo) }); err != nil {
		return fmt.Errorf("observer %q: %w", o.Name, err)
	}
	return nil
}

// guarded calls the host, whose panic is its own.
func (c *Chat) guarded(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.logger.Error("observer panicked", "panic", panics.Text(p), "stack", string(debug.Stack()))
			err = ErrInternal.because("panic: %s", panics.Text(p))
		}
	}()
	return call()
}

// Forget removes the position of an observer that is not coming back. A name
// that is not known is no error.
func (c *Chat) Forget(observer string) error { return wrap(c.store.ForgetObserver(observer)) }
