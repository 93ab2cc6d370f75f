package chat

import (
	"context"
	"errors"
	"time"

	"github.com/roomlog/chat/store"
)

// As returns the room as it was at the cursor: right after the event with that
// ID, or after the newest one before it. Its queries tell of that moment:
// History, Thread, Message, Search, Members, Info, Overview and Log. A cursor at
// or behind the newest event is the present.
//
// What was erased since is erased there too. The queries are the host's: no
// policy is asked, and Viewer serves for Reaction.Mine alone. They cost a few
// microseconds for each event of the room up to the cursor. They fail with
// ErrCursorExpired where retention has taken what the cursor stands for, and with
// ErrRoomNotFound where the room was not there yet. Commands are refused with
// ErrInvalidField.
func (r *Room) As(cursor ID) *Room {
	return &Room{chat: r.chat, id: r.id, past: true, at: cursor}
}

// readPast runs a query on the room as it was. Retention may take a record while
// it is read: then the query is run again, as Chat.read does.
func (r *Room) readPast(ctx context.Context, viewer string, query func(*sight) error) error {
	for try := 1; ; try++ {
		err := r.readPastOnce(ctx, viewer, query)
		if try == readTries || !errors.Is(err, store.ErrNotFound) {
			return wrap(err)
		}
		select {
		case <-time.After(readPause):
		case <-ctx.Done():
		}
	}
}

func (r *Room) readPastOnce(ctx context.Context, viewer string, query func(*sight) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	snap, err := r.chat.store.At(ctx, r.id, r.at)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ErrRoomNotFound.because("%s", r.id)
	case err != nil:
		return err
	}
	defer snap.Close()
	s, err := r.chat.look(snap, r.id, "")
	if err == nil && s.room.Last.Compare(s.room.Floor) <= 0 {
		err = ErrCursorExpired.because("the log is kept from %s", s.room.Floor)
	}
	if err == nil {
		s.viewer, s.past = viewer, true
		err = query(s)
	}
	if snap.Err() != nil {
		err = snap.Err()
	}
	return err
}
