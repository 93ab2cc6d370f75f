package chat

import (
	"errors"
	"io"
	"io/fs"

	"github.com/roomlog/chat/store"
)

// OpenFlushing is Open with a store that writes its views after so many rows.
func OpenFlushing(path string, o *Options, rows int) (*Chat, error) {
	so := storeOptions(o)
	so.FlushRows = rows
	s, err := store.Open(path, so)
	if errors.Is(err, fs.ErrNotExist) {
		s, err = store.Create(path, so)
	}
	return newChat(s, o, err)
}

// DumpViews writes all folded rows of a chat.
func DumpViews(c *Chat, w io.Writer) error { return c.store.DumpViews(w) }

// The neighbors of an ID.
var (
	Successor   = successor
	Predecessor = predecessor
)
