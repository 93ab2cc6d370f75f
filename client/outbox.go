package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// outbox is what the user has sent and nobody has answered. All changes are made one
// after the other: first in the storage, then in the list.
type outbox struct {
	c       *Client
	storage Storage // nil: nothing outlives the program

	turn sync.Mutex // held by who makes a change

	mu      sync.Mutex
	list    []*Outgoing // those that are pending or have failed, by their places
	number  uint64      // of the newest
	busy    map[string]bool
	closed  bool
	changed chan struct{} // closed at the next change
}

func newOutbox(c *Client) *outbox {
	return &outbox{c: c, storage: c.options.Storage, busy: map[string]bool{}, changed: make(chan struct{})}
}

// newOutgoing makes a message of the command that sends it.
func (b *outbox) newOutgoing(cmd *command) (*Outgoing, error) {
	text, err := json.Marshal(cmd.body)
	if err != nil {
		return nil, err
	}
	o := &Outgoing{
		Room: cmd.room, Key: cmd.key, At: time.Now(), box: b, user: b.c.User().ID, cmd: cmd, text: text,
		state: Pending, done: make(chan struct{}),
	}
	cmd.ready = o.ready
	return o, json.Unmarshal(text, &o.Message)
}

// add queues a message.
func (b *outbox) add(o *Outgoing) (*Outgoing, error) {
	b.turn.Lock()
	defer b.turn.Unlock()
	b.mu.Lock()
	same, err := b.find(o.Room, o.Key), b.full()
	o.number = b.number + 1
	b.mu.Unlock()
	if same != nil {
		if !bytes.Equal(same.text, o.text) {
			return nil, &Problem{Code: "idempotency_key_reused", Title: "The key was used for another message", Status: http.StatusUnprocessableEntity}
		}
		return same, nil
	}
	if err == nil {
		err = b.put(o, o.At, nil)
	}
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number = o.number
	b.list = append(b.list, o)
	b.tell()
	b.start(o.Room)
	return o, nil
}

// full returns why no more messages can be pending. The caller holds mu.
func (b *outbox) full() error {
	if b.c.ctx.Err() != nil {
		return context.Cause(b.c.ctx)
	}
	if b.count(Pending) >= b.c.options.Outbox {
		return ErrOutboxFull
	}
	return nil
}

func (b *outbox) count(state Delivery) (n int) {
	for _, o := range b.list {
		if o.state == state {
			n++
		}
	}
	return n
}

func (b *outbox) find(room, key string) *Outgoing {
	for _, o := range b.list {
		if o.Room == room && o.Key == key {
			return o
		}
	}
	return nil
}

// tell says that something has changed. The caller holds mu.
func (b *outbox) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// retry makes a message pending that has failed.
func (b *outbox) retry(o *Outgoing) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	b.mu.Lock()
	failed, err := o.state == Failed, b.full()
	b.mu.Unlock()
	if !failed {
		return nil
	}
	at := time.Now()
	if err == nil {
		err = b.put(o, at, nil)
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	o.state, o.err, o.done, o.tried = Pending, nil, make(chan struct{}), time.Time{}
	if i, found := slices.BinarySearchFunc(b.list, o, byPlace); !found { // it is one of too many that have failed
		b.list = slices.Insert(b.list, i, o)
	}
	b.tell()
	b.start(o.Room)
	return nil
}

// byPlace compares places. Clients that share a storage may have given one twice.
func byPlace(a, b *Outgoing) int {
	return cmp.Or(cmp.Compare(a.number, b.number), a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
}

// drop gives a message up that is not sent.
func (b *outbox) drop(o *Outgoing) {
	b.turn.Lock()
	defer b.turn.Unlock()
	state := o.State()
	if state != Pending && state != Failed {
		return
	}
	b.remove(o)
	b.mu.Lock()
	defer b.mu.Unlock()
	why := ErrDropped
	if !o.tried.IsZero() && state == Pending {
		why = &Unanswered{Key: o.Key, Err: ErrDropped}
	}
	b.end(o, GivenUp, Event{}, why)
	if o.stop != nil {
		o.stop()
	}
}

// settle ends a message that is pending: it is stored, or it has failed.
func (b *outbox) settle(o *Outgoing, state Delivery, e Event, why error) {
	b.turn.Lock()
	defer b.turn.Unlock()
	if o.State() != Pending { // it was dropped meanwhile
		return
	}
	if state == Sent {
		b.remove(o)
	} else if err := b.put(o, o.At, why); err != nil { // it is tried again by the next client, to the same effect
		b.c.options.Logger.Warn("chat client: a message that has failed was not kept so", "key", o.Key, "error", err)
	}
	b.mu.Lock()
	b.end(o, state, e, why)
	oldest := -1
	if b.count(Failed) > b.c.options.Outbox {
		oldest = slices.IndexFunc(b.list, func(o *Outgoing) bool { return o.state == Failed })
		o = b.list[oldest]
		b.list = slices.Delete(b.list, oldest, oldest+1)
	}
	b.mu.Unlock()
	if oldest >= 0 {
		b.remove(o)
	}
}

// end gives a message its last state, but for a retry. The caller has the turn and
// holds mu.
func (b *outbox) end(o *Outgoing, state Delivery, e Event, why error) {
	if o.state == Pending {
		close(o.done)
	}
	o.state, o.event, o.err = state, e, why
	if state != Failed {
		b.list = slices.DeleteFunc(b.list, func(other *Outgoing) bool { return other == o })
	}
	b.tell()
}

// close gives up all that is pending: the client has ended. What is kept stays so.
func (b *outbox) close() {
	b.turn.Lock()
	defer b.turn.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, o := range slices.Clone(b.list) {
		if o.state == Pending {
			b.end(o, GivenUp, Event{}, &Unanswered{Key: o.Key, Err: context.Cause(b.c.ctx)})
		}
	}
	b.tell()
}
