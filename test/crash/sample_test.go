package crash_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

// files are those of a chat, and what is in it.
type files struct {
	log, views []byte
	events     map[string][]string // sums of the events of each room
	shown      map[string]string   // sums of what is shown of each room
	records    []span              // where in the log the records are, if it is closed
	rows       []span              // and where in the views the rows are
}

// sample makes a chat, and returns its files as they are after a close, or as
// a kill would leave them.
func sample(t *testing.T, closed bool) files {
	t.Helper()
	path := filepath.Join(tempDir(t), "chat.db")
	c, err := chat.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, c, 0, 1500)
	f := look(t, c)
	if closed {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	} else {
		defer c.Close()
	}
	f.log, f.views = read(t, path), read(t, path+".views")
	if closed {
		f.records, f.rows = spans(t, path, "log"), append(spans(t, path+".views", "row"), spans(t, path+".views", "key")...)
	}
	return f
}

// fill has two people talk.
func fill(t *testing.T, c *chat.Chat, from, to int) {
	t.Helper()
	ctx := context.Background()
	for i := from; i < to; i++ {
		room := c.Room(roomID(i * i))
		e, err := room.Post(ctx, user("ann"), strings.Repeat(fmt.Sprint("word ", i, " "), 1+i%40))
		if err == nil && i%3 == 0 {
			_, err = room.React(ctx, user("bob"), e.ID, "👍")
		}
		if err == nil && i%7 == 0 {
			_, err = room.Edit(ctx, user("ann"), e.ID, "edited")
		}
		if err == nil && i%11 == 0 {
			_, err = room.Delete(ctx, user("ann"), e.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// look sums up what is in a chat.
func look(t *testing.T, c *chat.Chat) files {
	t.Helper()
	var err error
	f := files{events: map[string][]string{}, shown: map[string]string{}}
	for _, id := range allRooms() {
		for e, err := range c.Room(id).Replay(context.Background(), chat.Start) {
			if err != nil {
				t.Fatal(err)
			}
			f.events[id] = append(f.events[id], sum(e.JSON()))
		}
		if f.shown[id], err = shown(c, id); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// tempDir makes a folder in memory where there is one: what is spoilt here need
// not be written to a disk.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "chat-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// read reads a file without the room that was made ahead at its end.
func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := len(bytes.TrimRight(data, "\x00"))
	return data[:min(len(data), (n+page-1)/page*page)]
}
