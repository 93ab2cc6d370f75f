package chat_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

var (
	never time.Time
	dan   = chat.User{ID: "dan", Name: "Dan"}
)

// clock is a clock that a test sets.
type clock struct{ time.Time }

func newClock() *clock                        { return &clock{time.UnixMilli(1_767_323_045_678)} }
func (c *clock) now() time.Time               { return c.Time }
func (c *clock) step(d time.Duration)         { c.Time = c.Add(d) }
func (c *clock) in(d time.Duration) time.Time { return c.Add(d) }

// story is the log of a room in short.
func story(t *testing.T, room *chat.Room) string {
	t.Helper()
	var list []string
	for _, e := range logOf(t, room) {
		fact, err := e.Fact()
		if err != nil {
			t.Fatal(err)
		}
		switch f := fact.(type) {
		case chat.UserJoined:
			list = append(list, fmt.Sprint("+", f.Member.ID, "/", f.Member.Name, " ", f.Role))
		case chat.UserLeft:
			list = append(list, fmt.Sprint("-", f.Member.ID, "/", f.Member.Name, " ", f.Reason))
		case chat.RoleChanged:
			list = append(list, fmt.Sprint("=", f.Member.ID, "/", f.Member.Name, " ", f.Role))
		case chat.UserBanned:
			list = append(list, fmt.Sprint("ban ", f.Member.ID, "/", f.Member.Name))
		case chat.UserUnbanned:
			list = append(list, fmt.Sprint("unban ", f.Member.ID, "/", f.Member.Name))
		default:
			list = append(list, e.Type)
		}
	}
	return strings.Join(list, ", ")
}

