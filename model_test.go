package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// A model folds a room's log in the simplest way there is: everything in
// lists, looked through from the start.
type model struct {
	messages []*modelMessage
	members  map[string]chat.Member
	gone     bool // by a deletion, and not begun anew
}

type modelMessage struct {
	chat.Message
	reactions []modelReaction // oldest first
}

type modelReaction struct {
	emoji string
	user  chat.User
}

func (m *model) find(id chat.ID) *modelMessage {
	for _, message := range m.messages {
		if message.ID == id {
			return message
		}
	}
	return nil
}

// fold returns the model of a log.
func fold(t *testing.T, events []chat.Event) *model {
	t.Helper()
	m := &model{members: map[string]chat.Member{}}
	for _, e := range events {
		fact, err := e.Fact()
		if err != nil {
			t.Fatal(err)
		}
		m.add(e, fact)
	}
	return m
}

func (m *model) add(e chat.Event, fact chat.Fact) {
	switch f := fact.(type) {
	case chat.RoomDeleted:
		*m = model{members: map[string]chat.Member{}, gone: true}
		return
	case chat.MessagePosted:
		kind := f.MessageKind
		if kind == "" {
			kind = "text"
		}
		m.messages = append(m.messages, &modelMessage{Message: chat.Message{
			ID: e.ID, Room: e.Room, At: e.At, User: e.User, Text: f.Text, Kind: kind,
			ReplyTo: f.ReplyTo, Thread: f.Thread, Mentions: f.Mentions, Attachments: f.Attachments,
		}})
	case chat.MessageEdited:
		if message := m.find(f.Message); message != nil {
			message.Text, message.EditedAt = f.Text, e.At
			if f.Mentions != nil {
				message.Mentions = f.Mentions
			}
		}
	case chat.MessageDeleted:
		if message := m.find(f.Message); message != nil {
			message.Deleted = true
		}
	case chat.ReactionAdded:
		if message := m.find(f.Message); message != nil {
			message.reactions = append(message.reactions, modelReaction{f.Emoji, e.User})
		}
	case chat.ReactionRemoved:
		if message := m.find(f.Message); message != nil {
			message.reactions = slices.DeleteFunc(message.reactions, func(r modelReaction) bool {
				return r.emoji == f.Emoji && r.user.ID == e.User.ID
			})
		}
	case chat.UserJoined:
		m.members[f.Member.ID] = chat.Member{ID: f.Member.ID, Name: f.Member.Name, Role: f.Role}
	case chat.UserLeft:
		delete(m.members, f.Member.ID)
	case chat.RoleChanged:
		member := m.members[f.Member.ID]
		member.Role = f.Role
		m.members[f.Member.ID] = member
	}
	m.gone = false
}

// seenBy returns the message with its reactions counted.
func (m *model) seenBy(message *modelMessage, viewer string) chat.Message {
	out := message.Message
	if parent := m.find(out.ReplyTo); parent != nil {
		out.Parent = &chat.Parent{ID: parent.ID, User: parent.User, Text: parent.Text, Deleted: parent.Deleted}
		if parent.Deleted {
			out.Parent.Text = ""
		}
	}
	for _, reply := range m.messages {
		if !reply.Deleted && (reply.Thread == out.ID || reply.Thread == chat.Start && reply.ReplyTo == out.ID) {
			out.Replies++
		}
	}
	for _, r := range message.reactions {
		i := slices.IndexFunc(out.Reactions, func(have chat.Reaction) bool { return have.Emoji == r.emoji })
		if i < 0 {
			i = len(out.Reactions)
			out.Reactions = append(out.Reactions, chat.Reaction{Emoji: r.emoji})
		}
		have := &out.Reactions[i]
		have.Count++
		have.Mine = have.Mine || r.user.ID == viewer
		if len(have.Users) < 3 {
			have.Users = append(have.Users, r.user)
		}
	}
	return out
}

