package client

import (
	"context"
	"errors"
	"time"
)

// Delivery is how an outgoing message stands.
type Delivery string

// How it may stand.
const (
	Pending Delivery = "pending"  // it waits for its turn, for a connection or for the answer
	Sent    Delivery = "sent"     // it is stored
	Failed  Delivery = "failed"   // it was refused; it is in the outbox until Retry or Drop
	GivenUp Delivery = "given up" // by Drop, or by the end of the client
)

// Errors of outgoing messages.
var (
	// ErrDropped is what a message comes to that was given up by Drop.
	ErrDropped = errors.New("client: dropped")
	// ErrTooOld is why a message fails that was tried more than 7 days ago: the
	// server may have stored it and have forgotten its key, so that it is not
	// repeated by itself.
	ErrTooOld = errors.New("client: too old to be sent again by itself")
	// ErrOtherUser is why a message fails that was queued by another user than the
	// client is to the server now.
	ErrOtherUser = errors.New("client: the message is of another user")
)

// Outgoing is a message in the outbox, or one that was there. Its methods may be
// called concurrently, and but for Wait they do not wait for the server.
type Outgoing struct {
	Room    string
	Key     string        // of its event, too: by it the event is found among those that are followed
	At      time.Time     // when it was queued
	Message MessagePosted // what it is to say; the server may trim its text

	box    *outbox
	number uint64 // its place: what is queued later has a greater one
	user   string // the id of who has queued it
	cmd    *command
	text   []byte // JSON of what the command says

	// The rest is guarded by the outbox's mu.
	state Delivery
	event Event
	err   error
	done  chan struct{} // closed while it is not pending
	tried time.Time     // the first attempt by wall clock; zero if there was none
	stop  context.CancelFunc
}

// State returns how the message stands.
func (o *Outgoing) State() Delivery {
	o.box.mu.Lock()
	defer o.box.mu.Unlock()
	return o.state
}

// Err returns why the message was not sent, and nil for one that is pending or sent: a
// *Problem where it was refused, ErrTooOld, ErrOtherUser, ErrDropped, or an
// *Unanswered if it was given up after it had been tried, or by the end of the client.
func (o *Outgoing) Err() error {
	o.box.mu.Lock()
	defer o.box.mu.Unlock()
	return o.err
}

// Done returns a channel that is closed when the message is not pending any more.
// After a Retry it is another one.
func (o *Outgoing) Done() <-chan struct{} {
	o.box.mu.Lock()
	defer o.box.mu.Unlock()
	return o.done
}

// Wait waits until the message is not pending any more, and returns its event or Err.
// When ctx ends before, it returns ctx's error, and the message stays as it is.
func (o *Outgoing) Wait(ctx context.Context) (Event, error) {
	for {
		o.box.mu.Lock()
		state, event, err, done := o.state, o.event, o.err, o.done
		o.box.mu.Unlock()
		if state != Pending {
			return event, err
		}
		select {
		case <-done:
		case <-ctx.Done():
			return Event{}, context.Cause(ctx)
		}
	}
}

// Retry queues a message again that has failed: in its old place, before those of the
// room that were queued later, but for the one whose turn it is. It does nothing to
// others. It returns ErrOutboxFull, the client's end, or an error of the storage.
func (o *Outgoing) Retry() error { return o.box.retry(o) }

// Drop gives the message up, unless it is sent. One that is just being sent may be
// stored all the same.
func (o *Outgoing) Drop() { o.box.drop(o) }
