package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/roomlog/chat"
)

// The room as of any cursor is what a fold of the log up to it says.
func TestAs_isAFoldOfTheLogUpToTheCursor(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	rnd := rand.New(rand.NewPCG(7, 7))
	room := c.Room("r")
	var ids []chat.ID
	for len(ids) < 300 || len(logOf(t, room)) < 210 { // it may be deleted on the way
		if id := randomCommand(t, rnd, room, ids); id != chat.Start {
			ids = append(ids, id)
		}
		if rnd.IntN(10) == 0 { // other rooms are none of its business
			post(t, c.Room("other"), ann, "a")
		}
	}
	log := logOf(t, room)
	erased := map[chat.ID]bool{} // those whose text is gone, also from the past
	for _, e := range log {
		if e.Erased {
			erased[e.ID] = true
		}
	}
	for i := 0; i < len(log); i += 7 {
		past := room.As(log[i].ID)
		m := fold(t, log[:i+1])
		info, err := past.Info(within(t), "")
		if m.gone {
			if !errors.Is(err, chat.ErrRoomNotFound) {
				t.Fatalf("event %d, deleted: %+v, %v", i, info, err)
			}
			continue
		}
		if err != nil || info.Head != log[i].ID || info.Members != len(m.members) || info.Cursor != log[i].ID {
			t.Fatalf("event %d of %d: %+v, %v, want %d members at %s", i, len(log), info, err, len(m.members), log[i].ID)
		}
		members, _, err := past.Members(within(t))
		if err != nil || len(members) != len(m.members) {
			t.Fatalf("event %d: members %v, %v, want %v", i, members, err, m.members)
		}
		for _, member := range members {
			if m.members[member.ID] != member {
				t.Fatalf("event %d: member %v, want %v", i, member, m.members[member.ID])
			}
		}
		for _, message := range m.messages { // a text that is erased is so in the past, too
			if erased[message.ID] {
				message.Deleted = true
			}
		}
		from := max(0, len(m.messages)-50)
		page, err := past.History(within(t), chat.HistoryQuery{Viewer: "user1"})
		got, _ := json.Marshal(page.Messages)
		if want := m.page("user1", from, len(m.messages)); err != nil || counts(got) != counts([]byte(want)) {
			t.Fatalf("event %d: got  %s, %v\nwant %s", i, got, err, want)
		}
		events, err := past.Log(within(t), "", chat.Start, 1000)
		want := i + 1
		if log[0].Type == "RoomDeleted" { // of the room that was there before: its readers alone see it
			want--
		}
		if err != nil || len(events.Events) != want {
			t.Fatalf("event %d: the log has %d events, %v", i, len(events.Events), err)
		}
	}
	// A cursor between two events stands for the earlier one, one behind all for the present.
	for cursor, want := range map[chat.ID]chat.ID{chat.Successor(log[200].ID): log[200].ID, chat.End: log[len(log)-1].ID} {
		if info, err := room.As(cursor).Info(within(t), ""); err == nil && info.Head != want {
			t.Errorf("as of %s: %+v", cursor, info)
		}
	}
}

// counts is a page without the counts of replies: one that was deleted since is
// erased, but was a reply then.
func counts(page []byte) string {
	var list []map[string]any
	if err := json.Unmarshal(page, &list); err != nil {
		return err.Error()
	}
	for _, m := range list {
		delete(m, "replies")
	}
	return fmt.Sprint(list)
}

func TestAs_takesNoCommandsAndKnowsItsLimits(t *testing.T) {
	t.Parallel()
	c := open(t, &chat.Options{Keep: 5})
	room := c.Room("r")
	first := post(t, room, ann, "1")
	if _, err := room.As(first.ID).Post(within(t), ann, "2"); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("post into the past: %v", err)
	}
	before := post(t, c.Room("other"), ann, "a")
	late := post(t, c.Room("late"), ann, "a")
	if _, err := c.Room("late").As(before.ID).Info(within(t), ""); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("before its first event: %v", err)
	}
	if _, err := c.Room("none").As(late.ID).Info(within(t), ""); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("of no room: %v", err)
	}
	m := post(t, room, ann, "hello")
	do(t, room, ann, chat.MessageEdited{Message: m.ID, Text: "bye"})
	past := room.As(m.ID)
	if got := message(t, past, m.ID); got.Text != "hello" || !got.EditedAt.IsZero() {
		t.Errorf("before its edit it is %+v", got)
	}
	if p, err := past.Search(within(t), chat.SearchQuery{Words: "HELLO"}); err != nil || texts(p) != "hello" {
		t.Errorf("search finds %q, %v", texts(p), err)
	}
	e := do(t, room, ann, chat.MessageDeleted{Message: m.ID})
	if got := message(t, past, m.ID); got.Text != "" {
		t.Errorf("what was erased since is %+v", got)
	}
	do(t, room, ann, chat.MessagePosted{Text: "reply", ReplyTo: m.ID})
	for range 10 {
		post(t, room, ann, "a")
	}
	eventually(t, func() bool { return len(logOf(t, room)) == 5 })
	if _, err := room.As(e.ID).Info(within(t), ""); !errors.Is(err, chat.ErrCursorExpired) {
		t.Errorf("below the floor: %v", err)
	}
	if _, err := room.As(floorOfOpen(t, room)).Info(within(t), ""); !errors.Is(err, chat.ErrCursorExpired) {
		t.Errorf("at the floor: %v", err)
	}
	kept := logOf(t, room)
	if info, err := room.As(kept[0].ID).Info(within(t), ""); err != nil || info.Head != kept[0].ID {
		t.Errorf("above the floor: %+v, %v", info, err)
	}
}
