package chat_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// host carries out a command in the program's own voice.
func host(t testing.TB, room *chat.Room, fact chat.Fact) chat.Event {
	t.Helper()
	res, err := room.Do(within(t), chat.Command{User: chat.User{ID: "bot", Name: "Bot"}, Fact: fact, Host: true})
	if err != nil {
		t.Fatal(err)
	}
	return res.Event
}

// create makes a room whose owner is ann.
func create(t testing.TB, c *chat.Chat, id string, fact chat.RoomCreated) *chat.Room {
	t.Helper()
	res, err := c.CreateRoom(within(t), id, chat.Command{User: ann, Fact: fact})
	if err != nil {
		t.Fatal(err)
	}
	return c.Room(res.Event.Room)
}

// A room that was deleted and is made anew knows nothing of what it was, on
// every way that its rows can come about: also where retention had folded some
// of it.
func TestDeleteRoom_andBeginAnew(t *testing.T) {
	for _, keep := range []int{0, 5} {
		t.Run(fmt.Sprint("keep=", keep), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "chat.db")
			c, err := chat.OpenFlushing(path, &chat.Options{Keep: keep}, 4)
			if err != nil {
				t.Fatal(err)
			}
			room := create(t, c, "r", chat.RoomCreated{RoomKind: chat.Private, Title: "secret title", Members: []chat.User{bob, cat}})
			direct := create(t, c, "", chat.RoomCreated{RoomKind: chat.Direct, Members: []chat.User{bob}})
			for _, r := range []*chat.Room{room, direct} {
				for range 10 {
					e := do(t, r, bob, chat.MessagePosted{Text: "secret", Mentions: []string{"ann"}})
					do(t, r, ann, chat.ReactionAdded{Message: e.ID, Emoji: "👍"})
				}
			}
			do(t, room, ann, chat.UserBanned{Member: cat})
			if keep > 0 {
				for floorOfOpen(t, room) == chat.Start || floorOfOpen(t, direct) == chat.Start { // retention works beside
					do(t, room, ann, chat.MessagePosted{Text: "secret"})
					do(t, direct, ann, chat.MessagePosted{Text: "secret"})
				}
			}
			do(t, room, ann, chat.RoomDeleted{})
			host(t, direct, chat.RoomDeleted{})
			for _, r := range []*chat.Room{room, direct} {
				for name, err := range reads(t, r, "ann") {
					if !errors.Is(err, chat.ErrRoomNotFound) {
						t.Errorf("%s of a deleted room: %v", name, err)
					}
				}
			}
			if page, err := c.Mentions(within(t), "ann", chat.MentionsQuery{}); err != nil || len(page.Messages) > 0 {
				t.Errorf("mentions: %+v, %v", page, err)
			}
			if page, err := c.Rooms(within(t), chat.RoomsQuery{}); err != nil || len(page.Rooms) > 0 {
				t.Errorf("rooms: %+v, %v", page, err)
			}
			// The same set of users, and the same id.
			other := create(t, c, "", chat.RoomCreated{RoomKind: chat.Direct, Members: []chat.User{bob}})
			if other.ID() == direct.ID() {
				t.Error("the direct room has its old id")
			}
			again := create(t, c, "r", chat.RoomCreated{})
			do(t, again, cat, chat.MessagePosted{Text: "Hello."}) // who was banned before
			expectNew := func(when string, c *chat.Chat) {
				t.Helper()
				o, err := c.Room("r").Overview(within(t), "")
				if err != nil || o.Room.Title != "" || o.Room.Kind != chat.Public || len(o.Members) != 1 || o.Members[0].ID != "ann" {
					t.Errorf("%s: %+v, %v", when, o, err)
				}
				p := history(t, c.Room("r"), chat.HistoryQuery{})
				if texts(p) != "Hello." || len(p.Messages[0].Reactions) != 0 {
					t.Errorf("%s: %+v", when, p)
				}
				for _, e := range logOf(t, c.Room("r")) {
					if strings.Contains(string(e.JSON()), "secret") {
						t.Errorf("%s: %s", when, e.JSON())
					}
				}
				res, err := c.CreateRoom(within(t), "", chat.Command{User: bob, Fact: chat.RoomCreated{RoomKind: chat.Direct, Members: []chat.User{ann}}})
				if err != nil || res.Changed || res.Event.Room != other.ID() {
					t.Errorf("%s: the direct room is %+v, %v", when, res, err)
				}
			}
			expectNew("live", c)
			eventually(t, func() bool { return c.Stats().Removing == 0 }) // in the background
			live := dumpOf(t, c)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			expectSameRows(t, "rebuilt", dumpWith(t, path, ""), live)
			if err := chat.Compact(path, nil); err != nil {
				t.Fatal(err)
			}
			expectNowhere(t, path, "secret")
			if err := os.Remove(path + ".views"); err != nil {
				t.Fatal(err)
			}
			expectNew("rebuilt", openAt(t, path, nil))
		})
	}
}

