package crash_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/roomlog/chat"
)

// task is what a child is to do that works on spoilt files.
type task struct {
	Paths  []string
	Events map[string][]string // sums of the events of each room
	Shown  map[string]string   // sums of what is shown of each room
	Find   bool                // Verify must find something
}

// openAndUse opens each file, and says in one line whether it was refused, was
// served in part with an error, was served whole, or what was wrong.
func openAndUse(in io.Reader, out io.Writer) error {
	var t task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return err
	}
	// A damaged page may be a circle, or ask for all memory there is. Neither may
	// take the machine with it.
	limit := syscall.Rlimit{Cur: 2 << 30, Max: 2 << 30}
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		return err
	}
	for _, path := range t.Paths {
		watch := time.AfterFunc(30*time.Second, func() { panic("took 30 s") })
		said := strings.ReplaceAll(t.use(path), "\n", " ")
		watch.Stop()
		if _, err := fmt.Fprintln(out, said); err != nil {
			return err
		}
	}
	return nil
}

func (t task) use(path string) string {
	c, err := chat.Open(path, nil)
	if err != nil {
		return fmt.Sprintf("refused %v", err)
	}
	defer c.Close()
	said := t.read(c)
	if strings.HasPrefix(said, "wrong") {
		return said
	}
	if t.Find {
		if err := c.Verify(context.Background(), nil); !errors.Is(err, chat.ErrDamaged) {
			return fmt.Sprintf("wrong %s, and Verify says %v", said, err)
		}
		return said
	}
	// What follows may fail, and must not be the end of the process.
	ctx := context.Background()
	for room := range t.Events {
		r := c.Room(room)
		r.Post(ctx, user("ann"), "one more")
		r.History(ctx, chat.HistoryQuery{Limit: 200})
		r.Members(ctx)
		r.Info(ctx, "")
		for _, err := range r.Backward(ctx, chat.End) {
			if err != nil {
				break
			}
		}
	}
	c.Rooms(ctx, chat.RoomsQuery{})
	c.Verify(ctx, nil)
	c.Close()
	if c, err := chat.Open(path, nil); err == nil {
		t.read(c)
		c.Close()
	}
	return said
}

// read reads all rooms: what is there, or an error after a part of it.
func (t task) read(c *chat.Chat) string {
	said := "served whole"
	for room, want := range t.Events {
		n := 0
		var err error
		var e chat.Event
		for e, err = range c.Room(room).Replay(context.Background(), chat.Start) {
			if err != nil {
				break
			}
			if n == len(want) {
				return fmt.Sprintf("wrong %s: more than the %d events: %s", room, n, e.JSON())
			}
			if got := sum(e.JSON()); got != want[n] {
				return fmt.Sprintf("wrong %s: event %d: %s", room, n, e.JSON())
			}
			n++
		}
		if err != nil {
			said = fmt.Sprintf("part %d of %d events of %s: %v", n, len(want), room, err)
		} else if n < len(want) {
			return fmt.Sprintf("wrong %s: %d events of %d and no error", room, n, len(want))
		}
	}
	for room, want := range t.Shown {
		if got, err := shown(c, room); err == nil && got != want {
			return fmt.Sprintf("wrong %s: shown is another state than that of the log", room)
		}
	}
	return said
}

// shown sums up what is shown of a room, which comes from the views.
func shown(c *chat.Chat, id string) (string, error) {
	ctx, room := context.Background(), c.Room(id)
	page, err := room.History(ctx, chat.HistoryQuery{Limit: 200})
	if errors.Is(err, chat.ErrRoomNotFound) {
		return "no room", nil
	} else if err != nil {
		return "", err
	}
	members, _, err := room.Members(ctx)
	if err != nil {
		return "", err
	}
	info, err := room.Info(ctx, "")
	if err != nil {
		return "", err
	}
	page.Cursor, info.Cursor = chat.Start, chat.Start
	all, err := json.Marshal([]any{page, members, info})
	return sum(all), err
}
