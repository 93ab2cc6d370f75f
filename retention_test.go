package chat_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat"
)

func TestFollow_isToldWhatRetentionTook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c := openAt(t, path, &chat.Options{Keep: 20, TailBytes: 1 << 10})
		defer c.Close()
		room := c.Room("general")
		do(t, room, bob, chat.UserJoined{})
		first := post(t, room, ann, "first")
		behind, err := c.Subscribe(first.ID, nil, "general")
		if err != nil {
			t.Fatal(err)
		}
		defer behind.Close()
		for range 100 {
			post(t, room, ann, "more")
		}
		time.Sleep(5 * time.Second) // of the bubble's clock
		synctest.Wait()
		expectExpired(t, room, behind, first.ID)

		info, err := room.Info(within(t), "")
		if err != nil || info.Floor.Compare(first.ID) < 0 {
			t.Fatalf("floor is %s, %v", info.Floor, err)
		}
		for _, after := range []chat.ID{info.Floor, chat.Start} { // both are fine
			page, err := room.Log(within(t), "", after, 0)
			if err != nil || len(page.Events) != 20 || page.Floor != info.Floor {
				t.Errorf("log after %s: %d events, floor %s, %v", after, len(page.Events), page.Floor, err)
			}
			if events := collect(t, room.Replay(within(t), after)); !slices.Equal(lines(events), lines(page.Events)) {
				t.Errorf("replay after %s has %d events", after, len(events))
			}
		}
	})
}

// expectExpired checks that all that goes on from the cursor, and all that
// speaks of the message there, is told that it is gone.
func expectExpired(t *testing.T, room *chat.Room, behind *chat.Subscription, cursor chat.ID) {
	t.Helper()
	expired := map[string]error{}
	_, _, expired["poll"] = behind.Poll()
	_, expired["log"] = room.Log(within(t), "", cursor, 0)
	for _, expired["follow"] = range room.Follow(within(t), cursor) {
		break
	}
	for _, expired["replay"] = range room.Replay(within(t), cursor) {
		break
	}
	for name, err := range expired {
		if !errors.Is(err, chat.ErrCursorExpired) {
			t.Errorf("%s from an expired cursor: %v", name, err)
		}
	}
	gone := map[string]error{}
	_, gone["message"] = room.Message(within(t), cursor, "")
	_, gone["reaction"] = room.React(within(t), bob, cursor, "👍")
	_, gone["edit"] = room.Edit(within(t), ann, cursor, "x")
	for name, err := range gone {
		if !errors.Is(err, chat.ErrMessageNotFound) {
			t.Errorf("%s of what retention took: %v", name, err)
		}
	}
	if page := history(t, room, chat.HistoryQuery{Before: cursor}); len(page.Messages) != 0 || page.Prev != nil || page.Next == nil {
		t.Errorf("page before the floor: %+v", page)
	}
}

func TestOptions_keepIsEnforcedWithinSeconds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c := openAt(t, path, &chat.Options{Keep: 20})
		defer c.Close()
		room := c.Room("general")
		do(t, room, bob, chat.UserJoined{})
		var want []chat.Event
		for i := range 100 {
			want = append(want, post(t, room, ann, fmt.Sprint(i)))
		}
		few := post(t, c.Room("other"), ann, "Hello.")
		time.Sleep(5 * time.Second) // of the bubble's clock
		synctest.Wait()
		if got := logOf(t, room); !slices.Equal(lines(got), lines(want[80:])) {
			t.Errorf("%d events are kept, want the newest 20", len(got))
		}
		if got := logOf(t, c.Room("other")); !slices.Equal(lines(got), []string{string(few.JSON())}) {
			t.Errorf("a room with few events has %d", len(got))
		}
		if page := history(t, room, chat.HistoryQuery{Limit: 200}); len(page.Messages) != 20 || page.Prev != nil {
			t.Errorf("history has %d messages, prev %v", len(page.Messages), page.Prev)
		}
		if members, _, err := room.Members(within(t)); err != nil || len(members) != 1 {
			t.Errorf("members are %v, %v", members, err)
		}
	})
}

// Readers and queries that meet retention at work see what is kept, or are told
// that their cursor has expired: never that something is missing.
func TestQueries_besideRetention(t *testing.T) {
	c, err := chat.OpenFlushing(filepath.Join(t.TempDir(), "chat.db"), &chat.Options{Keep: 20, TailBytes: 1}, 50)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	room := c.Room("general")
	post(t, room, ann, "first")
	ctx := within(t)
	var writing, reading sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		writing.Go(func() {
			for i := range 120 {
				if _, err := room.Post(ctx, ann, fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for name, read := range map[string]func() error{
		"history": func() error {
			page, err := room.History(ctx, chat.HistoryQuery{Limit: 200})
			if err == nil && len(page.Messages) == 0 {
				err = errors.New("page is empty")
			}
			return err
		},
		"log":   func() error { _, err := room.Log(ctx, "", chat.Start, 0); return err },
		"rooms": func() error { _, err := c.Rooms(ctx, chat.RoomsQuery{}); return err },
		"replay": func() error {
			n := 0
			for _, err := range room.Replay(ctx, chat.Start) {
				if n++; n == 1 && err != nil {
					return fmt.Errorf("start has expired: %v", err)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
		"replay from just above the floor": func() error {
			page, err := room.Log(ctx, "", chat.Start, 3)
			if err != nil {
				return err
			}
			for _, err := range room.Replay(ctx, page.Next) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"backward": func() error {
			for _, err := range room.Backward(ctx, chat.End) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := read(); err != nil && !errors.Is(err, chat.ErrCursorExpired) {
					t.Errorf("%s: %v", name, err)
					return
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	reading.Wait()
}

// A message that retention took may have edits that are still kept. Its author
// erases them all the same; a retry of its post is answered with what is left.
func TestDelete_reachesEditsThatOutliveTheirMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c := openAt(t, path, &chat.Options{Keep: 5})
		defer c.Close()
		room, ctx := c.Room("general"), within(t)
		posted, err := room.Do(ctx, chat.Command{User: ann, Key: "k", Fact: chat.MessagePosted{Text: "secret 0"}})
		if err != nil {
			t.Fatal(err)
		}
		id := posted.Event.ID
		for i := range 8 {
			if _, err := room.Edit(ctx, ann, id, fmt.Sprint("secret ", i+1)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second) // of the bubble's clock
		synctest.Wait()
		if _, err := room.Delete(ctx, bob, id); !errors.Is(err, chat.ErrForbidden) {
			t.Errorf("another one deletes it: %v", err)
		}
		if _, err := room.Delete(ctx, ann, id); err != nil {
			t.Fatal(err)
		}
		for _, e := range logOf(t, room) {
			if strings.Contains(string(e.JSON()), "secret") {
				t.Errorf("still served: %s", e.JSON())
			}
		}
		again, err := room.Do(ctx, chat.Command{User: ann, Key: "k", Fact: chat.MessagePosted{Text: "secret 0"}})
		if err != nil || !again.Replayed || again.Event.ID != id || !again.Event.Erased || again.Event.User != ann {
			t.Errorf("the key is answered with %+v, %v", again, err)
		}
		if !strings.Contains(string(again.Event.JSON()), `"name":"Ann"`) {
			t.Errorf("the event is %s", again.Event.JSON())
		}
	})
}
