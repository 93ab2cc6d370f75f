package sse_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// update is a chat.rooms.
type update struct {
	Full  bool
	Rooms []struct {
		ID, Title string
		Unread    int
		Role      string
	}
	Removed []string
	Cursor  string
}

// next reads the next chat.rooms.
func next(t *testing.T, st *wiretest.Stream) (u update) {
	t.Helper()
	f := st.Want("chat.rooms")
	if f.ID != "" {
		t.Errorf("a list of rooms has an id: %q", f.Raw)
	}
	if err := json.Unmarshal([]byte(f.Data), &u); err != nil {
		t.Fatal(err)
	}
	return u
}

func (u update) ids() string {
	var ids []string
	for _, r := range u.Rooms {
		ids = append(ids, r.ID)
	}
	return strings.Join(ids, " ")
}

// wantList reads updates until one tells of a room in the way that is waited for.
func wantList(t *testing.T, st *wiretest.Stream, what string, is func(update) bool) update {
	t.Helper()
	for range 20 {
		u := next(t, st)
		if u.Full {
			t.Fatalf("%s: the list begins anew", what)
		}
		if is(u) {
			return u
		}
	}
	t.Fatalf("%s: it is not told", what)
	return update{}
}

func TestMyRooms_beginWithAllThenTellWhatChanges(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Call("POST", "/rooms", anns, `{"id":"first","members":["bob"]}`).Want(201)
	s.Call("POST", "/rooms", anns, `{"id":"second","kind":"private","members":["bob"]}`).Want(201)
	s.Call("POST", "/rooms", anns, `{"id":"others","kind":"private"}`).Want(201)
	s.Post("nobodys", ann, "one")
	s.Post("first", ann, "one")

	st := s.Stream("/me/events", bobs)
	if h := begin(t, st); h.Verdict != "fresh" || len(h.Rooms) != 0 || h.HBs != 15000 {
		t.Errorf("hello is %+v", h)
	}
	if u := next(t, st); !u.Full || u.ids() != "first second" || len(u.Removed) > 0 || u.Cursor != s.Chat.Head().String() || u.Rooms[0].Unread != 1 || u.Rooms[0].Role != "member" {
		t.Errorf("the list begins with %+v", u)
	}

	s.Call("PUT", "/rooms/others/members/bob", anns, `{"name":"Bob"}`).Want(200)
	wantList(t, st, "a room that Bob was added to", func(u update) bool { return u.ids() == "others" })
	s.Call("POST", "/rooms/nobodys/join", bobs, "").Want(201)
	wantList(t, st, "a room that Bob has joined", func(u update) bool { return u.ids() == "nobodys" })

	last := s.Post("second", ann, "two", "three")[1]
	wantList(t, st, "activity", func(u update) bool { return u.ids() == "second" && u.Rooms[0].Unread == 2 })
	s.Call("PUT", "/rooms/second/read", bobs, `{"up_to":"`+last.ID.String()+`"}`).Want(200)
	wantList(t, st, "what was read elsewhere", func(u update) bool { return u.ids() == "second" && u.Rooms[0].Unread == 0 })
	s.Call("PATCH", "/rooms/second", anns, `{"title":"Second"}`).Want(200)
	wantList(t, st, "a title", func(u update) bool { return u.ids() == "second" && u.Rooms[0].Title == "Second" })

	s.Call("DELETE", "/rooms/others/members/bob", anns, "").Want(200)
	wantList(t, st, "a removal", func(u update) bool { return slices.Equal(u.Removed, []string{"others"}) })
	s.Call("PUT", "/rooms/others/members/bob", anns, `{"name":"Bob"}`).Want(200)
	wantList(t, st, "a room that is won again", func(u update) bool { return u.ids() == "others" })
	s.Call("DELETE", "/rooms/second", anns, "").Want(200)
	wantList(t, st, "the end of a room", func(u update) bool { return slices.Equal(u.Removed, []string{"second"}) })
	s.Call("PUT", "/rooms/first/bans/bob", anns, "").Want(200)
	wantList(t, st, "a ban", func(u update) bool { return slices.Equal(u.Removed, []string{"first"}) })

	// Whoever is not a member any more hears nothing of a room: the next that comes
	// is of one that Bob has.
	s.Post("first", ann, "not for you")
	s.Call("PUT", "/rooms/others/read", bobs, `{"up_to":"latest"}`).Want(200)
	if u := next(t, st); u.ids() != "others" || len(u.Removed) > 0 {
		t.Errorf("then comes %+v", u)
	}
}

