package ws_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestWatchRooms_tellsTheListOnASocket(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{MaxRooms: 1}})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Call("POST", "/rooms", anns, `{"id":"first","members":["bob"]}`).Want(201)
	k := s.Socket(bobs)
	k.WantOK("1", `{"id":"1","op":"watch_rooms"}`)
	m := k.NextSignal("rooms")
	if !strings.HasPrefix(m.Raw, `{"signal":"rooms","data":{"full":true,"rooms":[{"id":"first",`) {
		t.Errorf("the list is %s", m.Raw)
	}
	if m, _ := k.Ask("2", `{"id":"2","op":"watch_rooms"}`); m.Error == nil || m.Error.Code != "already_subscribed" {
		t.Errorf("a second time is answered %s", m.Raw)
	}
	k.WantOK("3", `{"id":"3","op":"subscribe","room":"first"}`) // the list is not one of the rooms of a socket
	s.Call("POST", "/rooms", anns, `{"id":"second","kind":"private","members":["bob"]}`).Want(201)
	if m := k.NextSignal("rooms"); !strings.HasPrefix(m.Raw, `{"signal":"rooms","data":{"rooms":[{"id":"second",`) {
		t.Errorf("a room that is won is told as %s", m.Raw)
	}
	s.Call("DELETE", "/rooms/second/members/bob", anns, "").Want(200)
	for m := k.NextSignal("rooms"); !strings.Contains(m.Raw, `"removed":["second"]`); m = k.NextSignal("rooms") {
	}
	k.WantOK("4", `{"id":"4","op":"unwatch_rooms"}`)
	k.WantOK("5", `{"id":"5","op":"unwatch_rooms"}`)
	s.Post("first", ann, "one")
	read := s.Call("PUT", "/rooms/first/read", bobs, `{"up_to":"latest"}`).Want(200)
	for m := k.NextMessage(); string(m.Data) != strings.TrimSpace(string(read.Body)); m = k.NextMessage() {
		if m.Signal == "rooms" {
			t.Errorf("after the answer to unwatch_rooms comes %s", m.Raw)
		}
	}
	k.WantOK("6", `{"id":"6","op":"watch_rooms"}`)
	if m := k.NextSignal("rooms"); !strings.Contains(m.Raw, `"full":true`) {
		t.Errorf("anew the list begins with %s", m.Raw)
	}
}

// A grant that was renewed is asked at once, and not at the next heartbeat: what the
// old one does not allow any more by then is not taken away.
func TestAuth_renewsTheListOfRooms(t *testing.T) {
	t.Parallel()
	ann := chat.User{ID: "ann", Name: "Ann"}
	began := time.Now()
	now := make(chan time.Time, 1)
	now <- began
	clock := func() time.Time {
		at := <-now
		now <- at
		return at
	}
	s := wiretest.New(t, wiretest.Setup{
		Auth: func(r *http.Request) (transport.Grant, error) {
			g := transport.Grant{User: ann, Expires: began.Add(time.Hour)}
			hidden := "second"
			switch r.Header.Get("Authorization") {
			case "Bearer renewed":
				g.Expires, hidden = began.Add(3*time.Hour), "first"
			case "Bearer free":
				return transport.Grant{User: ann}, nil
			}
			g.May = func(_ transport.Action, room string) error {
				if room == hidden {
					return chat.ErrRoomNotFound
				}
				return nil
			}
			return g, nil
		},
		Options: transport.Options{Heartbeat: time.Hour, Now: clock},
	})
	for _, room := range []string{"first", "second"} {
		if _, err := s.Chat.Room(room).Do(t.Context(), chat.Command{User: ann, Fact: chat.RoomCreated{}}); err != nil {
			t.Fatal(err)
		}
	}
	k := s.Socket("old")
	k.WantOK("1", `{"id":"1","op":"watch_rooms"}`)
	if m := k.NextSignal("rooms"); !strings.Contains(m.Raw, `"rooms":[{"id":"first",`) || strings.Contains(m.Raw, `"second"`) {
		t.Errorf("the list is %s", m.Raw)
	}
	k.WantOK("2", `{"id":"2","op":"auth","token":"renewed"}`)
	if m := k.NextSignal("rooms"); !strings.Contains(m.Raw, `"full":true,"rooms":[{"id":"second",`) || strings.Contains(m.Raw, `"first"`) {
		t.Errorf("with the new grant the list is %s", m.Raw)
	}
	<-now
	now <- began.Add(2 * time.Hour) // the old one would have expired
	k.WantOK("3", `{"id":"3","op":"read","room":"second","up_to":"latest"}`)
	s.Post("second", ann, "two")
	if m := k.NextSignal("rooms"); !strings.Contains(m.Raw, `"id":"second"`) || strings.Contains(m.Raw, "removed") {
		t.Errorf("then comes %s", m.Raw)
	}
	k.WantOK("4", `{"id":"4","op":"auth","token":"free"}`)
	if m := k.NextSignal("rooms"); !strings.Contains(m.Raw, `"full":true`) || !strings.Contains(m.Raw, `"first"`) || !strings.Contains(m.Raw, `"second"`) {
		t.Errorf("without rules the list is %s", m.Raw)
	}
}
