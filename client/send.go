package client

import (
	"context"
	"iter"
	"slices"
)

// Send queues a message, and returns at once: nobody waits for the server. It is sent
// when those are answered that were queued before it in the room, and again until it
// is answered itself. An error says that it was not queued: ErrOutboxFull, the
// client's end, an error of the storage, or a *Problem for what the server would not
// even read. A key that was made before, and is in the outbox, gets that message.
//
// A message that is sent leaves the outbox. Its event comes to those who follow the
// room before or after that, with the same key.
func (r *Room) Send(text string, more ...SendOption) (*Outgoing, error) {
	key, body := compose(text, more)
	cmd := r.posting(key, body)
	if err := r.c.check(cmd); err != nil {
		return nil, err
	}
	o, err := r.c.outbox.newOutgoing(cmd)
	if err != nil {
		return nil, err
	}
	return r.c.outbox.add(o)
}

// Outbox returns the messages that are pending or have failed, in the order in which
// they were queued.
func (c *Client) Outbox() []*Outgoing {
	c.outbox.mu.Lock()
	defer c.outbox.mu.Unlock()
	return slices.Clone(c.outbox.list)
}

// WatchOutbox yields the outbox, and again whenever something of it has changed. One
// who is slow gets the newest. It ends with ctx, or behind the client's end.
func (c *Client) WatchOutbox(ctx context.Context) iter.Seq[[]*Outgoing] {
	return func(yield func([]*Outgoing) bool) {
		b := c.outbox
		for {
			b.mu.Lock()
			list, changed, closed := slices.Clone(b.list), b.changed, b.closed
			b.mu.Unlock()
			if !yield(list) || closed {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}