// eventually waits for what is done in the background within seconds.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for start := time.Now(); !done(); {
		if time.Since(start) > 20*time.Second {
			t.Fatal("it was not done in 20 s")
		}
		time.Sleep(time.Millisecond)
	}
}

// expectNowhere looks for a text in both files of a closed chat.
func expectNowhere(t *testing.T, path, text string) {
	t.Helper()
	for _, name := range []string{path, path + ".views"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(b, []byte(text)); i >= 0 {
			t.Errorf("%s is in %s: %q", text, filepath.Base(name), b[max(0, i-100):min(len(b), i+50)])
		}
	}
}

func floorOfOpen(t *testing.T, room *chat.Room) chat.ID {
	t.Helper()
	info, err := room.Info(within(t), "")
	if err != nil {
		t.Fatal(err)
	}
	return info.Floor
}

// reads asks everything that can be asked of a room on behalf of a user, and
// returns the errors.
func reads(t *testing.T, room *chat.Room, viewer string) map[string]error {
	t.Helper()
	ctx := within(t)
	errs := map[string]error{}
	_, errs["access"] = room.Access(ctx, viewer)
	_, errs["info"] = room.Info(ctx, viewer)
	_, errs["overview"] = room.Overview(ctx, viewer)
	_, errs["history"] = room.History(ctx, chat.HistoryQuery{Viewer: viewer})
	_, errs["thread"] = room.Thread(ctx, chat.End, chat.HistoryQuery{Viewer: viewer})
	_, errs["message"] = room.Message(ctx, chat.End, viewer)
	_, errs["versions"] = room.MessageVersions(ctx, chat.End, viewer)
	_, errs["search"] = room.Search(ctx, chat.SearchQuery{Words: "a", Viewer: viewer})
	_, errs["log"] = room.Log(ctx, viewer, chat.Start, 0)
	return errs
}

// The deletion is the last that a follower sees of a room, and what comes if it
// begins anew follows without a seam.
func TestDeleteRoom_isTheLastThatFollowersSee(t *testing.T) {
	c := open(t, nil)
	room := create(t, c, "r", chat.RoomCreated{})
	post(t, room, ann, "a")
	s, err := c.Subscribe(chat.Start, nil, "r")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got []string
	poll := func() {
		t.Helper()
		events, _, err := s.Poll()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			got = append(got, e.Type)
		}
	}
	poll()
	do(t, room, ann, chat.RoomDeleted{})
	poll()
	if res, err := room.Do(within(t), chat.Command{User: ann, Fact: chat.MessagePosted{Text: "b"}}); err != nil || !res.Changed {
		t.Errorf("%+v, %v", res, err)
	}
	poll()
	if want := "RoomCreated UserJoined MessagePosted RoomDeleted MessagePosted"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
	late, err := c.Subscribe(logOf(t, room)[0].ID, nil, "r")
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if events, _, err := late.Poll(); err != nil || len(events) != 1 {
		t.Errorf("after the deletion: %d events, %v", len(events), err)
	}
}
