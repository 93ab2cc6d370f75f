package chat

import (
	"context"

	"github.com/roomlog/chat/store"
)

// Stats are figures about the running store.
type Stats = store.Stats

// Stats returns figures about the store. It may be called at any time.
func (c *Chat) Stats() Stats { return c.store.Stats() }

// Verify reads the whole log and checks every record and every link between
// the records of a room. It returns all that is wrong, each finding an
// ErrDamaged, or ctx.Err(). Commands go on meanwhile. Without progress it tells
// Options.Progress.
func (c *Chat) Verify(ctx context.Context, progress func(Progress)) error {
	return c.store.Verify(ctx, progress)
}

// Backup writes a copy of the log to a new file at path: the state at some
// moment before it returns. Commands go on meanwhile. It fails with fs.ErrExist
// if there is a file already. Without progress it tells Options.Progress.
func (c *Chat) Backup(ctx context.Context, path string, progress func(Progress)) error {
	return c.store.Backup(ctx, path, progress)
}

// Restore makes a new chat at path of a backup, or of the file of a closed
// chat, which is only read. The new one has a StoreID of its own: cursors of the
// old one do not belong to it, since the two go different ways from here. It
// fails with fs.ErrExist if there is a file at path. progress may be nil.
func Restore(backup, path string, progress func(Progress)) error {
	return store.Restore(backup, path, progress)
}

// Compact rewrites the files of a closed chat without the space that erasing,
// retention and deleted rooms have left in them: afterwards no byte of a deleted
// text is in either. It needs room for both. Where the removal of a deleted room
// was still under way (Stats.Removing) the views are taken away, and made anew
// by the next Open. It fails with ErrLocked if the chat is open. progress may be
// nil.
func Compact(path string, progress func(Progress)) error {
	return store.Compact(path, progress)
}
