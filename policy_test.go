package chat_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/roomlog/chat"
)

// policyFunc is a host's policy.
type policyFunc func(*chat.Request) error

func (f policyFunc) Allow(r *chat.Request) error { return f(r) }

// A host wraps the rules and says only what is different.
func TestPolicy_ofAHost(t *testing.T) {
	var wrapped chat.Rules
	c := open(t, &chat.Options{Policy: policyFunc(func(r *chat.Request) error {
		switch {
		case r.Room.ID == "hidden" && r.User.ID != "ann":
			return fmt.Errorf("not for %s: %w", r.User.ID, chat.ErrRoomNotFound)
		case r.Room.ID == "broken":
			panic("broken policy")
		case r.Room.ID == "error" && r.User.ID != "ann":
			return errors.New("the host says no")
		case r.Room.ID == "limited" && r.Action == chat.ActPost:
			return &chat.Error{Code: "rate_limited"}
		}
		return wrapped.Allow(r)
	})})
	ctx := within(t)
	for _, id := range []string{"hidden", "error", "limited"} {
		do(t, c.Room(id), ann, chat.UserJoined{})
	}
	host(t, c.Room("broken"), chat.UserJoined{})
	m := post(t, c.Room("hidden"), ann, "Hello.")

	none := reads(t, c.Room("none"), "bob")
	for name, err := range reads(t, c.Room("hidden"), "bob") {
		if !errors.Is(err, chat.ErrRoomNotFound) || err.Error() != "room not found: hidden" || none[name] == nil {
			t.Errorf("%s of a hidden room: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"post":     second(c.Room("hidden").Post(ctx, bob, "a")),
		"join":     second(c.Room("hidden").Join(ctx, bob)),
		"edit":     second(c.Room("hidden").Edit(ctx, bob, m.ID, "a")),
		"react":    second(c.Room("hidden").React(ctx, bob, chat.End, "a")),
		"delete":   second(c.Room("hidden").DeleteRoom(ctx, bob)),
		"a change": second(c.Room("hidden").Change(ctx, bob, chat.RoomChanged{Title: new("a")})),
	} {
		if !errors.Is(err, chat.ErrRoomNotFound) || err.Error() != "room not found: hidden" {
			t.Errorf("%s in a hidden room: %v", name, err)
		}
	}
	if page, err := c.Rooms(ctx, chat.RoomsQuery{Viewer: "bob", Scope: chat.PublicOnly}); err == nil {
		t.Errorf("a policy that panics lists %+v", page)
	}
	for name, err := range reads(t, c.Room("broken"), "bob") {
		if !errors.Is(err, chat.ErrInternal) {
			t.Errorf("%s of a broken policy: %v", name, err)
		}
	}
	if _, err := c.Room("broken").Post(ctx, bob, "a"); !errors.Is(err, chat.ErrInternal) {
		t.Errorf("post: %v", err)
	}
	if c.Failed() != nil {
		t.Error("a broken policy has failed the store")
	}
	for name, err := range reads(t, c.Room("error"), "bob") {
		if !errors.Is(err, chat.ErrForbidden) {
			t.Errorf("%s that the host refuses: %v", name, err)
		}
	}
	if _, err := c.Room("error").Post(ctx, bob, "a"); !errors.Is(err, chat.ErrForbidden) {
		t.Errorf("post: %v", err)
	}
	if _, err := c.Room("limited").Post(ctx, bob, "a"); !errors.Is(err, chat.ErrRateLimited) {
		t.Errorf("post: %v", err)
	}
	post(t, c.Room("fine"), bob, "a") // and nothing else has suffered
}

// What a policy is told.
func TestPolicy_isToldWhatItIsAbout(t *testing.T) {
	var asked []string
	c := open(t, &chat.Options{Policy: policyFunc(func(r *chat.Request) error {
		role, in := r.Member(r.User.ID)
		s := fmt.Sprintf("%s %s %s %v %s target=%s role=%s author=%s self=%s/%v banned=%v muted=%v", r.Action, r.User.ID, r.Room.ID,
			r.Room.Exists, r.Room.Kind, r.Target, r.Role, r.Author, role, in, r.Banned("cat"), r.Muted("cat"))
		if len(asked) == 0 || asked[len(asked)-1] != s { // it may be asked twice
			asked = append(asked, s)
		}
		return nil
	})})
	room := c.Room("r")
	last := func(want string) {
		t.Helper()
		if got := asked[len(asked)-1]; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	create(t, c, "r", chat.RoomCreated{RoomKind: chat.Private})
	last("create ann r false public target= role= author= self=/false banned=false muted=false")
	m := post(t, room, bob, "a")
	last("post bob r true private target= role= author= self=/false banned=false muted=false")
	do(t, room, ann, chat.UserBanned{Member: cat})
	last("ban ann r true private target=cat role= author= self=owner/true banned=false muted=false")
	do(t, room, ann, chat.UserMuted{Member: cat})
	last("mute ann r true private target=cat role= author= self=owner/true banned=true muted=false")
	do(t, room, ann, chat.UserJoined{Member: bob, Role: chat.Admin})
	last("add_member ann r true private target=bob role=admin author= self=owner/true banned=true muted=true")
	do(t, room, ann, chat.UserJoined{Member: bob, Role: chat.Owner})
	last("set_role ann r true private target=bob role=owner author= self=owner/true banned=true muted=true")
	do(t, room, cat, chat.MessageDeleted{Message: m.ID})
	last("delete cat r true private target= role= author=bob self=/false banned=true muted=true")
	history(t, room, chat.HistoryQuery{Viewer: "dan"})
	last("read dan r true private target= role= author= self=/false banned=true muted=true")
	n := len(asked)
	history(t, room, chat.HistoryQuery{})
	host(t, room, chat.RoomDeleted{})
	if len(asked) != n {
		t.Errorf("the host is asked for: %s", asked[n:])
	}
}
