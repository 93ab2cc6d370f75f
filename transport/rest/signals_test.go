package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// signalCalls are the calls about what is so just now in a room, with a body that
// is good.
var signalCalls = []struct{ method, path, body string }{
	{"PUT", "/read", `{"up_to":"latest"}`},
	{"GET", "/receipts", ``},
	{"POST", "/typing", ``},
	{"POST", "/typing", `{}`},
	{"POST", "/signals", `{"kind":"x.a","data":1}`},
	{"GET", "/presence", ``},
}

func TestRead_movesTheMarkerForward(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, _ := s.User("Ann")
	_, bobs := s.User("Bob")
	events := s.Post("general", ann, "one", "two", "three")
	id := func(i int) string { return events[i].ID.String() }
	room := func() string {
		t.Helper()
		var o struct{ Room struct{ Read_up_to *string } }
		s.Call("GET", "/rooms/general", bobs, "").Want(200).Decode(&o)
		if o.Room.Read_up_to == nil {
			return "nothing"
		}
		return *o.Room.Read_up_to
	}
	if at := room(); at != "nothing" {
		t.Errorf("who has neither joined nor marked has read up to %s", at)
	}
	head := s.Chat.Head().String()
	for _, test := range []struct{ upTo, is, unread string }{
		{id(0), id(0), "2"},
		{strings.ToLower(id(1)), id(1), "1"},
		{id(0), id(1), "1"}, // backward: nothing changes
		{"earliest", id(1), "1"},
		{"LATEST", head, "0"},
		{"latest", head, "0"},
	} {
		a := s.Call("PUT", "/rooms/general/read", bobs, `{"up_to":"`+test.upTo+`"}`).Want(200)
		if want := `{"up_to":"` + test.is + `","unread":` + test.unread + `,"mentions":0}`; strings.TrimSpace(string(a.Body)) != want {
			t.Errorf("up to %s is answered %s, not %s", test.upTo, a.Body, want)
		}
		if at := room(); at != test.is {
			t.Errorf("after %s the room is read up to %s, not %s", test.upTo, at, test.is)
		}
	}
	if s.Chat.Head().String() != head {
		t.Error("reading has written to the log")
	}
}