func TestPeople_comeAndGo(t *testing.T) {
	c := open(t, nil)
	room, ctx := create(t, c, "r", chat.RoomCreated{}), within(t)
	do(t, c.Room("elsewhere"), dan, chat.UserJoined{}) // so that the name is known
	for what, err := range map[string]error{
		"bob joins":    second(room.Join(ctx, bob)),
		"cat is added": second(room.Add(ctx, ann, cat, chat.Admin)),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, step := range []struct {
		what string
		err  error
	}{
		{"dan is added by the admin, by id alone", second(room.Add(ctx, cat, chat.User{ID: "dan"}, ""))},
		{"bob becomes an owner", second(room.Add(ctx, ann, chat.User{ID: "bob"}, chat.Owner))},
		{"ann leaves", second(room.Leave(ctx, ann))},
		{"cat is made a member", second(room.Do(ctx, chat.Command{User: bob, Fact: chat.RoleChanged{Member: cat, Role: chat.Ordinary}}))},
		{"dan is removed", second(room.Remove(ctx, bob, chat.User{ID: "dan"}))},
		{"cat is banned", second(room.Ban(ctx, bob, chat.User{ID: "cat"}, never))},
		{"ann is banned, who is not in", second(room.Ban(ctx, bob, ann, never))},
		{"ann is unbanned", second(room.Unban(ctx, bob, ann))},
		{"ann joins", second(room.Join(ctx, ann))},
		{"cat is added, who is banned", second(room.Add(ctx, bob, cat, chat.Ordinary))},
		{"cat leaves", second(room.Leave(ctx, cat))},
		{"cat joins", second(room.Join(ctx, cat))},
	} {
		if step.err != nil {
			t.Errorf("%s: %v", step.what, step.err)
		}
	}
	got := story(t, room)
	got = strings.Replace(got, "+cat/Cat admin, +bob/Bob member", "+bob/Bob member, +cat/Cat admin", 1)
	want := "RoomCreated, +ann/Ann owner, +bob/Bob member, +cat/Cat admin, +dan/Dan member, =bob/Bob owner, -ann/Ann left, =cat/Cat member, " +
		"-dan/Dan removed, -cat/Cat banned, ban ann/Ann, unban ann/Ann, +ann/Ann member, +cat/Cat member, -cat/Cat left, +cat/Cat member"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPeople_theLastOwnerHandsTheRoomOn(t *testing.T) {
	c := open(t, nil)
	ctx := within(t)
	for _, kind := range []chat.RoomKind{chat.Public, chat.Private} {
		room := create(t, c, string(kind), chat.RoomCreated{RoomKind: kind, Members: []chat.User{bob}})
		if _, err := room.Leave(ctx, ann); !errors.Is(err, chat.ErrForbiddenLastOwner) {
			t.Errorf("leaves: %v", err)
		}
		if _, err := room.Add(ctx, ann, ann, chat.Ordinary); err == nil {
			if info, _ := room.Info(ctx, "ann"); info.Role != chat.Owner {
				t.Errorf("made herself %s", info.Role)
			}
		}
		do(t, room, bob, chat.UserLeft{})
		if _, err := room.Leave(ctx, ann); err != nil {
			t.Errorf("leaves alone: %v", err)
		}
	}
}

func TestBan_endsByItself(t *testing.T) {
	now := newClock()
	c := open(t, &chat.Options{Now: now.now})
	room, ctx := create(t, c, "r", chat.RoomCreated{Members: []chat.User{bob, cat}}), within(t)
	do(t, room, ann, chat.UserBanned{Member: bob, Until: now.in(time.Minute)})
	do(t, room, ann, chat.UserMuted{Member: cat, Until: now.in(time.Minute)})
	if e, err := room.Ban(ctx, ann, bob, now.in(time.Minute)); err != nil || e.ID != chat.Start {
		t.Errorf("the same ban again: %s, %v", e.JSON(), err)
	}
	if e, err := room.Ban(ctx, ann, bob, now.in(2*time.Minute)); err != nil || e.Type != "UserBanned" {
		t.Errorf("a longer ban: %s, %v", e.JSON(), err)
	}
	for _, until := range []time.Time{now.in(0), now.in(-time.Hour)} {
		if _, err := room.Ban(ctx, ann, dan, until); !errors.Is(err, chat.ErrInvalidField) {
			t.Errorf("until %s: %v", until, err)
		}
		if _, err := room.Mute(ctx, ann, dan, until); !errors.Is(err, chat.ErrInvalidField) {
			t.Errorf("until %s: %v", until, err)
		}
	}
	now.step(time.Minute)
	if _, err := room.Post(ctx, cat, "a"); err != nil {
		t.Errorf("the muting is over: %v", err)
	}
	if _, err := room.Join(ctx, bob); !errors.Is(err, chat.ErrForbidden) {
		t.Errorf("the ban is not: %v", err)
	}
	now.step(time.Minute)
	if _, err := room.Join(ctx, bob); err != nil {
		t.Errorf("the ban is over: %v", err)
	}
}

// A banned user reads nothing of a public room either, and one who is removed
// from a private one is told that it is not there.
func TestReads_ofThoseWhoAreOut(t *testing.T) {
	c := open(t, nil)
	for kind, want := range map[chat.RoomKind]error{chat.Public: chat.ErrForbidden, chat.Private: chat.ErrRoomNotFound} {
		room := create(t, c, string(kind), chat.RoomCreated{RoomKind: kind, Members: []chat.User{bob, cat}})
		do(t, room, ann, chat.MessagePosted{Text: "a", Mentions: []string{"bob"}})
		do(t, room, ann, chat.UserBanned{Member: bob})
		for name, err := range reads(t, room, "bob") {
			if !errors.Is(err, want) {
				t.Errorf("%s of a %s room by who is banned: %v", name, kind, err)
			}
		}
		if page, err := c.Mentions(within(t), "bob", chat.MentionsQuery{}); err != nil || len(page.Messages) > 0 {
			t.Errorf("mentions in a %s room: %+v, %v", kind, page, err)
		}
		for _, scope := range []chat.Scope{chat.Visible, chat.Mine, chat.PublicOnly} {
			if page, err := c.Rooms(within(t), chat.RoomsQuery{Viewer: "bob", Scope: scope}); err != nil || len(page.Rooms) > 0 {
				t.Errorf("%q rooms with a %s one: %+v, %v", scope, kind, page, err)
			}
		}
		do(t, room, ann, chat.RoomDeleted{})
	}
}

// What a stranger is told of a private room is to the letter what they are told
// of none.
func TestReads_ofAPrivateRoomAreAsOfNone(t *testing.T) {
	c := open(t, nil)
	room := c.Room("r")
	none := reads(t, room, "bob")
	create(t, c, "r", chat.RoomCreated{RoomKind: chat.Private})
	post(t, room, ann, "a")
	for name, err := range reads(t, room, "bob") {
		if !errors.Is(err, chat.ErrRoomNotFound) || err.Error() != none[name].Error() {
			t.Errorf("%s: %v, of none: %v", name, err, none[name])
		}
	}
}

func TestEvent_concernsWhoMayReadMoreOrLess(t *testing.T) {
	c := open(t, nil)
	room := create(t, c, "r", chat.RoomCreated{Members: []chat.User{bob, {ID: `q"q`}}})
	for _, step := range []struct {
		fact     chat.Fact
		concerns string
	}{
		{chat.MessagePosted{Text: `{"member":{"id":"bob"}}`}, ""},
		{chat.UserLeft{Member: bob}, "bob"},
		{chat.UserBanned{Member: bob}, "bob"},
		{chat.UserUnbanned{Member: bob}, "bob"},
		{chat.UserJoined{Member: bob}, "bob"},
		{chat.RoleChanged{Member: bob, Role: chat.Admin}, "bob"},
		{chat.UserLeft{Member: chat.User{ID: `q"q`}}, `q"q`},
		{chat.RoomChanged{RoomKind: chat.Private}, "bob cat"},
		{chat.RoomDeleted{}, "bob cat"},
	} {
		e := do(t, room, ann, step.fact)
		for _, user := range []string{"bob", "cat", "bo", `q"q`} {
			everybody := strings.Contains(step.concerns, " ")
			if want := everybody || user == step.concerns; e.Concerns(user) != want {
				t.Errorf("%s concerns %s: %v", e.JSON(), user, !want)
			}
		}
	}
}
