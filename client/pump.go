package client

import (
	"context"
	"errors"
	"time"
)

// start begins to send what is pending in a room, unless that is being done. The
// caller holds mu.
func (b *outbox) start(room string) {
	if !b.busy[room] && !b.closed {
		b.busy[room] = true
		b.c.work.Go(func() { b.pump(room) })
	}
}

// pump sends what is pending in a room, the next when the one before is answered: one
// that the server wants to come later would be overtaken by those behind it.
func (b *outbox) pump(room string) {
	wait := b.c.newBackoff()
	for {
		o, ctx, stop := b.next(room)
		if o == nil {
			return
		}
		e, err := b.c.deliver(ctx, o.cmd)
		given := ctx.Err() != nil // by Drop, or with the client, whose close does it
		switch {
		case err == nil:
			b.settle(o, Sent, e, nil)
		case refuses(err):
			b.settle(o, Failed, Event{}, err)
		case !given:
			b.c.options.Logger.Info("chat client: a message is not sent yet", "key", o.Key, "reason", err)
			_ = b.c.pause(ctx, wait.next(0))
			stop()
			continue
		}
		stop()
		wait.succeed()
	}
}

// next returns the message of a room that is to be sent, with a context that ends when
// it is dropped; nil if there is none, and then the pump ends.
func (b *outbox) next(room string) (*Outgoing, context.Context, context.CancelFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.list {
		if o.Room == room && o.state == Pending && b.c.ctx.Err() == nil {
			ctx, stop := context.WithCancel(b.c.ctx)
			o.stop = stop
			return o, ctx, stop
		}
	}
	delete(b.busy, room)
	return nil, nil, nil
}

// deliver sends a message until it is answered.
func (c *Client) deliver(ctx context.Context, cmd *command) (Event, error) {
	var d done
	store := ""
	err := c.persist(ctx, func(ctx context.Context, _ string) error {
		store = c.Store()
		d = done{}
		err := c.try(ctx, cmd, &d)
		if err == nil && d.Event == nil {
			err = &Lost{Err: errors.New("the answer to a message has no event")}
		}
		return err
	})
	if err != nil {
		return Event{}, err
	}
	d.Event.store = store
	return *d.Event, nil
}

// refuses reports whether what deliver has returned is the last word about a message.
// Credentials that are refused are not: they are the client's.
func refuses(err error) bool {
	var p *Problem
	return errors.As(err, &p) && !isUnauthenticated(err) || errors.Is(err, ErrTooOld) || errors.Is(err, ErrOtherUser)
}

// ready reports, before each attempt, why a message may not be sent.
func (o *Outgoing) ready() error {
	if o.box.c.User().ID != o.user {
		return ErrOtherUser
	}
	o.box.mu.Lock()
	defer o.box.mu.Unlock()
	now := time.Now().Round(0) // by wall clock: the other one may stand still while the machine sleeps
	if o.tried.IsZero() {
		o.tried = now
	} else if now.Sub(o.tried) > keyLife {
		return ErrTooOld
	}
	return nil
}
