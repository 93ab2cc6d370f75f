package crash_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/roomlog/chat"
)

const (
	writers   = 64
	followers = 4
	rooms     = 8
)

// orders is what the parent tells a child that is to write until it is killed.
type orders struct {
	Path string
	// Next is the number of the first post of each writer: the one that was not
	// acknowledged when the last child was killed, which is thus tried again.
	Next [writers]int
	// After is where each follower goes on.
	After [followers]chat.ID
	// Erased is the number of the eraser's first post.
	Erased int
}

func roomID(i int) string         { return fmt.Sprintf("room-%d", i%rooms) }
func roomOf(writer, n int) string { return roomID(writer + n) }
func keyOf(writer, n int) string  { return fmt.Sprintf("w%d-%d", writer, n) }
func textOf(key string) string    { return "text of " + key }
func user(name string) chat.User  { return chat.User{ID: name, Name: name} }
func sum(b []byte) string         { h := sha256.Sum256(b); return fmt.Sprintf("%x", h[:8]) }
func post(key string) chat.Fact   { return chat.MessagePosted{Text: textOf(key)} }
func allRooms() (ids []string) {
	for i := range rooms {
		ids = append(ids, roomID(i))
	}
	return ids
}

// eraserRoom is where posts are deleted. Nobody follows it, since the bytes of
// what is in it change.
const eraserRoom = "erased"

// reports writes one line for each thing that the child knows to be so. A line
// is in the pipe before the next step is taken, and survives the child.
type reports struct {
	mu  sync.Mutex
	out io.Writer
}

func (r *reports) say(format string, args ...any) {
	line := fmt.Appendf(nil, format+"\n", args...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.out.Write(line); err != nil {
		panic(err) // the parent has died
	}
}

// write opens the chat and does three things until it is killed: 64 writers
// post, followers follow, and one posts and deletes.
func write(in io.Reader, out io.Writer) error {
	var o orders
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return err
	}
	c, err := chat.Open(o.Path, nil)
	if err != nil {
		return fmt.Errorf("open after a kill: %w", err)
	}
	r := &reports{out: out}
	r.say("ready")
	failed := make(chan error)
	for f := range followers {
		go func() { failed <- follow(c, r, f, o.After[f]) }()
	}
	for w := range writers {
		go func() { failed <- postAll(c, r, w, o.Next[w]) }()
	}
	go func() { failed <- postAndDelete(c, r, o.Erased) }()
	return <-failed
}

func postAll(c *chat.Chat, r *reports, w, n int) error {
	for ; ; n++ {
		key := keyOf(w, n)
		res, err := c.Room(roomOf(w, n)).Do(context.Background(), chat.Command{User: user(fmt.Sprint("u", w)), Key: key, Fact: post(key)})
		if err != nil {
			return fmt.Errorf("post %s: %w", key, err)
		}
		r.say("posted %d %d %s", w, n, res.Event.ID)
	}
}

func postAndDelete(c *chat.Chat, r *reports, n int) error {
	room, ctx := c.Room(eraserRoom), context.Background()
	for ; ; n++ {
		key := keyOf(writers, n)
		res, err := room.Do(ctx, chat.Command{User: user("eraser"), Key: key, Fact: post(key)})
		if err != nil {
			return fmt.Errorf("post %s: %w", key, err)
		}
		if _, err := room.Delete(ctx, user("eraser"), res.Event.ID); err != nil {
			return fmt.Errorf("delete %s: %w", key, err)
		}
		r.say("erased %d %s", n, res.Event.ID)
	}
}

// follow has follower 0 follow all rooms, and the others one each.
func follow(c *chat.Chat, r *reports, f int, after chat.ID) error {
	events := c.Follow(context.Background(), after, allRooms()...)
	if f > 0 {
		events = c.Room(roomID(f)).Follow(context.Background(), after)
	}
	for e, err := range events {
		if err != nil {
			return fmt.Errorf("follower %d: %w", f, err)
		}
		r.say("seen %d %s %s", f, e.ID, sum(e.JSON()))
	}
	return fmt.Errorf("follower %d: ended", f)
}
