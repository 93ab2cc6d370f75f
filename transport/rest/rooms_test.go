package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestCreate_givesARoomWithoutAnIDOneThatCannotBeGuessed(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	ids := make(map[string]bool)
	for range 3 {
		var e told
		s.Call("POST", "/rooms", token, `{"kind":"private"}`).Want(201).Decode(&e)
		if e.Type != "RoomCreated" || len(e.Room) < 26 || ids[e.Room] {
			t.Errorf("creating says %+v", e)
		}
		ids[e.Room] = true
	}
	// A retry finds the room, though it does not know its id.
	first := s.Call("POST", "/rooms", token, `{"kind":"private"}`, "Idempotency-Key", "k").Want(201)
	again := s.Call("POST", "/rooms", token, `{"kind":"private"}`, "Idempotency-Key", "k").Want(200)
	if string(first.Body) != string(again.Body) || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a retry is answered %s, not %s", again.Body, first.Body)
	}
	s.Call("POST", "/rooms", token, `{"kind":"public","key":"k"}`).WantProblem(422, "idempotency_key_reused")
}

func TestCreate_makesTheActorOwnerAndTheOthersMembers(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	s.Call("POST", "/rooms", token, `{"id":"club","title":" Club ","members":["bob",{"id":"eve","name":"Eve"}]}`).Want(201)
	var o struct {
		Room    struct{ Kind, Title, Role string }
		Members []struct{ ID, Name, Role string }
	}
	s.Call("GET", "/rooms/club", token, "").Want(200).Decode(&o)
	if got := fmt.Sprint(o); got != "{{public Club owner} [{ann Ann owner} {bob  member} {eve Eve member}]}" {
		t.Errorf("the room is %s", got)
	}
	s.Call("POST", "/rooms", token, `{"id":"club"}`).WantProblem(409, "room_exists")
}

func TestCreate_findsTheDirectRoomOfTheSameMembers(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	first := s.Call("POST", "/rooms", anns, `{"kind":"direct","members":["bob"]}`).Want(201)
	for _, token := range []string{anns, bobs} {
		again := s.Call("POST", "/rooms", token, `{"kind":"direct","members":["bob","ann"]}`).Want(200)
		if string(again.Body) != string(first.Body) || again.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("the room is %s, not %s", again.Body, first.Body)
		}
	}
	s.Call("POST", "/rooms", anns, `{"kind":"direct","members":["ann"]}`).WantProblem(400, "invalid_field")
	s.Call("POST", "/rooms", anns, `{"kind":"direct","members":["eve"],"id":"us"}`).WantProblem(400, "invalid_room_id")
}

func TestChange_describesARoomAnew(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	s.Call("POST", "/rooms", token, `{"id":"club","kind":"private","title":"Club","meta":{"a":1}}`).Want(201)
	const change = `{"topic":"Talk","history":"joined","slow_mode_s":5}`
	first := s.Call("PATCH", "/rooms/club", token, change, "Idempotency-Key", "k").Want(200)
	if got := string(first.Body); !strings.Contains(got, `"data":{"kind":"private","title":"Club","topic":"Talk","slow_mode_s":5,"history":"joined","receipts":false,"meta":{"a":1},"archived":false}`) {
		t.Errorf("the change says %s", got)
	}
	again := s.Call("PATCH", "/rooms/club", token, change, "Idempotency-Key", "k").Want(200)
	if string(again.Body) != string(first.Body) || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a retry is answered %s", again.Body)
	}
	s.Call("PATCH", "/rooms/club", token, change).Want(204)
	s.Call("PATCH", "/rooms/club", token, `{"meta":null,"title":""}`).Want(200)
	var o struct{ Room map[string]any }
	s.Call("GET", "/rooms/club", token, "").Want(200).Decode(&o)
	for _, gone := range []string{"meta", "title", "archived"} {
		if _, has := o.Room[gone]; has {
			t.Errorf("the room still has %s: %v", gone, o.Room)
		}
	}
}

func TestArchive_closesARoomToWriting(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	s.Call("POST", "/rooms", token, `{"id":"club"}`).Want(201)
	var e told
	s.Call("PATCH", "/rooms/club", token, `{"archived":true}`).Want(200).Decode(&e)
	if e.Type != "RoomArchived" {
		t.Errorf("archiving says %+v", e)
	}
	s.Call("PATCH", "/rooms/club", token, `{"archived":true}`).Want(204)
	s.Call("POST", "/rooms/club/messages", token, `{"text":"a"}`).WantProblem(409, "room_archived")
	s.Call("GET", "/rooms/club/messages", token, "").Want(200)
	s.Call("PATCH", "/rooms/club", token, `{"archived":false}`).Want(200).Decode(&e)
	if e.Type != "RoomChanged" {
		t.Errorf("undoing it says %+v", e)
	}
	s.Call("POST", "/rooms/club/messages", token, `{"text":"a"}`).Want(201)
}

func TestDeleteRoom_leavesNothing(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Call("POST", "/rooms", anns, `{"id":"club","members":["bob"]}`).Want(201)
	s.Call("POST", "/rooms/club/messages", bobs, `{"text":"hello","mentions":["ann"]}`).Want(201)
	s.Call("DELETE", "/rooms/club", bobs, "").WantProblem(403, "forbidden")
	var e told
	s.Call("DELETE", "/rooms/club", anns, "").Want(200).Decode(&e)
	if e.Type != "RoomDeleted" {
		t.Errorf("the deletion says %+v", e)
	}
	for _, path := range []string{"", "/messages", "/log", "/search?q=hello", "/events"} {
		hidden := s.Call("GET", "/rooms/club"+path, anns, "").WantProblem(404, "room_not_found")
		missing := s.Call("GET", "/rooms/none"+path, anns, "").WantProblem(404, "room_not_found")
		if got := strings.ReplaceAll(string(hidden.Body), "club", "none"); got != string(missing.Body) {
			t.Errorf("a deleted room says %s, a missing one %s", hidden.Body, missing.Body)
		}
	}
	for _, path := range []string{"/rooms", "/rooms?scope=mine", "/mentions"} {
		if a := s.Call("GET", path, anns, "").Want(200); strings.Contains(string(a.Body), "club") {
			t.Errorf("%s still tells of the room: %s", path, a.Body)
		}
	}
	s.Call("DELETE", "/rooms/club", anns, "").WantProblem(404, "room_not_found")
}

func TestRooms_areThoseOfTheCaller(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Call("POST", "/rooms", anns, `{"id":"secret","kind":"private"}`).Want(201)
	s.Call("POST", "/rooms", anns, `{"id":"open"}`).Want(201)
	s.Call("POST", "/rooms", bobs, `{"id":"his"}`).Want(201)
	s.Call("PUT", "/rooms/open/bans/eve", anns, "").Want(200)
	_, eves := s.User("Eve")
	for _, test := range []struct{ token, query, want string }{
		{anns, "", "[open his secret]"},
		{anns, "?scope=mine", "[open secret]"},
		{anns, "?scope=public", "[open his]"},
		{bobs, "", "[open his]"},
		{bobs, "?scope=mine", "[his]"},
		{eves, "", "[his]"}, // who is banned from the other
	} {
		var page struct{ Rooms []struct{ ID string } }
		s.Call("GET", "/rooms"+test.query, test.token, "").Want(200).Decode(&page)
		var ids []string
		for _, room := range page.Rooms {
			ids = append(ids, room.ID)
		}
		if got := fmt.Sprint(ids); got != test.want {
			t.Errorf("GET /rooms%s is %s, not %s", test.query, got, test.want)
		}
	}
}
