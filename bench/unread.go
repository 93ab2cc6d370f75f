package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/roomlog/chat"
)

// owner is whose unread messages are counted, writer who has written them, and
// early who has written what was read already.
var (
	owner  = chat.User{ID: "reader", Name: "Reader"}
	writer = chat.User{ID: "writer", Name: "Writer"}
	early  = chat.User{ID: "early", Name: "Early"}
)

// shelf is a chat with rooms that a user has joined.
type shelf struct {
	dir    string
	chat   *chat.Chat
	rooms  int
	unread int // in each room
}

// makeShelf makes a chat with rooms, over all of which before messages by one
// user are read, and in each of which unread messages are not. own are messages
// behind them, by the reader.
func makeShelf(s settings, rooms, unread, before, own int) (sh shelf, err error) {
	sh = shelf{rooms: rooms, unread: unread}
	if sh.dir, err = os.MkdirTemp(s.dir, "bench-*"); err != nil {
		return sh, err
	}
	if sh.chat, err = chat.Create(filepath.Join(sh.dir, "chat.db"), nil); err != nil {
		return sh, err
	}
	if err := sh.fill(before, early); err != nil {
		return sh, err
	}
	for i := range rooms {
		if _, err := sh.chat.Room(roomName(i)).Join(context.Background(), owner); err != nil {
			return sh, err
		}
	}
	if err := sh.fill(own, owner); err != nil {
		return sh, err
	}
	return sh, sh.fill(rooms*unread, writer)
}

func roomName(i int) string { return fmt.Sprintf("room-%d", i) }

// fill posts n messages by a user, evenly over the rooms.
func (sh shelf) fill(n int, by chat.User) error {
	const callers = 1024
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for c := range min(callers, n) {
		wg.Go(func() {
			for i := c; i < n && errs[c] == nil; i += callers {
				_, errs[c] = sh.chat.Room(roomName(i%sh.rooms)).Post(context.Background(), by, messageText)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (sh shelf) remove() error {
	var err error
	if sh.chat != nil {
		err = sh.chat.Close()
	}
	return errors.Join(err, os.RemoveAll(sh.dir))
}

// list reads the list of the reader's rooms, the page that is shown first or all
// of it, and wants the counts right.
func (sh shelf) list(whole bool) (time.Duration, error) {
	q := chat.RoomsQuery{Scope: chat.Mine, Viewer: owner.ID}
	want := min(sh.rooms, 50)
	if whole {
		q.Limit, want = 200, sh.rooms
	}
	began, got := time.Now(), 0
	for {
		page, err := sh.chat.Rooms(context.Background(), q)
		if err != nil {
			return 0, err
		}
		for _, room := range page.Rooms {
			got++
			if r := room.Read; r.Unread != min(sh.unread, 1000) || r.More != (sh.unread > 1000) {
				return 0, fmt.Errorf("%s has %d unread (more: %t), not %d", room.ID, r.Unread, r.More, sh.unread)
			}
		}
		if page.Next == nil || !whole {
			break
		}
		q.After = *page.Next
	}
	if got != want {
		return 0, fmt.Errorf("%d rooms are listed, not %d", got, want)
	}
	return time.Since(began), nil
}

// printUnread prints the tables of what is unread.
func printUnread(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## What is unread\n\n")
	fmt.Fprintf(out, "The list of the rooms that a user has joined, with what is unread in each: its first page of 50, and all of it. Twice, in two chats:\n"+
		"in one nothing was written before the user joined, in the other %s messages in those rooms. The two are read in turn; medians.\n\n", count(float64(s.events)))
	fmt.Fprintln(out, "| rooms | unread in each | first page | the long log | ratio | all | the long log | ratio |")
	fmt.Fprintln(out, "|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, rooms := range []int{1, max(1, s.rooms/10), s.rooms} {
		for _, unread := range []int{10, 1001} {
			if err := printUnreadRow(out, s, rooms, unread); err != nil {
				return err
			}
		}
	}
	fmt.Fprintln(out)
	return printOwn(out, s)
}

func printUnreadRow(out io.Writer, s settings, rooms, unread int) error {
	short, err := makeShelf(s, rooms, unread, 0, 0)
	defer short.remove()
	if err != nil {
		return err
	}
	long, err := makeShelf(s, rooms, unread, s.events, 0)
	defer long.remove()
	if err != nil {
		return err
	}
	var took [4][]time.Duration
	for began, i := time.Now(), 0; i < 5 || time.Since(began) < s.took && i < 1000; i++ {
		for j := range took { // page and whole; of each, short and long
			sh := short
			if j%2 == 1 {
				sh = long
			}
			d, err := sh.list(j >= 2)
			if err != nil {
				return err
			}
			took[j] = append(took[j], d)
		}
	}
	m := func(i int) time.Duration { return middle(took[i]) }
	fmt.Fprintf(out, "| %d | %d | %s | %s | %.2f | %s | %s | %.2f |\n", rooms, unread,
		us(m(0)), us(m(1)), ratio(m(1), m(0)), us(m(2)), us(m(3)), ratio(m(3), m(2)))
	return nil
}

// printOwn measures a user who has a long log of their own messages to pass over.
func printOwn(out io.Writer, s settings) error {
	few, err := makeShelf(s, 1, 10, 0, 10)
	defer few.remove()
	if err != nil {
		return err
	}
	many, err := makeShelf(s, 1, 10, 0, s.events)
	defer many.remove()
	if err != nil {
		return err
	}
	var took [2][]time.Duration
	for range 200 {
		for j, sh := range []shelf{few, many} {
			d, err := sh.list(false)
			if err != nil {
				return err
			}
			took[j] = append(took[j], d)
		}
	}
	fmt.Fprintf(out, "Ten unread messages of another behind 10 and %s of one's own that lie behind the marker: %s and %s, %.2f times.\n\n",
		count(float64(s.events)), us(middle(took[0])), us(middle(took[1])), ratio(middle(took[1]), middle(took[0])))
	return nil
}

func middle(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
