package chat_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

// Where a room shows its members no more than what came since they joined, no
// query tells more.
func TestSeeFromJoin_holdsForEveryQuery(t *testing.T) {
	c := open(t, nil)
	room, ctx := create(t, c, "r", chat.RoomCreated{RoomKind: chat.Private, History: chat.SeeFromJoin}), within(t)
	old := do(t, room, ann, chat.MessagePosted{Text: "early words", Mentions: []string{"bob"}})
	edited := post(t, room, ann, "early edited")
	do(t, room, ann, chat.MessageEdited{Message: edited.ID, Text: "early again"})
	do(t, room, ann, chat.MessagePosted{Text: "early reply", ReplyTo: old.ID})
	joined := do(t, room, ann, chat.UserJoined{Member: bob})
	late := do(t, room, ann, chat.MessagePosted{Text: "late words", ReplyTo: old.ID, Mentions: []string{"bob"}})

	got := map[string]any{}
	got["history"] = history(t, room, chat.HistoryQuery{Viewer: "bob"})
	got["before"] = history(t, room, chat.HistoryQuery{Viewer: "bob", Before: joined.ID})
	got["around"] = history(t, room, chat.HistoryQuery{Viewer: "bob", Around: old.ID})
	got["after"] = history(t, room, chat.HistoryQuery{Viewer: "bob", After: chat.Predecessor(old.ID), Limit: 1})
	got["log"], _ = room.Log(ctx, "bob", chat.Start, 0)
	got["search"], _ = room.Search(ctx, chat.SearchQuery{Words: "words", Viewer: "bob"})
	got["mentions"], _ = c.Mentions(ctx, "bob", chat.MentionsQuery{})
	got["message"], _ = room.Message(ctx, late.ID, "bob")
	got["info"], _ = room.Info(ctx, "bob")
	got["rooms"], _ = c.Rooms(ctx, chat.RoomsQuery{Viewer: "bob"})
	for name, v := range got {
		b, err := json.Marshal(v)
		if err != nil || strings.Contains(string(b), "early") {
			t.Errorf("%s: %s, %v", name, b, err)
		}
		if name != "before" && !strings.Contains(string(b), late.ID.String()) {
			t.Errorf("%s lacks the late message: %s", name, b)
		}
	}
	if p := got["before"].(chat.Page); len(p.Messages) != 0 || p.Prev != nil {
		t.Errorf("before joining: %+v", p)
	}
	if p := got["log"].(chat.LogPage); len(p.Events) != 2 || p.Events[0].ID != joined.ID {
		t.Errorf("the log is %s", lines(p.Events))
	}
	if a, err := room.Access(ctx, "bob"); err != nil || a.From != chat.Predecessor(joined.ID) {
		t.Errorf("access is from %s, %v, joined at %s", a.From, err, joined.ID)
	}
	hidden := map[string]error{
		"message":                second(room.Message(ctx, old.ID, "bob")),
		"versions":               second(room.MessageVersions(ctx, edited.ID, "bob")),
		"thread":                 second(room.Thread(ctx, old.ID, chat.HistoryQuery{Viewer: "bob"})),
		"reply":                  second(room.Reply(ctx, bob, old.ID, "x")),
		"react":                  second(room.React(ctx, bob, old.ID, "x")),
		"unreact":                second(room.Unreact(ctx, bob, old.ID, "x")),
		"edit":                   second(room.Edit(ctx, bob, old.ID, "x")),
		"delete":                 second(room.Delete(ctx, bob, old.ID)),
		"delete what was edited": second(room.Delete(ctx, bob, edited.ID)),
	}
	for name, err := range hidden {
		if !errors.Is(err, chat.ErrMessageNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The owner, who was there, sees all of it; who comes again does not.
	if p := history(t, room, chat.HistoryQuery{Viewer: "ann"}); len(p.Messages) != 4 {
		t.Errorf("the owner sees %d messages", len(p.Messages))
	}
	do(t, room, bob, chat.UserLeft{})
	do(t, room, ann, chat.UserJoined{Member: bob})
	if p := history(t, room, chat.HistoryQuery{Viewer: "bob"}); len(p.Messages) != 0 {
		t.Errorf("who comes again sees %s", texts(p))
	}
	// It can be opened, and then all see everything.
	do(t, room, ann, chat.RoomChanged{History: chat.SeeAll})
	if p := history(t, room, chat.HistoryQuery{Viewer: "bob"}); len(p.Messages) != 4 {
		t.Errorf("opened, it shows %s", texts(p))
	}
	do(t, room, ann, chat.RoomChanged{History: chat.SeeFromJoin})
	do(t, room, ann, chat.RoomChanged{RoomKind: chat.Public})
	if info, err := room.Info(ctx, "cat"); err != nil || info.History != chat.SeeAll {
		t.Errorf("a public room shows %q, %v", info.History, err)
	}
}
