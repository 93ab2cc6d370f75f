package rest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// club serves a private room of Ann's in which Bob is a member.
func club(t *testing.T, setup wiretest.Setup) (s *wiretest.Server, anns, bobs, eves string) {
	t.Helper()
	s = wiretest.New(t, setup)
	_, anns = s.User("Ann")
	_, bobs = s.User("Bob")
	_, eves = s.User("Eve")
	s.Call("POST", "/rooms", anns, `{"id":"club","kind":"private","members":["bob"]}`).Want(201)
	return s, anns, bobs, eves
}

type told struct {
	ID, Room, Type string
	Data           struct {
		Member             struct{ ID, Name string }
		Role, Reason, Kind string
		Until              string
	}
}

func TestPutMember_addsOrGivesARole(t *testing.T) {
	s, anns, bobs, eves := club(t, wiretest.Setup{})
	var e told
	s.Call("PUT", "/rooms/club/members/eve", anns, `{"name":"Eve"}`).Want(200).Decode(&e)
	if e.Type != "UserJoined" || e.Data.Member.ID != "eve" || e.Data.Member.Name != "Eve" || e.Data.Role != "member" {
		t.Errorf("adding says %+v", e)
	}
	s.Call("PUT", "/rooms/club/members/eve", anns, `{"role":"admin"}`).Want(200).Decode(&e)
	if e.Type != "RoleChanged" || e.Data.Member.Name != "Eve" || e.Data.Role != "admin" {
		t.Errorf("another role says %+v", e)
	}
	s.Call("PUT", "/rooms/club/members/eve", anns, `{"role":"admin"}`).Want(204)
	s.Call("PUT", "/rooms/club/members/dan", bobs, "").WantProblem(403, "forbidden")
	s.Call("PUT", "/rooms/club/members/dan", eves, "").Want(200)
	s.Call("PUT", "/rooms/club/members/dan", eves, `{"role":"admin"}`).WantProblem(403, "forbidden")
	s.Call("PUT", "/rooms/none/members/dan", anns, "").WantProblem(404, "room_not_found")
}

// Of oneself it is a join, which creates no room, or a change of one's own role.
func TestPutMember_ofOneself(t *testing.T) {
	s, anns, bobs, eves := club(t, wiretest.Setup{})
	s.Call("PUT", "/rooms/none/members/ann", anns, "").WantProblem(404, "room_not_found")
	s.Call("GET", "/rooms/none", anns, "").WantProblem(404, "room_not_found")
	for _, body := range []string{``, `{"role":"member"}`, `{"role":"owner"}`} {
		hidden := s.Call("PUT", "/rooms/club/members/eve", eves, body).WantProblem(404, "room_not_found")
		missing := s.Call("PUT", "/rooms/none/members/eve", eves, body).WantProblem(404, "room_not_found")
		if got := strings.ReplaceAll(string(hidden.Body), "club", "none"); got != string(missing.Body) {
			t.Errorf("a private room says %s, a missing one %s", hidden.Body, missing.Body)
		}
	}
	s.Call("PUT", "/rooms/club/members/bob", bobs, `{"role":"owner"}`).WantProblem(403, "forbidden")
	s.Call("PUT", "/rooms/club/members/ann", anns, `{"role":"member"}`).WantProblem(409, "forbidden_last_owner")
	s.Call("PUT", "/rooms/club/members/bob", anns, `{"role":"owner"}`).Want(200)
	var e told
	s.Call("PUT", "/rooms/club/members/ann", anns, `{"role":"member"}`).Want(200).Decode(&e)
	if e.Type != "RoleChanged" || e.Data.Member.Name != "Ann" || e.Data.Role != "member" {
		t.Errorf("stepping down says %+v", e)
	}
	s.Call("DELETE", "/rooms/club/members/ann", anns, "").Want(200).Decode(&e)
	if e.Type != "UserLeft" || e.Data.Reason != "left" || e.Data.Member.Name != "Ann" {
		t.Errorf("removing oneself says %+v", e)
	}
}

func TestDeleteMember_removesAndBans(t *testing.T) {
	s, anns, bobs, _ := club(t, wiretest.Setup{})
	var e told
	s.Call("DELETE", "/rooms/club/members/bob?ban=1", anns, "").Want(200).Decode(&e)
	if e.Type != "UserLeft" || e.Data.Reason != "banned" {
		t.Errorf("a removal with a ban says %+v", e)
	}
	s.Call("GET", "/rooms/club", bobs, "").WantProblem(404, "room_not_found")
	s.Call("DELETE", "/rooms/club/bans/bob", anns, "").Want(200)
	s.Call("DELETE", "/rooms/club/bans/bob", anns, "").Want(204)
	s.Call("PUT", "/rooms/club/members/bob", anns, "").Want(200)
	s.Call("DELETE", "/rooms/club/members/bob", anns, "").Want(200).Decode(&e)
	if e.Type != "UserLeft" || e.Data.Reason != "removed" {
		t.Errorf("a removal says %+v", e)
	}
	s.Call("DELETE", "/rooms/club/members/bob", anns, "").Want(204)
}

