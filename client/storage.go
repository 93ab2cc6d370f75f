package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Storage keeps an outbox beyond the program: see Options.Storage. Its methods are
// called one at a time, and must not use the client. Dir is one.
type Storage interface {
	// Load returns all that is kept, in any order.
	Load() ([]Stored, error)
	// Put keeps a message, in the place of the one of the same room and key.
	Put(Stored) error
	// Remove forgets the message of a room with a key. It may be gone already.
	Remove(room, key string) error
}

// Stored is a message of an outbox as a Storage keeps it.
type Stored struct {
	Room    string          `json:"room"`
	Key     string          `json:"key"`
	User    string          `json:"user"`   // the id of who has queued it: nobody else sends it
	At      time.Time       `json:"at"`     // when it was queued, or tried again
	Number  uint64          `json:"number"` // its place among those of the user
	Message json.RawMessage `json:"message"`
	Failed  *Problem        `json:"failed,omitempty"` // why it was refused
}

// keyLife is for how long the server knows a key.
const keyLife = 7 * 24 * time.Hour

// stored returns what is kept of a message.
func (o *Outgoing) stored(at time.Time, why error) Stored {
	s := Stored{Room: o.Room, Key: o.Key, User: o.user, At: at, Number: o.number, Message: o.text}
	_ = errors.As(why, &s.Failed)
	return s
}

// restored returns the message of which something was kept.
func (b *outbox) restored(s Stored) (*Outgoing, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(s.Message, &fields); err != nil {
		return nil, err
	}
	body := make(map[string]any, len(fields))
	for name, value := range fields {
		body[name] = value
	}
	o, err := b.newOutgoing(b.c.Room(s.Room).posting(s.Key, body))
	if err != nil {
		return nil, err
	}
	o.At, o.user, o.number = s.At, s.User, s.Number
	o.tried = s.At // for all that is known
	if s.Failed != nil {
		o.state, o.err = Failed, s.Failed
		close(o.done)
	}
	return o, nil
}

// put keeps a message as it is to be. The caller has the turn.
func (b *outbox) put(o *Outgoing, at time.Time, why error) error {
	if b.storage == nil {
		return nil
	}
	if err := b.storage.Put(o.stored(at, why)); err != nil {
		return fmt.Errorf("client: the message was not kept: %w", err)
	}
	return nil
}

// remove forgets a message that was kept. The caller has the turn.
func (b *outbox) remove(o *Outgoing) {
	if b.storage == nil {
		return
	}
	if err := b.storage.Remove(o.Room, o.Key); err != nil { // it is sent again, with its key
		b.c.options.Logger.Warn("chat client: a message that needs not be kept was not removed", "key", o.Key, "error", err)
	}
}

// load queues what was kept of the user's.
func (b *outbox) load() error {
	if b.storage == nil {
		return nil
	}
	b.turn.Lock()
	defer b.turn.Unlock()
	kept, err := b.storage.Load()
	if err != nil {
		return fmt.Errorf("client: load the outbox: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	me := b.c.User().ID
	for _, s := range kept {
		if s.User != me {
			continue
		}
		o, err := b.restored(s)
		if err != nil {
			return fmt.Errorf("client: load the outbox: message with the key %q: %w", s.Key, err)
		}
		b.list = append(b.list, o)
		b.number = max(b.number, o.number)
	}
	slices.SortFunc(b.list, byPlace)
	for _, o := range b.list {
		b.start(o.Room)
	}
	b.tell()
	return nil
}