func TestSignalCalls_refuse(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Call("POST", "/rooms", anns, `{"id":"general"}`).Want(201)
	s.Call("POST", "/rooms", anns, `{"id":"old"}`).Want(201)
	s.Call("PATCH", "/rooms/old", anns, `{"archived":true}`).Want(200)
	for _, room := range []string{"muted", "banned"} {
		s.Call("POST", "/rooms", anns, `{"id":"`+room+`","members":["bob"]}`).Want(201)
	}
	s.Call("PUT", "/rooms/muted/mutes/bob", anns, "").Want(200)
	s.Call("PUT", "/rooms/banned/bans/bob", anns, "").Want(200)
	data := func(n int) string { return `{"kind":"x.a","data":"` + strings.Repeat("a", n-2) + `"}` }
	s.Call("POST", "/rooms/general/signals", bobs, data(1024)).Want(204)
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"no up_to", "PUT", "/rooms/general/read", `{}`, 400, "invalid_field"},
		{"no body", "PUT", "/rooms/general/read", ``, 415, "unsupported_media_type"},
		{"up_to of another type", "PUT", "/rooms/general/read", `{"up_to":5}`, 400, "invalid_field"},
		{"up_to null", "PUT", "/rooms/general/read", `{"up_to":null}`, 400, "invalid_field"},
		{"up_to empty", "PUT", "/rooms/general/read", `{"up_to":""}`, 400, "invalid_cursor"},
		{"up_to malformed", "PUT", "/rooms/general/read", `{"up_to":"rubbish"}`, 400, "invalid_cursor"},
		{"up_to ahead", "PUT", "/rooms/general/read", `{"up_to":"` + aheadID + `"}`, 409, "cursor_ahead"},
		{"another field", "PUT", "/rooms/general/read", `{"up_to":"latest","user":"ann"}`, 400, "invalid_field"},
		{"banned from reading", "PUT", "/rooms/banned/read", `{"up_to":"latest"}`, 403, "forbidden"},
		{"read in a missing room", "PUT", "/rooms/none/read", `{"up_to":"latest"}`, 404, "room_not_found"},
		{"read with another method", "POST", "/rooms/general/read", `{"up_to":"latest"}`, 405, "method_not_allowed"},

		{"receipts that are not shown", "GET", "/rooms/general/receipts", ``, 403, "forbidden"},
		{"receipts of a missing room", "GET", "/rooms/none/receipts", ``, 404, "room_not_found"},
		{"presence of a missing room", "GET", "/rooms/none/presence", ``, 404, "room_not_found"},
		{"presence for the banned", "GET", "/rooms/banned/presence", ``, 403, "forbidden"},

		{"typing with a field", "POST", "/rooms/general/typing", `{"user":"ann"}`, 400, "invalid_field"},
		{"typing while muted", "POST", "/rooms/muted/typing", ``, 403, "forbidden"},
		{"typing while banned", "POST", "/rooms/banned/typing", ``, 403, "forbidden"},
		{"typing in an archive", "POST", "/rooms/old/typing", ``, 409, "room_archived"},
		{"typing in a missing room", "POST", "/rooms/none/typing", ``, 404, "room_not_found"},
		{"typing in what is no room", "POST", "/rooms/-x/typing", ``, 404, "room_not_found"},

		{"no kind", "POST", "/rooms/general/signals", `{"data":1}`, 400, "invalid_field"},
		{"a kind of the chat's own", "POST", "/rooms/general/signals", `{"kind":"presence","data":1}`, 400, "invalid_field"},
		{"a kind of nothing", "POST", "/rooms/general/signals", `{"kind":"x.","data":1}`, 400, "invalid_field"},
		{"a kind with a quote", "POST", "/rooms/general/signals", `{"kind":"x.\"","data":1}`, 400, "invalid_field"},
		{"a field beside", "POST", "/rooms/general/signals", `{"kind":"x.a","data":1,"user":"ann"}`, 400, "invalid_field"},
		{"too much data", "POST", "/rooms/general/signals", data(1025), 400, "invalid_field"},
		{"deep data", "POST", "/rooms/general/signals", `{"kind":"x.a","data":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 400, "invalid_field"},
		{"signal while muted", "POST", "/rooms/muted/signals", `{"kind":"x.a"}`, 403, "forbidden"},
		{"signal in an archive", "POST", "/rooms/old/signals", `{"kind":"x.a"}`, 409, "room_archived"},

		{"no status", "PUT", "/me/status", `{}`, 400, "invalid_field"},
		{"another status", "PUT", "/me/status", `{"status":"asleep"}`, 400, "invalid_field"},
		{"a status with a field beside", "PUT", "/me/status", `{"status":"away","user":"ann"}`, 400, "invalid_field"},
		{"a status with a long text", "PUT", "/me/status", `{"status":"away","text":"` + strings.Repeat("a", 141) + `"}`, 400, "invalid_field"},
		{"a status with two lines", "PUT", "/me/status", `{"status":"away","text":"a\nb"}`, 400, "invalid_field"},
		{"a status with a control character", "PUT", "/me/status", `{"status":"away","text":"a\u0007"}`, 400, "invalid_field"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.In(t).Call(test.method, test.path, bobs, test.body).WantProblem(test.status, test.code)
		})
	}
	for _, call := range signalCalls {
		s.Call(call.method, "/rooms/general"+call.path, "", call.body).WantProblem(401, "unauthenticated")
	}
	s.Call("PUT", "/me/status", "", `{"status":"away"}`).WantProblem(401, "unauthenticated")
}

// A room that is not for one is answered byte for byte as one that is not there.
func TestSignalCalls_hideARoom(t *testing.T) {
	t.Parallel()
	s, _, _, eves := club(t, wiretest.Setup{})
	hides := wiretest.New(t, wiretest.Setup{Auth: func(*http.Request) (transport.Grant, error) {
		return transport.Grant{User: chat.User{ID: "eve", Name: "Eve"}, May: func(_ transport.Action, room string) error {
			if room == "club" {
				return chat.ErrRoomNotFound
			}
			return nil
		}}, nil
	}})
	hides.Post("club", chat.User{ID: "ann", Name: "Ann"}, "one")
	for _, call := range append(signalCalls, struct{ method, path, body string }{"PUT", "/read", `{"up_to":"` + aheadID + `"}`}) {
		for how, s := range map[string]*wiretest.Server{"private": s, "hidden by May": hides} {
			hidden := s.Call(call.method, "/rooms/club"+call.path, eves, call.body)
			missing := s.Call(call.method, "/rooms/none"+call.path, eves, call.body)
			if got := strings.ReplaceAll(string(hidden.Body), "club", "none"); got != string(missing.Body) || hidden.Status != missing.Status {
				t.Errorf("%s %s, %s: %s, and where there is no room %s", call.method, call.path, how, hidden.Body, missing.Body)
			}
			missing.WantProblem(404, "room_not_found")
		}
	}
}

func TestSignals_areLimitedForEachUser(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{SignalRate: 0.01, SignalBurst: 2}})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Post("general", ann, "one")
	s.Call("POST", "/rooms/general/typing", anns, "").Want(204)
	s.Call("POST", "/rooms/general/signals", anns, `{"kind":"x.a","data":1}`).Want(204)
	for _, call := range []string{"typing", "signals"} {
		body := map[string]string{"signals": `{"kind":"x.a","data":2}`}[call]
		a := s.Call("POST", "/rooms/general/"+call, anns, body).WantProblem(429, "rate_limited")
		if a.Header.Get("Retry-After") != "100" {
			t.Errorf("%s: Retry-After is %q", call, a.Header.Get("Retry-After"))
		}
	}
	s.Call("POST", "/rooms/general/typing", bobs, "").Want(204)
	s.Call("PUT", "/rooms/general/read", anns, `{"up_to":"latest"}`).Want(200) // which is a command, and no signal
	s.Call("POST", "/rooms/general/messages", anns, `{"text":"a"}`).Want(201)
}

func TestStatus_isAnsweredAsOthersSeeIt(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	for body, want := range map[string]string{
		`{"status":"away"}`:                      `{"status":"away"}`,
		`{"status":"busy","text":"  at lunch "}`: `{"status":"busy","text":"at lunch"}`,
		`{"status":"offline","text":""}`:         `{"status":"offline"}`,
	} {
		if a := s.Call("PUT", "/me/status", token, body).Want(200); strings.TrimSpace(string(a.Body)) != want {
			t.Errorf("%s is answered %s", body, a.Body)
		}
	}
}

func TestReceipts_tellHowFarTheMembersHaveRead(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	_, eves := s.User("Eve")
	s.Call("POST", "/rooms", anns, `{"id":"club","kind":"private","receipts":true,"members":["bob"]}`).Want(201)
	last := s.Post("club", ann, "one", "two")[1].ID.String()
	s.Call("PUT", "/rooms/club/read", bobs, `{"up_to":"`+last+`"}`).Want(200)
	var o struct {
		Receipts []struct {
			User  struct{ ID, Name string }
			Up_to string
		}
	}
	s.Call("GET", "/rooms/club/receipts", anns, "").Want(200).Decode(&o)
	if len(o.Receipts) != 2 || o.Receipts[0].User.ID != "ann" || o.Receipts[1].User.ID != "bob" || o.Receipts[1].Up_to != last || o.Receipts[0].Up_to >= last {
		t.Errorf("receipts are %+v", o)
	}
	s.Call("GET", "/rooms/club/receipts", eves, "").WantProblem(404, "room_not_found")
	s.Call("PATCH", "/rooms/club", anns, `{"receipts":false}`).Want(200)
	s.Call("GET", "/rooms/club/receipts", anns, "").WantProblem(403, "forbidden")
}

// Who only calls is nowhere present.
func TestPresence_isOfThoseWithASession(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Post("general", ann, "one")
	for _, call := range signalCalls {
		s.Call(call.method, "/rooms/general"+call.path, anns, call.body)
	}
	count := func() (n int) {
		var p struct{ Count int }
		s.Call("GET", "/rooms/general/presence", bobs, "").Want(200).Decode(&p)
		return p.Count
	}
	if n := count(); n != 0 {
		t.Errorf("%d are there, and nobody has a stream", n)
	}
	k := s.Socket(anns)
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
	var p struct {
		Count int
		Users []map[string]any
	}
	s.Call("GET", "/rooms/general/presence", bobs, "").Want(200).Decode(&p)
	if p.Count != 1 || len(p.Users) != 1 || fmt.Sprint(p.Users[0]["id"], p.Users[0]["name"], p.Users[0]["status"]) != "annAnnonline" {
		t.Errorf("presence is %+v", p)
	}
}
