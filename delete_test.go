package chat_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

func TestDelete_erases(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	live, err := c.Subscribe(chat.Start, nil, "general") // so that there is a tail, which must forget too
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	for range 300 {
		post(t, c.Room("other"), ann, "comes before what is erased")
	}
	m, _ := room.Do(within(t), chat.Command{User: ann, Key: "key-1", Fact: chat.MessagePosted{Text: "secret-1", Meta: json.RawMessage(`{"a":"secret-2"}`)}})
	id := m.Event.ID
	do(t, room, ann, chat.MessageEdited{Message: id, Text: "secret-3"})
	do(t, room, ann, chat.MessageEdited{Message: id, Text: "secret-4"})
	do(t, room, bob, chat.ReactionAdded{Message: id, Emoji: "👍"})
	if events, _, err := live.Poll(); err != nil || len(events) != 4 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	late, err := c.Subscribe(chat.Start, nil, "general", "other")
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if events, _, err := late.Poll(); err != nil || len(events) != 256 { // the rest is read, and not yet returned
		t.Fatalf("%d events, %v", len(events), err)
	}

	e := do(t, room, ann, chat.MessageDeleted{Message: id})

	polled, _, err := late.Poll()
	if err != nil {
		t.Fatal(err)
	}
	reads := map[string]any{
		"late":     slices.Clone(polled),
		"replay":   logOf(t, room),
		"backward": collect(t, room.Backward(within(t), chat.End)),
		"follow":   func() (l []chat.Event) { l, _, _ = live.Poll(); return slices.Clone(l) }(),
	}
	reads["log"], _ = room.Log(within(t), "", chat.Start, 0)
	reads["history"] = history(t, room, chat.HistoryQuery{})
	reads["message"], _ = room.MessageVersions(within(t), id, "bob")
	reads["info"], _ = room.Info(within(t), "")
	reads["rooms"], _ = c.Rooms(within(t), chat.RoomsQuery{})
	for name, read := range reads {
		b, err := json.Marshal(read)
		if err != nil || strings.Contains(string(b), "secret") {
			t.Errorf("%s: %s, %v", name, b, err)
		}
		if !strings.Contains(string(b), e.ID.String()) && !strings.Contains(string(b), id.String()) {
			t.Errorf("%s does not speak of the message: %s", name, b)
		}
	}
	posted := logOf(t, room)[0]
	want := `{"id":"` + id.String() + `","room":"general","type":"MessagePosted","at":"` + posted.At.Format("2006-01-02T15:04:05.000Z") +
		`","user":{"id":"ann","name":"Ann"},"erased":true,"data":{}}`
	if string(posted.JSON()) != want || !posted.Erased {
		t.Errorf("got  %s\nwant %s", posted.JSON(), want)
	}
	if fact, err := posted.Fact(); err != nil || fact.(chat.MessagePosted).Text != "" {
		t.Errorf("fact of an erased event: %+v, %v", fact, err)
	}
	if err := c.Verify(within(t), nil); err != nil {
		t.Errorf("an erased log does not verify: %v", err)
	}
}