func (m *model) page(viewer string, from, to int) string {
	list := []chat.Message{}
	for _, message := range m.messages[from:to] {
		list = append(list, m.seenBy(message, viewer))
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// randomCommand asks for one of all kinds of facts, about the events of a list
// as well as about nothing. It returns the new event, if there is one.
func randomCommand(t testing.TB, rnd *rand.Rand, room *chat.Room, ids []chat.ID) chat.ID {
	t.Helper()
	n := rnd.IntN(6)
	by := chat.User{ID: fmt.Sprint("user", n), Name: fmt.Sprint("User ", n)}
	var message chat.ID
	if len(ids) > 0 {
		message = ids[max(0, len(ids)-1-rnd.IntN(40))]
	}
	emoji := []string{"👍", "👎", "a"}[rnd.IntN(3)]
	other := rnd.IntN(6)
	member := chat.User{ID: fmt.Sprint("user", other), Name: []string{"", fmt.Sprint("User ", other)}[rnd.IntN(2)]}
	facts := []chat.Fact{
		chat.MessagePosted{Text: fmt.Sprint("text ", rnd.IntN(1000))},
		chat.MessagePosted{Text: fmt.Sprint("text ", rnd.IntN(1000))},
		chat.MessagePosted{Text: "reply", ReplyTo: message, Mentions: []string{"user1", member.ID}},
		chat.MessagePosted{Text: "in a thread", Thread: message, MessageKind: "note"},
		chat.MessageEdited{Message: message, Text: fmt.Sprint("edit ", rnd.IntN(3))},
		chat.MessageEdited{Message: message, Text: fmt.Sprint("edit ", rnd.IntN(3)), Mentions: []string{member.ID}},
		chat.MessageDeleted{Message: message},
		chat.ReactionAdded{Message: message, Emoji: emoji},
		chat.ReactionAdded{Message: message, Emoji: emoji},
		chat.ReactionAdded{Message: message, Emoji: emoji},
		chat.ReactionRemoved{Message: message, Emoji: emoji},
		chat.UserJoined{},
		chat.UserLeft{},
		chat.Custom{Type: "x.note", Data: json.RawMessage(`{"message":"not one"}`)},
		chat.UserJoined{Member: member, Role: []chat.Role{chat.Owner, chat.Admin, chat.Ordinary}[rnd.IntN(3)]},
	}
	if rnd.IntN(3) == 0 {
		slow, archived := rnd.IntN(2), false
		facts = []chat.Fact{
			chat.UserLeft{Member: member},
			chat.UserBanned{Member: member},
			chat.UserUnbanned{Member: member},
			chat.UserMuted{Member: member, Until: time.Now().Add(time.Hour)},
			chat.UserUnmuted{Member: member},
			chat.RoleChanged{Member: member, Role: chat.Admin},
			chat.RoomCreated{RoomKind: chat.Private, Title: "new", Members: []chat.User{member}},
			chat.RoomCreated{RoomKind: chat.Direct, Members: []chat.User{member}},
			chat.RoomChanged{SlowMode: &slow, RoomKind: chat.Private, History: chat.SeeFromJoin},
			chat.RoomChanged{RoomKind: chat.Public, Meta: json.RawMessage(`{"a":1}`), Archived: &archived},
			chat.RoomChanged{Archived: &archived},
			chat.RoomArchived{},
		}
		if rnd.IntN(60) == 0 {
			facts = []chat.Fact{chat.RoomDeleted{}}
		}
	}
	cmd := chat.Command{User: by, Fact: facts[rnd.IntN(len(facts))], Host: rnd.IntN(3) == 0}
	if rnd.IntN(4) == 0 {
		cmd.Key = fmt.Sprint("key ", rnd.IntN(1000))
	}
	res, err := room.Do(within(t), cmd)
	var refused *chat.Error
	if err != nil && (!errors.As(err, &refused) || errors.Is(err, chat.ErrInternal)) {
		t.Fatal(err)
	}
	return res.Event.ID
}

// History, members and single messages are what a naive fold of the log says.
func TestHistory_isWhatTheLogSays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		c := open(t, nil)
		rnd := rand.New(rand.NewPCG(seed, 3))
		rooms := []*chat.Room{c.Room("a"), c.Room("b")}
		ids := make([][]chat.ID, len(rooms))
		for range 400 {
			i := rnd.IntN(len(rooms))
			if id := randomCommand(t, rnd, rooms[i], ids[i]); id != chat.Start {
				ids[i] = append(ids[i], id)
			}
		}
		for _, room := range rooms {
			checkAgainstLog(t, rnd, c, room)
		}
	}
}

