package transport

import (
	"context"
	"errors"
	"slices"

	"github.com/roomlog/chat"
)

// mostTries is how often a reader of whatever is kept begins anew where
// retention has just moved that on. Then it is as one that was overtaken.
const mostTries = 16

// lose begins anew at the cursor after retention, or the end of a room, has
// overtaken the reader in some of its rooms. Of a reader who asked for whatever
// is kept, and has read nothing yet, nothing is lost.
func (f *Feed) lose(ctx context.Context, id chat.ID) (batch Batch, err error) {
	cursor := Cursor{kind: at, id: id}
	if f.query.Cursor.kind == earliest && !f.live && id == f.start && f.tries < mostTries {
		f.tries++
		cursor = f.query.Cursor
	} else if id == chat.Start {
		cursor.id = afterNothing
	}
	f.stop()
	f.live = false
	before := f.seen
	f.query.Rooms, f.query.Store = f.open(), ""
	err = f.begin(ctx, cursor)
	if err != nil && !denied(err) {
		return Batch{}, err
	}
	for _, s := range before {
		if !s.gone && !slices.ContainsFunc(f.seen, func(now sight) bool { return now.room == s.room }) {
			batch.Gone = append(batch.Gone, s.room)
		}
	}
	for _, s := range f.standings {
		if s.Verdict == Reset {
			batch.Lost = append(batch.Lost, s)
			f.said = false
		}
	}
	return batch, nil
}

// leaveGone subscribes to the rooms that are left: what is written in the others
// is neither read nor heard any more, and what retention takes there overtakes
// nobody.
func (f *Feed) leaveGone() error {
	f.narrow = false
	rest, err := f.chat.Subscribe(f.rest.Cursor(), f.bell, f.open()...)
	if errors.Is(err, chat.ErrCursorAhead) { // it cannot be: the cursor is one that the store gave
		return chat.ErrInternal
	}
	if err == nil {
		f.rest.Close()
		f.rest = rest
	}
	return err
}
