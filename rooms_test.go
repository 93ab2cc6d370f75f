package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

func TestMembers_areThoseWhoJoinedAndDidNotLeave(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	if _, _, err := room.Members(within(t)); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("of no room: %v", err)
	}
	joined := do(t, room, cat, chat.UserJoined{}).ID
	for _, u := range []chat.User{ann, bob} {
		if _, err := room.Join(within(t), u); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := room.Join(within(t), chat.User{ID: "ann", Name: "Another name"}); err != nil {
		t.Fatal(err)
	}
	e, err := room.Leave(within(t), bob)
	if err != nil {
		t.Fatal(err)
	}
	members, cursor, err := room.Members(within(t))
	if want := "[{ann Ann member} {cat Cat member}]"; err != nil || fmt.Sprint(members) != want || cursor != e.ID {
		t.Errorf("got %v at %s, %v, want %s", members, cursor, err, want)
	}
	o, err := room.Overview(within(t), "cat")
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(o)
	want := `{"room":{"id":"general","kind":"public","role":"member","members":2,"last_activity":"` + e.At.Format("2006-01-02T15:04:05.000Z") +
		`","unread":0,"mentions":0,"read_up_to":"` + joined.String() + `","head":"` + e.ID.String() + `","floor":"00000000000000000000000000"},"members":[{"id":"ann","name":"Ann","role":"member"},{"id":"cat","name":"Cat","role":"member"}],"cursor":"` + e.ID.String() + `"}`
	if err != nil || string(b) != want {
		t.Errorf("got  %s, %v\nwant %s", b, err, want)
	}
}

func TestRooms_standByLastActivity(t *testing.T) {
	now := time.UnixMilli(1_767_323_045_678)
	c := open(t, &chat.Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
	page, err := c.Rooms(within(t), chat.RoomsQuery{})
	if b, _ := json.Marshal(page); err != nil || string(b) != `{"rooms":[],"next":null,"cursor":"00000000000000000000000000"}` {
		t.Errorf("of an empty chat: %s, %v", b, err)
	}
	for _, id := range []string{"a", "b", "c", "d", "b", "a"} {
		post(t, c.Room(id), ann, "in "+id)
	}
	for _, id := range []string{"d", "a"} {
		do(t, c.Room(id), bob, chat.UserJoined{})
	}
	do(t, c.Room("c"), bob, chat.UserJoined{})
	last := do(t, c.Room("c"), bob, chat.UserLeft{})

	list := func(q chat.RoomsQuery) string {
		t.Helper()
		var ids []string
		for {
			page, err := c.Rooms(within(t), q)
			if err != nil {
				t.Fatal(err)
			}
			if page.Cursor != c.Head() {
				t.Errorf("cursor is %s, want %s", page.Cursor, c.Head())
			}
			for _, r := range page.Rooms {
				ids = append(ids, r.ID)
				if r.Last == nil || r.Last.Text != "in "+r.ID {
					t.Errorf("last message of %s is %+v", r.ID, r.Last)
				}
				if (r.Role == "member") != (q.Viewer == "bob" && (r.ID == "a" || r.ID == "d")) {
					t.Errorf("role in %s of %q is %q", r.ID, q.Viewer, r.Role)
				}
			}
			if ids = append(ids, "|"); page.Next == nil {
				return strings.Join(ids, "")
			}
			q.After = *page.Next
		}
	}
	for want, q := range map[string]chat.RoomsQuery{
		"cadb|":    {},
		"ca|db|":   {Limit: 2, Viewer: "bob"},
		"c|a|d|b|": {Limit: 1},
		"ad|":      {Scope: chat.Mine, Viewer: "bob"},
		"a|d|":     {Scope: chat.Mine, Viewer: "bob", Limit: 1},
		"|":        {Scope: chat.Mine, Viewer: "bo"},
	} {
		if got := list(q); got != want {
			t.Errorf("%+v: got %s, want %s", q, got, want)
		}
	}
	info, err := c.Room("c").Info(within(t), "")
	if err != nil || info.Members != 0 || info.Head != last.ID || !info.LastActivity.Equal(last.At) || info.Cursor != last.ID {
		t.Errorf("info is %+v, %v", info, err)
	}
	if _, err := c.Room("e").Info(within(t), ""); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("info of no room: %v", err)
	}
	if _, err := c.Rooms(within(t), chat.RoomsQuery{Limit: -1}); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("limit -1: %v", err)
	}
}
