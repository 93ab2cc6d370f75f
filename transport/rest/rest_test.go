package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

type event struct {
	ID, Room, Type, At, Key string
	User                    chat.User
	Erased                  bool
	Data                    struct {
		Text, Message, Emoji, Reason string
		Member                       chat.User
	}
}

func TestJoin_createsARoomAndIsIdempotent(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	_, bobs := s.User("Bob")
	var joined struct {
		Event  *event
		Users  []chat.Member
		Cursor string
	}
	s.Call("POST", "/rooms/general/join", token, "").Want(201).Decode(&joined)
	if joined.Event == nil || joined.Event.Type != "UserJoined" || joined.Event.Data.Member != ann || joined.Cursor < joined.Event.ID {
		t.Errorf("join is answered %+v", joined)
	}
	if len(joined.Users) != 1 || joined.Users[0].ID != ann.ID {
		t.Errorf("users are %+v", joined.Users)
	}
	joined.Event = nil
	s.Call("POST", "/rooms/general/join", token, `{}`).Want(200).Decode(&joined)
	if joined.Event != nil || len(joined.Users) != 1 {
		t.Errorf("a second join is answered %+v", joined)
	}
	s.Call("POST", "/rooms/general/join", bobs, "").Want(201).Decode(&joined)
	if len(joined.Users) != 2 {
		t.Errorf("users are %+v", joined.Users)
	}
	var left struct{ Event *event }
	s.Call("POST", "/rooms/general/leave", bobs, "").Want(200).Decode(&left)
	if left.Event == nil || left.Event.Type != "UserLeft" || left.Event.Data.Reason != "left" {
		t.Errorf("leave is answered %+v", left.Event)
	}
	if a := s.Call("POST", "/rooms/general/leave", bobs, "").Want(200); string(a.Body) != "{}" {
		t.Errorf("a second leave is answered %s", a.Body)
	}
}