func checkAgainstLog(t *testing.T, rnd *rand.Rand, c *chat.Chat, room *chat.Room) {
	t.Helper()
	m := fold(t, logOf(t, room))
	n := len(m.messages)
	same := func(what string, q chat.HistoryQuery, from, to int) {
		t.Helper()
		from, to = max(0, from), min(n, to)
		page := history(t, room, q)
		if got, _ := json.Marshal(page.Messages); string(got) != m.page(q.Viewer, from, to) {
			t.Fatalf("%s of %d: got  %s\nwant %s", what, n, got, m.page(q.Viewer, from, to))
		}
		if (page.Prev != nil) != (from > 0) || (page.Next != nil) != (to < n) {
			t.Errorf("%s of %d: prev %v, next %v, page is %d to %d", what, n, page.Prev, page.Next, from, to)
		}
		if page.Prev != nil && *page.Prev != m.messages[from].ID || page.Next != nil && *page.Next != m.messages[to-1].ID {
			t.Errorf("%s of %d: prev %v, next %v", what, n, page.Prev, page.Next)
		}
		if page.Cursor != c.Head() {
			t.Errorf("%s: cursor is %s, want %s", what, page.Cursor, c.Head())
		}
	}
	info, err := room.Info(within(t), "")
	if m.gone {
		if !errors.Is(err, chat.ErrRoomNotFound) {
			t.Errorf("a deleted room is %+v, %v", info, err)
		}
		return
	}
	if err != nil || n < 4 {
		t.Logf("only %d messages, %v", n, err)
		return
	}
	for _, viewer := range []string{"", "user1", "user5"} {
		// Who may read what is for other tests.
		if access, err := room.Access(within(t), viewer); err != nil || access.From != info.Floor {
			continue
		}
		same("newest page", chat.HistoryQuery{Viewer: viewer}, n-50, n)
		for range 10 {
			limit, i := 1+rnd.IntN(20), rnd.IntN(n-2)+1
			id := m.messages[i].ID
			same("page before", chat.HistoryQuery{Before: id, Limit: limit, Viewer: viewer}, i-limit, i)
			same("page after", chat.HistoryQuery{After: id, Limit: limit, Viewer: viewer}, i+1, i+1+limit)
			from := max(0, min(i-(limit-1)/2, n-limit)) // what one side lacks the other has
			same("page around", chat.HistoryQuery{Around: id, Limit: limit, Viewer: viewer}, from, from+limit)
		}
	}
	members, _, err := room.Members(within(t))
	if err != nil || len(members) != len(m.members) {
		t.Errorf("%d members, want %d: %v", len(members), len(m.members), err)
	}
	for _, member := range members {
		if m.members[member.ID] != member {
			t.Errorf("member %v, want %v", member, m.members[member.ID])
		}
	}
	for _, message := range m.messages {
		got, err := room.Message(within(t), message.ID, "")
		for i := range got.Reactions {
			got.Reactions[i].Mine = slices.ContainsFunc(message.reactions, func(r modelReaction) bool {
				return r.emoji == got.Reactions[i].Emoji && r.user.ID == "user1"
			})
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(m.seenBy(message, "user1"))
		if err != nil || string(a) != string(b) {
			t.Errorf("message: got %s, %v\nwant %s", a, err, b)
		}
	}
}