// Ids of users hold what a path must escape.
func TestMembers_haveOddIDs(t *testing.T) {
	s, anns, _, _ := club(t, wiretest.Setup{})
	for path, id := range map[string]string{
		"zo%C3%AB@x.org": "zoë@x.org", "a%25b": "a%b", "a?b": "a", "a%3Fb%23c": "a?b#c", "%F0%9F%91%8D": "👍", "a:b;c=d,e": "a:b;c=d,e", "...": "...",
	} {
		var e told
		s.Call("PUT", "/rooms/club/members/"+path, anns, "").Want(200).Decode(&e)
		if e.Data.Member.ID != id {
			t.Errorf("%s is %q, not %q", path, e.Data.Member.ID, id)
		}
		s.Call("PUT", "/rooms/club/members/"+path, anns, "").Want(204)
	}
	for _, path := range []string{"a%20b", "a%2Fb", "a%5Cb", "..", ".", "%2E%2E", "", "%00", "%7F", "%C2%85", strings.Repeat("x", 129)} {
		for _, call := range []string{"PUT members", "DELETE members", "PUT bans", "DELETE mutes"} {
			method, what, _ := strings.Cut(call, " ")
			s.Call(method, "/rooms/club/"+what+"/"+path, anns, "").WantProblem(400, "invalid_field")
		}
	}
	s.Call("PUT", "/rooms/club/members/%FF", anns, "").WantProblem(400, "invalid_utf8")
}

// A key answers with what was stored, but who is in the room is told only to
// those who may read it now.
func TestJoin_againUnderItsKeyTellsNothingToOneWhoWasRemoved(t *testing.T) {
	s, anns, bobs, _ := club(t, wiretest.Setup{})
	s.Call("PATCH", "/rooms/club", anns, `{"kind":"public"}`).Want(200)
	s.Call("POST", "/rooms/club/leave", bobs, "").Want(200)
	s.Call("POST", "/rooms/club/join", bobs, `{"key":"j"}`).Want(201)
	s.Call("PATCH", "/rooms/club", anns, `{"kind":"private"}`).Want(200)
	s.Call("POST", "/rooms/club/join", bobs, `{"key":"j"}`).Want(200)
	s.Call("DELETE", "/rooms/club/members/bob", anns, "").Want(200)
	s.Call("POST", "/rooms/club/join", bobs, `{"key":"j"}`).WantProblem(404, "room_not_found")
}

func TestJoin_saysOfPrivateRoomsWhatItSaysOfMissingOnes(t *testing.T) {
	s, _, _, eves := club(t, wiretest.Setup{Options: transport.Options{NoJoinCreates: true}})
	hidden := s.Call("POST", "/rooms/club/join", eves, "").WantProblem(404, "room_not_found")
	missing := s.Call("POST", "/rooms/none/join", eves, "").WantProblem(404, "room_not_found")
	if got := strings.ReplaceAll(string(hidden.Body), "club", "none"); got != string(missing.Body) {
		t.Errorf("a private room says %s, a missing one %s", hidden.Body, missing.Body)
	}
	s.Call("POST", "/rooms/-/join", eves, "").WantProblem(400, "invalid_room_id")
}

func TestModeration_givesTheHostsReason(t *testing.T) {
	s, anns, _, _ := club(t, wiretest.Setup{Chat: chat.Options{
		BeforeAppend: func(_ context.Context, p chat.Proposed) (chat.Fact, error) {
			if f, ok := p.Fact.(chat.MessagePosted); ok && f.Text == "spam" {
				return nil, chat.Reject("spam", "say something else")
			}
			return p.Fact, nil
		},
	}})
	var p struct{ Code, Reason, Detail string }
	s.Call("POST", "/rooms/club/messages", anns, `{"text":"spam"}`).WantProblem(422, "rejected").Decode(&p)
	if p.Reason != "spam" || p.Detail != "say something else" {
		t.Errorf("the problem is %+v", p)
	}
	k := s.Socket(anns)
	if m, _ := k.Ask("1", `{"id":"1","op":"post","room":"club","text":"spam"}`); !strings.Contains(m.Raw, `"reason":"spam"`) {
		t.Errorf("a socket says %s", m.Raw)
	}
}

func TestSlowMode_tellsWhenToComeBack(t *testing.T) {
	s, anns, bobs, _ := club(t, wiretest.Setup{})
	s.Call("PATCH", "/rooms/club", anns, `{"slow_mode_s":86400}`).Want(200)
	for range 2 {
		s.Call("POST", "/rooms/club/messages", anns, `{"text":"owners may"}`).Want(201)
	}
	s.Call("POST", "/rooms/club/messages", bobs, `{"text":"once","key":"k"}`).Want(201)
	s.Call("POST", "/rooms/club/messages", bobs, `{"text":"once","key":"k"}`).Want(200)
	a := s.Call("POST", "/rooms/club/messages", bobs, `{"text":"twice"}`).WantProblem(429, "rate_limited")
	if after := a.Header.Get("Retry-After"); len(after) != 5 { // a day, less a moment
		t.Errorf("Retry-After is %q", after)
	}
}
