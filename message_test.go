package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

func message(t *testing.T, room *chat.Room, id chat.ID) chat.Message {
	t.Helper()
	m, err := room.Message(within(t), id, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPost_kinds(t *testing.T) {
	room := open(t, nil).Room("r")
	for kind, want := range map[string]string{"": "text", "text": "text", "image": "image", "file": "file", "my-own.kind_1": "my-own.kind_1"} {
		e := do(t, room, ann, chat.MessagePosted{Text: "a", MessageKind: kind})
		if got := message(t, room, e.ID).Kind; got != want {
			t.Errorf("kind %q is %q", kind, got)
		}
	}
	for kind, want := range map[string]error{"system": chat.ErrForbidden, "a b": chat.ErrInvalidField, strings.Repeat("a", 65): chat.ErrInvalidField} {
		if _, err := room.Do(within(t), chat.Command{User: ann, Fact: chat.MessagePosted{Text: "a", MessageKind: kind}}); !errors.Is(err, want) {
			t.Errorf("kind %q: %v", kind, err)
		}
	}
	e := host(t, room, chat.MessagePosted{Text: "Welcome.", MessageKind: "system"})
	if m := message(t, room, e.ID); m.Kind != "system" || m.User.ID != "bot" {
		t.Errorf("the host's own voice is %+v", m)
	}
}

func TestReply_showsItsParentAsItIsNow(t *testing.T) {
	c := open(t, nil)
	room := c.Room("r")
	root := post(t, room, ann, "first")
	reply, err := room.Reply(within(t), bob, root.ID, "answer")
	if err != nil {
		t.Fatal(err)
	}
	expect := func(text string, deleted bool) {
		t.Helper()
		m := message(t, room, reply.ID)
		if m.ReplyTo != root.ID || m.Parent == nil || m.Parent.ID != root.ID || m.Parent.User != ann || m.Parent.Text != text || m.Parent.Deleted != deleted {
			t.Errorf("reply is %+v, parent %+v, want %q, %v", m, m.Parent, text, deleted)
		}
	}
	expect("first", false)
	do(t, room, ann, chat.MessageEdited{Message: root.ID, Text: "second"})
	expect("second", false)
	do(t, room, ann, chat.MessageDeleted{Message: root.ID})
	expect("", true)
	// A tombstone keeps what it answers, and nothing else.
	do(t, room, bob, chat.MessageDeleted{Message: reply.ID})
	b, err := json.Marshal(message(t, room, reply.ID))
	want := fmt.Sprintf(`{"id":"%s","room":"r","at":"%s","user":{"id":"bob","name":"Bob"},"deleted":true,"reply_to":"%s"}`,
		reply.ID, reply.At.Format("2006-01-02T15:04:05.000Z"), root.ID)
	if err != nil || string(b) != want {
		t.Errorf("got  %s, %v\nwant %s", b, err, want)
	}
	other := post(t, c.Room("other"), ann, "elsewhere")
	for _, id := range []chat.ID{other.ID, chat.End, do(t, room, ann, chat.UserJoined{}).ID} {
		if _, err := room.Reply(within(t), bob, id, "answer"); !errors.Is(err, chat.ErrMessageNotFound) {
			t.Errorf("reply to %s: %v", id, err)
		}
	}
}

func TestThread_countsAndPages(t *testing.T) {
	room := open(t, nil).Room("r")
	root, side := post(t, room, ann, "root"), post(t, room, ann, "side")
	var ids []chat.ID
	for i := range 7 {
		fact := chat.MessagePosted{Text: fmt.Sprint(i), ReplyTo: root.ID}
		if i%2 == 1 {
			fact = chat.MessagePosted{Text: fmt.Sprint(i), Thread: root.ID, ReplyTo: side.ID}
		}
		ids = append(ids, do(t, room, bob, fact).ID)
		post(t, room, cat, "between")
	}
	thread := func(q chat.HistoryQuery) chat.Page {
		t.Helper()
		p, err := room.Thread(within(t), root.ID, q)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for want, q := range map[string]chat.HistoryQuery{
		"0 1 2 3 4 5 6": {},
		"5 6":           {Limit: 2},
		"2 3 ":          {Before: ids[4], Limit: 2},
		"3 4":           {After: ids[2], Limit: 2},
		"2 3 4":         {Around: ids[3], Limit: 3},
		"":              {After: ids[6]},
		" ":             {Before: ids[0]},
	} {
		if got := texts(thread(q)); got != strings.TrimSpace(want) {
			t.Errorf("%+v: got %q, want %q", q, got, want)
		}
	}
	var back, forth []string
	p := thread(chat.HistoryQuery{Limit: 3})
	for back = append(back, texts(p)); p.Prev != nil; back = append(back, texts(p)) {
		p = thread(chat.HistoryQuery{Before: *p.Prev, Limit: 3})
	}
	for forth = append(forth, texts(p)); p.Next != nil; forth = append(forth, texts(p)) {
		p = thread(chat.HistoryQuery{After: *p.Next, Limit: 3})
	}
	if got := strings.Join(back, "|") + " / " + strings.Join(forth, "|"); got != "4 5 6|1 2 3|0 / 0|1 2 3|4 5 6" {
		t.Errorf("pages are %s", got)
	}
	count := func(want int) {
		t.Helper()
		if n := message(t, room, root.ID).Replies; n != want {
			t.Errorf("%d replies, want %d", n, want)
		}
	}
	count(7)
	do(t, room, bob, chat.MessageDeleted{Message: ids[3]})
	do(t, room, bob, chat.MessageDeleted{Message: ids[4]})
	count(5)
	if got := texts(thread(chat.HistoryQuery{})); got != "0 1 2   5 6" { // each keeps its place
		t.Errorf("thread with deleted replies is %q", got)
	}
	if n := message(t, room, side.ID).Replies; n != 0 {
		t.Errorf("a thread is that of its root, not of what is answered in it: %d", n)
	}
	do(t, room, ann, chat.MessageDeleted{Message: root.ID})
	if got := texts(thread(chat.HistoryQuery{Limit: 2})); got != "5 6" {
		t.Errorf("thread of a deleted message is %q", got)
	}
	if _, err := room.Thread(within(t), chat.End, chat.HistoryQuery{}); !errors.Is(err, chat.ErrMessageNotFound) {
		t.Errorf("thread of nothing: %v", err)
	}
}

func TestMentions_areThoseOfNow(t *testing.T) {
	c := open(t, nil)
	room := c.Room("a")
	secret := create(t, c, "secret", chat.RoomCreated{RoomKind: chat.Private, Members: []chat.User{bob}})
	mention := func(room *chat.Room, text string, users ...string) chat.ID {
		return do(t, room, ann, chat.MessagePosted{Text: text, Mentions: users}).ID
	}
	one := mention(room, "1", "bob", "cat", "bob")
	mention(secret, "2", "bob", "cat")
	three := mention(room, "3", "bob")
	four := mention(c.Room("b"), "4", "bob")
	mention(c.Room("b"), "5", "bo", "bobby")
	expect := func(user, want string) {
		t.Helper()
		p, err := c.Mentions(within(t), user, chat.MentionsQuery{})
		if err != nil || texts(p) != want {
			t.Errorf("mentions of %s are %q, %v, want %q", user, texts(p), err, want)
		}
	}
	expect("bob", "1 2 3 4")
	expect("cat", "1") // who is not in the private room
	if m := message(t, room, one).Mentions; fmt.Sprint(m) != "[bob cat]" {
		t.Errorf("mentions of the message are %v", m)
	}
	var pages []string
	q := chat.MentionsQuery{Limit: 3}
	for {
		p, err := c.Mentions(within(t), "bob", q)
		if err != nil {
			t.Fatal(err)
		}
		if pages = append(pages, texts(p)); p.HasMore != (p.Prev != nil) {
			t.Errorf("has_more %v, prev %v", p.HasMore, p.Prev)
		}
		if p.Prev == nil {
			break
		}
		q.Before = *p.Prev
	}
	if fmt.Sprint(pages) != "[2 3 4 1]" {
		t.Errorf("pages are %v", pages)
	}
	do(t, room, ann, chat.MessageEdited{Message: three, Text: "3b"}) // leaves them
	expect("bob", "1 2 3b 4")
	do(t, room, ann, chat.MessageEdited{Message: three, Text: "3c", Mentions: []string{"cat"}})
	expect("bob", "1 2 4")
	expect("cat", "1 3c")
	do(t, room, ann, chat.MessageEdited{Message: three, Text: "3c", Mentions: []string{}}) // the text alone is the same
	expect("cat", "1")
	do(t, c.Room("b"), ann, chat.MessageDeleted{Message: four})
	expect("bob", "1 2")
	do(t, secret, bob, chat.UserLeft{})
	expect("bob", "1")
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprint("u", i))
	}
	if _, err := room.Do(within(t), chat.Command{User: ann, Fact: chat.MessagePosted{Text: "a", Mentions: many}}); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("65 mentions: %v", err)
	}
}

