package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestQueries_areReadStrictly(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	message := "/rooms/general/messages/" + s.Post("general", ann, "hello")[0].ID.String()
	for _, call := range []string{
		"GET /rooms?limit=%zz",
		"GET /rooms?limit=1;after=latest",
		"GET /rooms?limit=1&limit=2",
		"GET /rooms?limit=1&limit=1",
		"GET /rooms?scope=mine&scope=public",
		"GET /rooms/general?x=%",
		"GET /me?x=%zz",
		"GET /rooms/general/messages?before=" + noID + "&before=" + noID,
		"GET /rooms/general/messages?around=%z",
		"GET /rooms/general/messages?around=" + noID + "&around=" + noID,
		"GET /rooms/general/messages?limit=5;before=x",
		"GET /rooms/general/log?after=earliest&after=latest",
		"GET /rooms/general/log?wait=1&wait=2",
		"GET /rooms/general/log?store=a&store=a",
		"GET " + message + "?history=1&history=1",
		"GET " + message + "?history=%zz",
		"DELETE " + message + "?x=%zz",
		"DELETE " + message + "?a;b",
	} {
		var method, path string
		if _, err := fmt.Sscan(call, &method, &path); err != nil {
			t.Fatal(err)
		}
		t.Run(call, func(t *testing.T) {
			s.In(t).Call(method, path, token, "").WantProblem(400, "invalid_field")
		})
	}
	for _, path := range []string{"/rooms?colour=red&colour=blue", "/rooms/general/messages?", "/rooms?limit=&after="} {
		s.Call("GET", path, token, "").Want(200)
	}
}

func TestHistory_hasWindows(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	events := s.Post("general", ann, "0", "1", "2", "3", "4", "5", "6")
	path := fmt.Sprintf("/rooms/general/messages?limit=2&before=%s&after=", events[5].ID)
	var page struct {
		Messages []struct{ Text string }
		Next     string
	}
	var got []string
	for after := events[1].ID.String(); ; after = page.Next {
		s.Call("GET", path+after, token, "").Want(200).Decode(&page)
		for _, m := range page.Messages {
			got = append(got, m.Text)
		}
		if len(page.Messages) < 2 {
			break
		}
	}
	if !slices.Equal(got, []string{"2", "3", "4"}) {
		t.Errorf("between 1 and 5 there is %v", got)
	}
}

func TestRooms_arePagedThrough(t *testing.T) {
	ann := chat.User{ID: "ann", Name: "Ann"}
	s := wiretest.New(t, wiretest.Setup{Auth: func(*http.Request) (transport.Grant, error) {
		return transport.Grant{User: ann, May: func(_ transport.Action, room string) error {
			if room == "r3" || room == "hidden" {
				return chat.ErrRoomNotFound
			}
			return nil
		}}, nil
	}})
	for i := range 7 {
		s.Post(fmt.Sprint("r", i), ann, "x")
	}
	s.Post("hidden", ann, "x")
	want := []string{"r6", "r5", "r4", "r2", "r1", "r0"}
	type page struct {
		Rooms []struct{ ID, Head string }
		Next  *string
	}
	for name, way := range map[string]func(page) string{
		"next":                  func(p page) string { return *p.Next },
		"id of the last room":   func(p page) string { return p.Rooms[len(p.Rooms)-1].ID },
		"head of the last room": func(p page) string { return p.Rooms[len(p.Rooms)-1].Head },
	} {
		var got []string
		for after := ""; ; {
			var p page
			s.Call("GET", "/rooms?limit=2&after="+after, "", "").Want(200).Decode(&p)
			for _, r := range p.Rooms {
				got = append(got, r.ID)
			}
			if p.Next == nil {
				break
			}
			after = way(p)
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %s there is %v", name, got)
		}
	}
	missing := s.Call("GET", "/rooms?after=nothing", "", "").WantProblem(400, "invalid_cursor")
	hidden := s.Call("GET", "/rooms?after=hidden", "", "").WantProblem(400, "invalid_cursor")
	if string(hidden.Body) != string(missing.Body) {
		t.Errorf("a hidden room is told from a missing one: %s", hidden.Body)
	}
}