func TestPost_answersWithTheBytesOfTheLog(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	s.Call("POST", "/rooms/general/join", token, "").Want(201)
	a := s.Call("POST", "/rooms/general/messages", token, `{"text":" <b>Hi</b> & \ud83d\ude00\r\n \u2028x ","meta":{"a":[1, 2]}}`).Want(201)
	if bytes.ContainsAny(a.Body, "\r\n") {
		t.Errorf("the event is not one line: %q", a.Body)
	}
	var e event
	a.Decode(&e)
	if e.Data.Text != "<b>Hi</b> & 😀\n \u2028x" || e.User.Name != "Ann" {
		t.Errorf("the event is %+v", e)
	}
	var log struct{ Events []json.RawMessage }
	s.Call("GET", "/rooms/general/log", token, "").Want(200).Decode(&log)
	if got := log.Events[len(log.Events)-1]; !bytes.Equal(got, a.Body) {
		t.Errorf("the log has %s, the answer was %s", got, a.Body)
	}
	for _, name := range []string{"Cache-Control", "X-Content-Type-Options", "Content-Type"} {
		if a.Header.Get(name) == "" {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestIdempotencyKey_givesTheFirstAnswerAgain(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Call("POST", "/rooms/general/join", token, "", "Idempotency-Key", "join").Want(201)
	if a := s.Call("POST", "/rooms/general/join", token, "", "Idempotency-Key", "join").Want(200); a.Header.Get("Idempotent-Replayed") != "true" {
		t.Error("a repeated join is not told as one")
	}
	const path, body = "/rooms/general/messages", `{"text":"a"}`
	first := s.Call("POST", path, token, body, "Idempotency-Key", "k").Want(201)
	if first.Header.Get("Idempotent-Replayed") != "" {
		t.Error("the first is told as a replay")
	}
	for _, again := range []*wiretest.Answer{
		s.Call("POST", path, token, body, "Idempotency-Key", "k"),
		s.Call("POST", path, token, `{"text":"a","key":"k"}`),
		s.Call("POST", path, token, `{"key":"k","text":" a "}`, "Idempotency-Key", "k"),
	} {
		again.Want(200)
		if !bytes.Equal(again.Body, first.Body) || again.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("the answer is %s, %v", again.Body, again.Header)
		}
	}
	s.Call("POST", path, bobs, body, "Idempotency-Key", "k").Want(201)

	var e event
	first.Decode(&e)
	if e.Key != "k" {
		t.Errorf("the key of the event is %q", e.Key)
	}
	edit := s.Call("PATCH", path+"/"+e.ID, token, `{"text":"b"}`, "Idempotency-Key", "e").Want(200)
	again := s.Call("PATCH", path+"/"+e.ID, token, `{"text":"b"}`, "Idempotency-Key", "e").Want(200)
	if !bytes.Equal(edit.Body, again.Body) || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a repeated edit is answered %s", again.Body)
	}
	s.Call("DELETE", path+"/"+e.ID, token, "").Want(200)
	var erased event
	s.Call("POST", path, token, body, "Idempotency-Key", "k").Want(200).Decode(&erased)
	if erased.ID != e.ID || !erased.Erased || erased.Data.Text != "" {
		t.Errorf("the key of an erased post is answered %+v", erased)
	}
}

func TestMessages_areEditedReactedToAndDeleted(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	_, bobs := s.User("Bob")
	id := s.Post("general", ann, "one")[0].ID.String()
	message := "/rooms/general/messages/" + id
	var e event
	s.Call("PATCH", message, token, `{"text":"two"}`).Want(200).Decode(&e)
	if e.Type != "MessageEdited" || e.Data.Message != id || e.Data.Text != "two" {
		t.Errorf("the edit is %+v", e)
	}
	s.Call("PATCH", message, token, `{"text":"two"}`).Want(204)

	const thumb, rare = "%F0%9F%91%8D", "a%3Fb"
	s.Call("PUT", message+"/reactions/"+thumb, bobs, "").Want(201).Decode(&e)
	if e.Type != "ReactionAdded" || e.Data.Emoji != "👍" {
		t.Errorf("the reaction is %+v", e)
	}
	s.Call("PUT", message+"/reactions/"+thumb, bobs, "").Want(204)
	s.Call("PUT", message+"/reactions/"+rare, token, "").Want(201)
	s.Call("DELETE", message+"/reactions/"+rare, token, "").Want(200)
	s.Call("DELETE", message+"/reactions/"+rare, token, "").Want(204)

	var m struct {
		Text, Kind string
		EditedAt   string `json:"edited_at"`
		Deleted    bool
		Reactions  []struct {
			Emoji string
			Count int
			Mine  bool
		}
		Versions []struct{ Text, At string }
	}
	s.Call("GET", message+"?history=1", bobs, "").Want(200).Decode(&m)
	if m.Text != "two" || m.Kind != "text" || m.EditedAt == "" || len(m.Versions) != 2 || m.Versions[0].Text != "one" || m.Versions[1].Text != "two" {
		t.Errorf("the message is %+v", m)
	}
	if len(m.Reactions) != 1 || m.Reactions[0].Emoji != "👍" || m.Reactions[0].Count != 1 || !m.Reactions[0].Mine {
		t.Errorf("the reactions are %+v", m.Reactions)
	}
	s.Call("DELETE", message, token, "").Want(200)
	s.Call("DELETE", message, token, "").Want(204)
	a := s.Call("GET", message, token, "").Want(200)
	if strings.Contains(string(a.Body), "two") || !strings.Contains(string(a.Body), `"deleted":true`) {
		t.Errorf("the deleted message is %s", a.Body)
	}
}

func TestHistory_isReadInPages(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	var texts []string
	for i := range 120 {
		texts = append(texts, fmt.Sprint(i))
	}
	events := s.Post("general", ann, texts...)
	type page struct {
		Messages   []struct{ ID, Text string }
		HasMore    bool `json:"has_more"`
		Prev, Next *string
		Cursor     string
	}
	get := func(query string) (p page) {
		s.Call("GET", "/rooms/general/messages"+query, token, "").Want(200).Decode(&p)
		return p
	}
	newest := get("")
	if len(newest.Messages) != 50 || newest.Messages[49].Text != "119" || newest.Next != nil || !newest.HasMore {
		t.Errorf("the newest page is %+v", newest)
	}
	var all []string
	for p := newest; ; p = get("?before=" + *p.Prev) {
		var here []string
		for _, m := range p.Messages {
			here = append(here, m.Text)
		}
		all = append(here, all...)
		if p.Prev == nil {
			break
		}
	}
	if strings.Join(all, " ") != strings.Join(texts, " ") {
		t.Errorf("back through the pages there is %v", all)
	}
	if p := get("?limit=1000"); len(p.Messages) != 120 {
		t.Errorf("there are %d", len(p.Messages))
	}
	if p := get("?after=earliest&limit=3"); len(p.Messages) != 3 || p.Messages[0].Text != "0" || p.Prev != nil {
		t.Errorf("the oldest page is %+v", p)
	}
	if p := get("?before=00000000000000000000000000"); len(p.Messages) != 0 {
		t.Errorf("before everything there is %+v", p)
	}
	around := get("?limit=5&around=" + strings.ToLower(events[60].ID.String()))
	if len(around.Messages) != 5 || around.Prev == nil || around.Next == nil {
		t.Errorf("around a message there is %+v", around)
	}
}

func TestRooms_areListedByLastActivity(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("a", ann, "1")
	s.Call("POST", "/rooms/b/join", token, "").Want(201)
	s.Post("c", ann, "2")
	type list struct {
		Rooms []struct {
			ID, Kind, Role string
			Members        int
			LastActivity   string `json:"last_activity"`
			Last           *struct{ Text string }
		}
		Next   *string
		Cursor string
	}
	var all, mine, page list
	s.Call("GET", "/rooms", token, "").Want(200).Decode(&all)
	var ids []string
	for _, r := range all.Rooms {
		ids = append(ids, r.ID)
	}
	if strings.Join(ids, "") != "cba" || all.Rooms[0].Last.Text != "2" || all.Rooms[0].Kind != "public" || all.Cursor == "" || all.Rooms[0].LastActivity == "" {
		t.Errorf("the rooms are %+v", all)
	}
	s.Call("GET", "/rooms?scope=mine", token, "").Want(200).Decode(&mine)
	if len(mine.Rooms) != 1 || mine.Rooms[0].ID != "b" || mine.Rooms[0].Role != "member" || mine.Rooms[0].Members != 1 {
		t.Errorf("my rooms are %+v", mine)
	}
	s.Call("GET", "/rooms?limit=2", token, "").Want(200).Decode(&page)
	s.Call("GET", "/rooms?limit=2&after="+*page.Next, token, "").Want(200).Decode(&page)
	if len(page.Rooms) != 1 || page.Rooms[0].ID != "a" || page.Next != nil {
		t.Errorf("the second page is %+v", page)
	}
	var one struct {
		Room    struct{ ID string }
		Members []chat.Member
		Cursor  string
	}
	s.Call("GET", "/rooms/b", token, "").Want(200).Decode(&one)
	if one.Room.ID != "b" || len(one.Members) != 1 || one.Members[0].ID != "ann" || one.Cursor == "" {
		t.Errorf("the room is %+v", one)
	}
}

func TestLog_isReadToItsEnd(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	for i := range 250 {
		s.Post("general", ann, fmt.Sprint(i))
		s.Post("other", ann, "x")
	}
	type page struct {
		Events            []event
		Next, Head, Floor string
	}
	get := func(query string) (p page) {
		s.Call("GET", "/rooms/general/log"+query, token, "").Want(200).Decode(&p)
		return p
	}
	n := 0
	for p := get(""); len(p.Events) > 0; p = get("?after=" + p.Next) {
		if p.Floor != "00000000000000000000000000" || len(p.Events) > 100 {
			t.Fatalf("a page of %d has the floor %s", len(p.Events), p.Floor)
		}
		for _, e := range p.Events {
			if e.Data.Text != fmt.Sprint(n) {
				t.Fatalf("event %d is %q", n, e.Data.Text)
			}
			n++
		}
	}
	if n != 250 {
		t.Errorf("there are %d", n)
	}
	if p := get("?limit=1000"); len(p.Events) != 250 || p.Head != p.Events[249].ID {
		t.Errorf("the page has %d, head %s", len(p.Events), p.Head)
	}
	if p := get("?after=latest"); len(p.Events) != 0 || p.Next < p.Head {
		t.Errorf("from now on there is %+v", p)
	}
}

func TestLog_waitsForWhatComes(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Config: func(srv *http.Server) {
		srv.WriteTimeout = 100 * time.Millisecond
		srv.ReadTimeout = 100 * time.Millisecond
	}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "old")
	type page struct {
		Events []event
		Next   string
	}
	answers := make(chan page)
	go func() {
		var p page
		s.Call("GET", "/rooms/general/log?after=latest&wait=20s", token, "").Want(200).Decode(&p)
		answers <- p
	}()
	select {
	case p := <-answers:
		t.Fatalf("it did not wait, but answered %+v", p)
	case <-time.After(300 * time.Millisecond): // beyond the timeouts of the server
	}
	e := s.Post("general", ann, "new")[0]
	p := <-answers
	if len(p.Events) != 1 || p.Events[0].ID != e.ID.String() || p.Next != e.ID.String() {
		t.Errorf("the page is %+v", p)
	}
	began := time.Now()
	s.Call("GET", "/rooms/general/log?after=latest&wait=50ms", token, "").Want(200).Decode(&p)
	if len(p.Events) != 0 || p.Next < e.ID.String() || time.Since(began) < 50*time.Millisecond {
		t.Errorf("after %s the page is %+v", time.Since(began), p)
	}
	go func() {
		var p page
		s.Call("GET", "/rooms/general/log?after=latest&wait=20", token, "").Want(200).Decode(&p)
		answers <- p
	}()
	s.Chat.Drain()
	if p := <-answers; len(p.Events) != 0 || p.Next == "" {
		t.Errorf("while draining the page is %+v", p)
	}
}

func TestLog_endsAWaitWithTheGrant(t *testing.T) {
	ann := chat.User{ID: "ann", Name: "Ann"}
	s := wiretest.New(t, wiretest.Setup{Auth: func(*http.Request) (transport.Grant, error) {
		return transport.Grant{User: ann, Expires: time.Now().Add(50 * time.Millisecond)}, nil
	}})
	s.Post("general", ann, "old")
	s.Call("GET", "/rooms/general/log?after=latest&wait=20s", "", "").WantProblem(401, "unauthenticated")
}