func TestMessageVersions_areKeptUntilTheDeletion(t *testing.T) {
	room := open(t, nil).Room("r")
	e := post(t, room, ann, "1")
	do(t, room, ann, chat.MessageEdited{Message: e.ID, Text: "2"})
	last := do(t, room, ann, chat.MessageEdited{Message: e.ID, Text: "3"})
	m, err := room.MessageVersions(within(t), e.ID, "")
	if err != nil || len(m.Versions) != 3 || m.Versions[0].Text != "1" || m.Versions[1].Text != "2" || m.Versions[2].Text != "3" ||
		!m.Versions[0].At.Equal(e.At) || !m.Versions[2].At.Equal(last.At) || m.Text != "3" || !m.EditedAt.Equal(last.At) {
		t.Errorf("%+v, %v", m, err)
	}
	do(t, room, ann, chat.MessageDeleted{Message: e.ID})
	if m, err := room.MessageVersions(within(t), e.ID, ""); err != nil || !m.Deleted || m.Versions != nil || m.Text != "" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAttachments_goWithoutText(t *testing.T) {
	room := open(t, nil).Room("r")
	e := do(t, room, ann, chat.MessagePosted{MessageKind: "image", Attachments: json.RawMessage(`[ {"url": "/a.png"} ]`)})
	if m := message(t, room, e.ID); m.Text != "" || string(m.Attachments) != `[{"url":"/a.png"}]` {
		t.Errorf("%+v", m)
	}
	do(t, room, ann, chat.MessageEdited{Message: e.ID, Text: "with text"})
	do(t, room, ann, chat.MessageEdited{Message: e.ID})
	if m := message(t, room, e.ID); m.Text != "" || m.EditedAt.IsZero() {
		t.Errorf("%+v", m)
	}
	plain := post(t, room, ann, "a")
	if _, err := room.Edit(within(t), ann, plain.ID, " "); !errors.Is(err, chat.ErrEmptyMessage) {
		t.Errorf("edit into nothing: %v", err)
	}
	for raw, want := range map[string]error{
		`[]`: chat.ErrEmptyMessage, `null`: chat.ErrEmptyMessage, `{}`: chat.ErrInvalidField, `[1]`: chat.ErrInvalidField, `[`: chat.ErrInvalidField,
		"[" + strings.Repeat("{},", 32) + "{}]": chat.ErrInvalidField,
	} {
		if _, err := room.Do(within(t), chat.Command{User: ann, Fact: chat.MessagePosted{Attachments: json.RawMessage(raw)}}); !errors.Is(err, want) {
			t.Errorf("%s: %v", raw, err)
		}
	}
	do(t, room, ann, chat.MessageDeleted{Message: e.ID})
	if b, _ := json.Marshal(logOf(t, room)); strings.Contains(string(b), "a.png") {
		t.Errorf("an attachment is left: %s", b)
	}
}
