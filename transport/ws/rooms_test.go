package ws_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/roomlog/chat/transport/internal/wiretest"
)

// asker sends requests over a socket, without their ids.
type asker struct {
	t *testing.T
	k *wiretest.Socket
	n int
}

func newAsker(t *testing.T, s *wiretest.Server, name string) *asker {
	t.Helper()
	_, token := s.User(name)
	return &asker{t: t, k: s.Socket(token)}
}

func (a *asker) ask(fields string) wiretest.Message {
	a.t.Helper()
	a.n++
	id := fmt.Sprint(a.n)
	m, _ := a.k.Ask(id, fmt.Sprintf(`{"id":%q,%s}`, id, fields))
	return m
}

// event is the event that a request is answered with.
type event struct {
	ID, Room, Type string
	Data           struct {
		Member       struct{ ID, Name string }
		Role, Reason string
		Until        string
		Title        *string
	}
}

func (a *asker) event(fields string) (e event) {
	a.t.Helper()
	m := a.ask(fields)
	var ok struct {
		Event    *event
		Replayed bool
	}
	if err := json.Unmarshal(m.OK, &ok); err != nil || ok.Event == nil {
		a.t.Fatalf("%s is answered %s", fields, m.Raw)
	}
	return *ok.Event
}

func (a *asker) wantNothing(fields string) {
	a.t.Helper()
	if m := a.ask(fields); string(m.OK) != "{}" {
		a.t.Errorf("%s is answered %s, not that nothing has changed", fields, m.Raw)
	}
}

func (a *asker) wantError(fields, code string) {
	a.t.Helper()
	if m := a.ask(fields); m.Error == nil || m.Error.Code != code {
		a.t.Errorf("%s is answered %s, not %s", fields, m.Raw, code)
	}
}

func TestCreateAndChange_areThoseOfHTTP(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, bob := newAsker(t, s, "Ann"), newAsker(t, s, "Bob")
	if e := ann.event(`"op":"create","room":"club","kind":"private","title":"Club","members":["bob"],"key":"c"`); e.Type != "RoomCreated" || e.Room != "club" {
		t.Errorf("create says %+v", e)
	}
	if m := ann.ask(`"op":"create","room":"club","kind":"private","title":"Club","members":["bob"],"key":"c"`); !strings.Contains(string(m.OK), `"replayed":true`) {
		t.Errorf("create again says %s", m.Raw)
	}
	if e := ann.event(`"op":"create","kind":"private"`); len(e.Room) < 26 {
		t.Errorf("create without an id says %+v", e)
	}
	first, again := ann.event(`"op":"create","kind":"direct","members":["bob"]`), bob.event(`"op":"create","kind":"direct","members":["ann"]`)
	if first.ID != again.ID {
		t.Errorf("the direct room is made twice: %+v, %+v", first, again)
	}
	bob.wantError(`"op":"create","room":"club"`, "room_exists")
	bob.wantError(`"op":"create","room":""`, "invalid_room_id")
	bob.wantError(`"op":"create","room":"-"`, "invalid_room_id")
	bob.wantError(`"op":"change","room":"club","title":"His"`, "forbidden")
	if e := ann.event(`"op":"change","room":"club","title":"Pub"`); e.Type != "RoomChanged" || *e.Data.Title != "Pub" {
		t.Errorf("change says %+v", e)
	}
	ann.wantNothing(`"op":"change","room":"club","title":"Pub"`)
	ann.wantError(`"op":"change","room":"club"`, "invalid_field")
	if e := ann.event(`"op":"change","room":"club","archived":true`); e.Type != "RoomArchived" {
		t.Errorf("archiving says %+v", e)
	}
	bob.wantError(`"op":"post","room":"club","text":"a"`, "room_archived")
	bob.wantError(`"op":"delete_room","room":"club"`, "forbidden")
	if e := ann.event(`"op":"delete_room","room":"club","key":"d"`); e.Type != "RoomDeleted" {
		t.Errorf("the deletion says %+v", e)
	}
	ann.wantError(`"op":"delete_room","room":"club"`, "room_not_found")
	ann.wantError(`"op":"subscribe","room":"club"`, "room_not_found")
}

