package protocol_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// meet fills a room with an event of every type but RoomDeleted's, in the forms
// that they have.
func meet(t *testing.T, c *chat.Chat, room string) {
	t.Helper()
	var first, last chat.ID
	until := noon().Add(time.Hour)
	eve, dan := chat.User{ID: "eve", Name: "Eve"}, chat.User{ID: "dan@x.org", Name: ""}
	do := func(by chat.User, key string, fact chat.Fact) {
		t.Helper()
		res, err := c.Room(room).Do(t.Context(), chat.Command{User: by, Key: key, Fact: fact})
		if err != nil || !res.Changed {
			t.Fatalf("%s by %s: %v, %v", fact.Kind(), by.ID, res, err)
		}
		if last = res.Event.ID; first == chat.Start && fact.Kind() == "MessagePosted" {
			first = last
		}
	}
	do(ann, "c", chat.RoomCreated{
		RoomKind: chat.Private, Title: "The <Club>", Topic: "This\nand that", SlowMode: 5, Receipts: true,
		Meta: json.RawMessage(`{"colour": "red"}`), Members: []chat.User{bob, {ID: "eve"}},
	})
	do(ann, "", chat.UserJoined{Member: dan, Role: chat.Admin})
	do(ann, "", chat.RoleChanged{Member: bob, Role: chat.Admin})
	do(bob, "", chat.RoomChanged{Title: new("Club"), SlowMode: new(0), Receipts: new(false), Meta: json.RawMessage("null")})
	do(bob, "", chat.UserMuted{Member: eve, Until: until})
	do(bob, "", chat.UserMuted{Member: eve})
	do(bob, "", chat.UserUnmuted{Member: eve})
	do(ann, "k", chat.MessagePosted{Text: "Hello, Bob and Eve.", Mentions: []string{"bob", "eve"}, Meta: json.RawMessage(`[1]`)})
	do(bob, "", chat.MessagePosted{Text: "Look.", ReplyTo: first, Attachments: json.RawMessage(`[{"url":"a.png"}]`), MessageKind: "image"})
	do(bob, "", chat.MessagePosted{Attachments: json.RawMessage(`[{"url":"b.png"}]`), Thread: first})
	do(ann, "", chat.MessageEdited{Message: first, Text: "Hello, Bob.", Mentions: []string{"bob"}})
	do(ann, "", chat.MessageEdited{Message: first, Text: "Hello.", Mentions: []string{}})
	do(eve, "", chat.ReactionAdded{Message: first, Emoji: "👍"})
	do(eve, "", chat.ReactionRemoved{Message: first, Emoji: "👍"})
	do(eve, "", chat.MessagePosted{Text: "Not this.", ReplyTo: first, Thread: first, Mentions: []string{"ann"}})
	do(bob, "", chat.MessageDeleted{Message: last})
	do(ann, "", chat.UserLeft{Member: dan})
	do(ann, "", chat.UserBanned{Member: eve, Until: until})
	do(ann, "", chat.UserBanned{Member: dan})
	do(ann, "", chat.UserUnbanned{Member: dan})
	do(bob, "", chat.UserLeft{})
	do(ann, "", chat.Custom{Type: "x.poll", Data: json.RawMessage(`{"question":"Why?"}`)})
	do(ann, "", chat.RoomArchived{})
	do(ann, "", chat.RoomChanged{Archived: new(false)})
}

// typesOfVersion1 are the events that a server of this version may send.
var typesOfVersion1 = []string{
	"RoomCreated", "RoomChanged", "RoomArchived", "RoomDeleted", "UserJoined", "UserLeft", "UserBanned", "UserUnbanned", "UserMuted",
	"UserUnmuted", "RoleChanged", "MessagePosted", "MessageEdited", "MessageDeleted", "ReactionAdded", "ReactionRemoved", "x.poll",
}

// Every type of event on every transport, the same bytes on each, and how each
// ends when the room is deleted.
func TestGolden_everyTypeOfEvent(t *testing.T) {
	s := loadSchemas(t)
	srv := serve(t, transport.Options{}, nil)
	meet(t, srv.chat, "club")

	one := s.open(srv, "GET /rooms/{room}/events", "/rooms/club/events", "Last-Event-ID", "earliest")
	frames := one.until("chat.live")
	k, _ := s.dial(srv, ann)
	answer, said := k.ask(`"op":"subscribe","room":"club","after":"earliest"`)
	for len(said) == 0 || said[len(said)-1].Live == "" {
		said = append(said, k.next())
	}
	get := func(path string) string {
		resp, body := srv.do(srv.request(ann, "GET", path, ""))
		if resp.StatusCode != 200 {
			t.Fatalf("%s is answered %d %s", path, resp.StatusCode, body)
		}
		return "GET " + path + "\n" + string(body) + "\n"
	}
	log := get("/rooms/club/log")
	views := get("/rooms/club") + get("/rooms/club/messages") + get("/rooms?scope=mine") + get("/mentions") + get("/rooms/club/search?q=look")

	if resp, body := srv.do(srv.request(ann, "DELETE", "/rooms/club", "")); resp.StatusCode != 200 {
		t.Fatalf("the deletion is answered %d %s", resp.StatusCode, body)
	}
	frames = append(frames, one.until("chat.end")...)
	for said[len(said)-1].End == nil {
		said = append(said, k.next())
	}
	socket := answer.text + "\n"
	for _, m := range said {
		socket += m.text + "\n"
	}
	wantGolden(t, "sse-every-type.txt", texts(frames))
	wantGolden(t, "ws-every-type.txt", socket)
	wantGolden(t, "log-every-type.txt", log)
	wantGolden(t, "views.txt", views)

	var bySocket, byStream, byLog, types []string
	for _, m := range said {
		for _, e := range m.Events {
			bySocket = append(bySocket, string(e))
		}
	}
	for _, f := range frames {
		if f.event == "" && f.data != "" {
			byStream = append(byStream, f.data)
			var e struct{ Type string }
			if err := json.Unmarshal([]byte(f.data), &e); err != nil {
				t.Fatal(err)
			}
			types = append(types, e.Type)
		}
	}
	var page struct{ Events []json.RawMessage }
	if err := json.Unmarshal([]byte(strings.SplitN(log, "\n", 2)[1]), &page); err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Events {
		byLog = append(byLog, string(e))
	}
	if !slices.Equal(bySocket, byStream) || !slices.Equal(byLog, byStream[:len(byStream)-1]) { // the log is gone with the room
		t.Errorf("a stream has the events\n%q\na socket\n%q\nthe log\n%q", byStream, bySocket, byLog)
	}
	for _, name := range typesOfVersion1 {
		if !slices.Contains(types, name) {
			t.Errorf("%s is not among the events", name)
		}
	}
}
