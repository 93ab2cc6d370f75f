package main

import (
	"context"
	"errors"
	"strings"

	"github.com/roomlog/chat/client"
)

// outgoing is a message of the user's, until the room has shown it.
type outgoing struct {
	*client.Outgoing
	id    client.ID // of its event, once it is sent
	shown bool      // its event was shown, maybe before the answer came
}

// post sends a message, without waiting for the answer. Over a pipe, where there may be
// more lines than the outbox holds, it waits for the first.
func (a *app) post(ctx context.Context, text string, more ...client.SendOption) error {
	v, err := a.current()
	if err != nil {
		return err
	}
	o, err := v.room.Send(text, more...)
	for ; errors.Is(err, client.ErrOutboxFull) && !a.attends; o, err = v.room.Send(text, more...) {
		if err := a.oldest(ctx); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	a.track(o)
	return nil
}

// oldest waits for the message that was queued first.
func (a *app) oldest(ctx context.Context) error {
	for _, o := range a.c.Outbox() {
		if o.State() == client.Pending {
			select {
			case <-o.Done():
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

// track shows a message as one that is being sent.
func (a *app) track(list ...*client.Outgoing) {
	a.mu.Lock()
	for _, o := range list {
		a.mine = append(a.mine, &outgoing{Outgoing: o})
	}
	a.mu.Unlock()
	a.settle()
}

// watchOutbox tells what becomes of messages.
func (a *app) watchOutbox() {
	for range a.c.WatchOutbox(a.ctx) {
		a.settle()
	}
}

// settle looks at what has become of messages.
func (a *app) settle() {
	var refused []*client.Outgoing
	a.mu.Lock()
	var left []*outgoing
	for _, o := range a.mine {
		switch o.State() {
		case client.Sent:
			e, _ := o.Wait(a.ctx) // which is there
			o.id = e.ID
			a.refs.wrote(e.Room, e.ID) // an /edit that follows at once is of this one
			if o.shown || a.view == nil || a.view.room.ID() != o.Room || a.view.has(e.ID) {
				continue
			}
		case client.GivenUp:
			continue
		case client.Failed:
			if !a.attends { // nobody is there to try it again
				refused = append(refused, o.Outgoing)
				continue
			}
		}
		left = append(left, o)
	}
	a.mine = left
	close(a.settled)
	a.settled = make(chan struct{})
	a.mu.Unlock()
	for _, o := range refused {
		a.failed.Store(true)
		a.ui.note("! " + problem(o.Err()) + ": " + cleanLine(o.Message.Text))
		o.Drop()
	}
	if a.attends {
		a.change(a.tellOutgoing)
	}
}

// tellOutgoing tells which messages are not shown in their rooms yet. The caller holds
// mu.
func (a *app) tellOutgoing(s *status) {
	s.outgoing, s.more, s.sending = nil, 0, 0
	for _, o := range a.mine {
		if o.shown {
			continue
		}
		err := o.Err()
		if err == nil {
			s.sending++
		}
		if len(s.outgoing) == maxOutgoing {
			s.more++
			continue
		}
		line := outgoingLine{text: cleanLine(o.Message.Text)}
		if err != nil {
			line.failed = problem(err)
		}
		s.outgoing = append(s.outgoing, line)
	}
}

// echoed notes that an event was shown: it may be that of a message.
func (a *app) echoed(e client.Event) {
	if e.Key == "" || e.User.ID != a.me {
		return
	}
	a.mu.Lock()
	for _, o := range a.mine {
		o.shown = o.shown || o.Key == e.Key && o.Room == e.Room
	}
	a.mu.Unlock()
	a.settle()
}

// answered waits until all messages of a room, or of all rooms, are answered.
func (a *app) answered(ctx context.Context, room string) error {
	for {
		a.mu.Lock()
		pending, settled := false, a.settled
		for _, o := range a.mine {
			pending = pending || (room == "" || o.Room == room) && o.State() == client.Pending
		}
		a.mu.Unlock()
		if !pending {
			return nil
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pending is how many messages are not answered.
func (a *app) pending() (n int) {
	for _, o := range a.c.Outbox() {
		if o.State() == client.Pending {
			n++
		}
	}
	return n
}

// written waits until the messages of the room that is shown are answered: what a
// command is about may be one of them. Where nobody looks on it waits until they were
// shown, too: so a pipe has all of it before its end.
func (a *app) written(ctx context.Context) error {
	v, err := a.current()
	if err != nil {
		return nil
	}
	if err := a.answered(ctx, v.room.ID()); err != nil || a.attends {
		return err
	}
	return v.await(ctx, a.refs.newest(v.room.ID()))
}

// failures are the messages that have failed.
func (a *app) failures() (list []*client.Outgoing, err error) {
	for _, o := range a.c.Outbox() {
		if o.State() == client.Failed {
			list = append(list, o)
		}
	}
	if len(list) == 0 {
		err = errors.New("all that you have written is sent, or being sent")
	}
	return list, err
}

func (a *app) retry(context.Context, string) error {
	list, err := a.failures()
	for _, o := range list {
		err = errors.Join(err, o.Retry())
	}
	return err
}

func (a *app) drop(context.Context, string) error {
	list, err := a.failures()
	for _, o := range list {
		o.Drop()
	}
	return err
}

// outgoingLine is a message that is not shown in its room yet.
type outgoingLine struct {
	text   string
	failed string // why it was refused; empty while it is being sent
}

// String is how it stands above the prompt.
func (l outgoingLine) String() string {
	if l.failed == "" {
		return "… " + strings.TrimSpace(l.text)
	}
	return "✗ " + strings.TrimSpace(l.text) + " (" + l.failed + "; /retry or /drop)"
}