func TestMember_addsGivesRolesRemovesAndBans(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, bob := newAsker(t, s, "Ann"), newAsker(t, s, "Bob")
	ann.event(`"op":"create","room":"club","kind":"private"`)
	for _, test := range []struct{ fields, want string }{
		{`"op":"member","room":"club","member":"bob","name":"Bob"`, "UserJoined bob Bob member "},
		{`"op":"member","room":"club","member":"bob","role":"admin"`, "RoleChanged bob Bob admin "},
		{`"op":"member","room":"club","member":"bob","role":"none"`, "UserLeft bob Bob  removed"},
		{`"op":"member","room":"club","member":"bob","role":"owner","name":"Bob"`, "UserJoined bob Bob owner "},
		{`"op":"member","room":"club","member":"ann","role":"admin"`, "RoleChanged ann Ann admin "},
		{`"op":"mute","room":"club","member":"ann"`, "UserMuted ann Ann  "},
		{`"op":"unmute","room":"club","member":"ann"`, "UserUnmuted ann Ann  "},
		{`"op":"ban","room":"club","member":"eve"`, "UserBanned eve   "},
		{`"op":"unban","room":"club","member":"eve","name":"Eve"`, "UserUnbanned eve Eve  "},
		{`"op":"member","room":"club","member":"ann","role":"none"`, "UserLeft ann Ann  left"},
	} {
		e := ann.event(test.fields)
		if got := fmt.Sprintf("%s %s %s %s %s", e.Type, e.Data.Member.ID, e.Data.Member.Name, e.Data.Role, e.Data.Reason); got != test.want {
			t.Errorf("%s says %s, not %s", test.fields, got, test.want)
		}
	}
	ann.wantError(`"op":"member","room":"club","member":"ann"`, "room_not_found")
	bob.event(`"op":"member","room":"club","member":"ann"`)
	bob.wantError(`"op":"member","room":"club","member":"ann","role":"admin","ban":true`, "invalid_field")
	if e := bob.event(`"op":"member","room":"club","member":"ann","ban":true`); e.Data.Reason != "banned" {
		t.Errorf("a ban says %+v", e)
	}
	bob.wantNothing(`"op":"member","room":"club","member":"ann","role":"none","ban":true`)
	bob.wantError(`"op":"member","room":"club","member":"bob","role":"member","until":null`, "invalid_field")
	bob.wantError(`"op":"member","room":"none","member":"bob"`, "room_not_found")
	bob.wantError(`"op":"member","room":"club","member":"a b"`, "invalid_field")
	bob.wantError(`"op":"member","room":"club","member":""`, "invalid_field")
	bob.wantError(`"op":"ban","room":"club","member":"eve","until":"soon"`, "invalid_field")
}

func TestQueries_areThoseOfHTTP(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, bob := newAsker(t, s, "Ann"), newAsker(t, s, "Bob")
	_, anns := s.User("Ann")
	ann.event(`"op":"create","room":"club","members":["bob"]`)
	root := ann.event(`"op":"post","room":"club","text":"Who is there?"`).ID
	bob.event(`"op":"post","room":"club","text":"Me, @Ann.","reply_to":"` + strings.ToLower(root) + `","mentions":["ann"]`)
	bob.event(`"op":"post","room":"club","text":"Still me.","thread":"` + root + `","attachments":[{"a":1}]`)
	for _, test := range []struct{ op, path string }{
		{`"op":"thread","room":"club","message":"` + root + `"`, "/rooms/club/messages/" + root + "/thread"},
		{`"op":"thread","room":"club","message":"` + root + `","limit":1,"before":"latest"`, "/rooms/club/messages/" + root + "/thread?limit=1&before=latest"},
		{`"op":"mentions"`, "/mentions"},
		{`"op":"mentions","before":"earliest","limit":5`, "/mentions?before=earliest&limit=5"},
		{`"op":"search","room":"club","q":"ME"`, "/rooms/club/search?q=ME"},
		{`"op":"search","room":"club","q":"who","limit":1`, "/rooms/club/search?q=who&limit=1"},
	} {
		m := ann.ask(test.op)
		if a := s.Call("GET", test.path, anns, "").Want(200); string(m.OK) != string(a.Body) {
			t.Errorf("%s is answered %s, over HTTP %s", test.op, m.Raw, a.Body)
		}
	}
	ann.wantError(`"op":"thread","room":"club","message":"x"`, "message_not_found")
	ann.wantError(`"op":"search","room":"club"`, "invalid_field")
	ann.wantError(`"op":"search","room":"none","q":"a"`, "room_not_found")
	ann.wantError(`"op":"mentions","before":"x"`, "invalid_cursor")
}