func TestMyRooms_areToldWholeHoweverMany(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	bob, bobs := s.User("Bob")
	ctx := context.Background()
	const n = 250
	for i := range n {
		if _, err := s.Chat.Room(fmt.Sprint("r", i)).Do(ctx, chat.Command{User: bob, Fact: chat.RoomCreated{}}); err != nil {
			t.Fatal(err)
		}
	}
	st := s.Stream("/me/events", bobs)
	begin(t, st)
	seen := map[string]bool{}
	for i := 0; len(seen) < n; i++ {
		u := next(t, st)
		if u.Full != (i == 0) || len(u.Rooms) > 100 || i == 0 && u.Rooms[0].ID != fmt.Sprint("r", n-1) {
			t.Fatalf("update %d is full: %t, of %d rooms", i, u.Full, len(u.Rooms))
		}
		for _, r := range u.Rooms {
			seen[r.ID] = true
		}
	}
}

func TestMyRooms_refuse(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{ConnectionsPerUser: 1}})
		_, token := s.User("Ann")
		s.Stream("/me/events", "").Answer().WantProblem(401, "unauthenticated")
		s.Stream("/me/events", token, "Accept", "text/html").Answer().WantProblem(406, "not_acceptable")
		a := s.Call("HEAD", "/me/events", token, "").Want(200)
		if a.Header.Get("Content-Type") != "text/event-stream" || len(a.Body) > 0 {
			t.Errorf("HEAD is answered %v %q", a.Header, a.Body)
		}
		var ticket struct{ Ticket string }
		s.Call("POST", "/ticket", token, "").Want(201).Decode(&ticket)
		st := s.Stream("/me/events?ticket="+ticket.Ticket, "")
		begin(t, st)
		if u := next(t, st); !u.Full || u.Rooms == nil || len(u.Rooms) > 0 {
			t.Errorf("of nobody's rooms the list is %+v", u)
		}
		second := s.Stream("/me/events", token)
		if f := second.Want(""); f.Retry != "30000" {
			t.Errorf("retry is %q", f.Raw)
		}
		if f := second.Want("chat.end"); f.Data != `{"reason":"too_many"}` {
			t.Errorf("end is %q", f.Raw)
		}
		second.WantEnd()
	})
}

func TestMyRooms_endAsStreamsDo(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		ann := chat.User{ID: "ann", Name: "Ann"}
		s := wiretest.New(t, wiretest.Setup{Form: form, Auth: func(r *http.Request) (transport.Grant, error) {
			g := transport.Grant{User: ann}
			if r.Header.Get("Authorization") == "Bearer expired" {
				g.Expires = time.Now().Add(300 * time.Millisecond)
			}
			return g, nil
		}, Options: transport.Options{Heartbeat: 50 * time.Millisecond}})
		if _, err := s.Chat.Room("mine").Do(t.Context(), chat.Command{User: ann, Fact: chat.RoomCreated{}}); err != nil {
			t.Fatal(err)
		}
		for _, reason := range []string{"expired", "draining"} {
			st := s.Stream("/me/events", reason)
			begin(t, st)
			next(t, st)
			f := st.Want("chat.ping")
			if reason == "draining" {
				s.Chat.Drain()
			}
			for f.Event == "chat.ping" {
				f = st.Next()
			}
			if f.Event != "chat.end" || f.Data != `{"reason":"`+reason+`"}` {
				t.Errorf("end is %q", f.Raw)
			}
			st.WantEnd()
		}
	})
}

// What May does not let one read is not in the list, and leaves it or comes back
// within a heartbeat.
func TestMyRooms_areThoseThatMayAllows(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		ann := chat.User{ID: "ann", Name: "Ann"}
		var hidden atomic.Value
		hidden.Store("secret")
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{Heartbeat: 20 * time.Millisecond}, Auth: func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, May: func(_ transport.Action, room string) error {
				if room == hidden.Load() {
					return errors.New("not now")
				}
				return nil
			}}, nil
		}})
		for _, room := range []string{"secret", "open"} {
			if _, err := s.Chat.Room(room).Do(t.Context(), chat.Command{User: ann, Fact: chat.RoomCreated{}}); err != nil {
				t.Fatal(err)
			}
		}
		st := s.Stream("/me/events", "")
		begin(t, st)
		all := func() string {
			f := st.Next()
			for i := 0; f.Event == "chat.ping" && i < 200; i++ {
				f = st.Next()
			}
			var u update
			if err := json.Unmarshal([]byte(f.Data), &u); err != nil || f.Event != "chat.rooms" || !u.Full {
				t.Fatalf("instead of the whole list comes %q", f.Raw)
			}
			return u.ids()
		}
		if ids := all(); ids != "open" {
			t.Errorf("the list is %s", ids)
		}
		s.Post("secret", ann, "not for you")
		hidden.Store("open")
		if ids := all(); ids != "secret" {
			t.Errorf("with other rules the list is %s", ids)
		}
		hidden.Store("")
		if ids := all(); ids != "open secret" && ids != "secret open" {
			t.Errorf("without rules the list is %s", ids)
		}
	})
}
