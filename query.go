package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roomlog/chat/internal/panics"
	"github.com/roomlog/chat/store"
)

// How often a query is run anew, and after which pause, before a record that
// is not found is an error.
const (
	readTries = 2000
	readPause = time.Millisecond
)

// read runs a query on a snapshot. The records that the snapshot's rows name
// are read a moment after the rows, and retention may have taken one in
// between: then the query is run again, until a snapshot shows what retention
// has done. That is as soon as its commit is durable.
func (c *Chat) read(ctx context.Context, query func(*store.Snapshot) error) error {
	for try := 1; ; try++ {
		err := c.readOnce(ctx, query)
		if try == readTries || !errors.Is(err, store.ErrNotFound) {
			return wrap(err)
		}
		select {
		case <-time.After(readPause):
		case <-ctx.Done():
		}
	}
}

func (c *Chat) readOnce(ctx context.Context, query func(*store.Snapshot) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	snap, err := c.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	defer func() { // rows carry no checksum: one that is damaged must not end the process
		if p := recover(); p != nil {
			err = fmt.Errorf("views: %w: %s", store.ErrDamaged, panics.Text(p))
		}
	}()
	if err := query(snap); err != nil {
		return err
	}
	return snap.Err()
}

// read runs a query on what a viewer sees of the room, at one position: the
// present, or that of a past room.
func (r *Room) read(ctx context.Context, viewer string, query func(*sight) error) error {
	if err := checkRoomID(r.id); err != nil {
		return err
	}
	if r.past {
		return r.readPast(ctx, viewer, query)
	}
	return r.chat.read(ctx, func(snap *store.Snapshot) error {
		s, err := r.chat.look(snap, r.id, viewer)
		if snap.Err() != nil {
			return snap.Err()
		}
		if err != nil {
			return err
		}
		return query(s)
	})
}

// limitOf returns the limit to use: normal for 0, and never above most.
func limitOf(limit, normal, most int) (int, error) {
	switch {
	case limit < 0:
		return 0, ErrInvalidField.because("limit is %d", limit)
	case limit == 0:
		return normal, nil
	}
	return min(limit, most), nil
}
