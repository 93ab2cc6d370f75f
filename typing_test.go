package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

func typing(t testing.TB, room *chat.Room, user chat.User) {
	t.Helper()
	if err := room.Typing(within(t), user); err != nil {
		t.Fatal(err)
	}
}

func TestTyping_lastsSixSecondsFromWhenItWasSaidLast(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a := attend(t, room, ann)
		a.expect("all 1: ann online")
		typing(t, room, bob)
		a.expect("typing bob")
		pass(6*time.Second - 1)
		a.expect("")
		pass(1)
		a.expect("typing")

		pass(time.Second)
		typing(t, room, bob)
		a.expect("typing bob")
		for range 10 {
			pass(3 * time.Second)
			typing(t, room, bob)
		}
		pass(6*time.Second - 1)
		a.expect("")
		pass(1)
		a.expect("typing")
		pass(time.Hour)
		a.expect("")
	})
}

// All who are typing, and who began first is first.
func TestTyping_isToldAsTheWholeListInOrder(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a := attend(t, room, ann)
		a.hear()
		for _, u := range []chat.User{cat, ann, bob} {
			typing(t, room, u)
			pass(time.Second)
		}
		typing(t, room, ann)
		attend(t, room, ann).expect("all 1: ann online; typing cat ann bob")
		a.expect("typing cat ann bob")
		pass(3 * time.Second)
		a.expect("typing ann bob")
		pass(3 * time.Second)
		a.expect("typing")
		attend(t, room, ann).expect("all 1: ann online") // nobody is typing: nothing is said
	})
}

func TestTyping_endsWithAPostInThatRoom(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room, other := c.Room("general"), c.Room("other")
		post(t, room, cat, "Hello.")
		post(t, other, cat, "Hello.")
		a, b := attend(t, room, ann), attend(t, other, ann)
		for _, u := range []chat.User{bob, cat} {
			typing(t, room, u)
			typing(t, other, u)
		}
		a.expect("all 1: ann online; typing bob cat")
		b.expect("all 1: ann online; typing bob cat")
		cmd := chat.Command{User: bob, Key: "1", Fact: chat.MessagePosted{Text: "Hello."}}
		if _, err := room.Do(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		a.expect("typing cat")
		do(t, room, cat, chat.Custom{Type: "x.note"}) // no message
		pass(time.Second)
		a.expect("")
		b.expect("")
		typing(t, room, bob)
		a.expect("typing cat bob")
		if res, err := room.Do(t.Context(), cmd); err != nil || !res.Replayed {
			t.Fatal(res, err)
		}
		pass(time.Second)
		a.expect("") // what was posted long ago ends nothing
	})
}

func TestTyping_endsWithTheLastSession(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room, other := c.Room("general"), c.Room("other")
		post(t, room, cat, "Hello.")
		a := attend(t, room, ann)
		tab, phone, elsewhere := attend(t, room, bob), attend(t, room, bob), attend(t, other, bob)
		typing(t, room, bob)
		a.expect("all 2: ann online bob online; typing bob")
		pass(time.Second)
		phone.Close()
		elsewhere.Close()
		pass(time.Second)
		a.expect("")
		tab.Close()
		a.expect("typing")
	})
}

func TestTyping_isToldFourTimesASecondAtMost(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a := attend(t, room, ann)
		go func() {
			for _, u := range users(60) { // 3 s
				time.Sleep(50 * time.Millisecond)
				typing(t, room, u)
			}
		}()
		list := a.follow(30 * time.Second)
		if n := apart(t, list, chat.SignalTyping, 250*time.Millisecond); n < 20 || n > 40 {
			t.Errorf("told %d times", n)
		}
		if got := a.short(list[len(list)-1].signal); got != "typing" {
			t.Errorf("at last %q", got)
		}
	})
}

func TestTyping_listsAHundred(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		for _, u := range users(101) {
			typing(t, room, u)
		}
		got := attend(t, room, ann).hear()
		if strings.Count(got, " u") != 100 || strings.Contains(got, "u100") {
			t.Errorf("told %q", got)
		}
	})
}

// Who may not post may not signal either.
func TestTyping_needsTheRightToPost(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	do(t, room, ann, chat.RoomCreated{})
	do(t, room, bob, chat.UserJoined{})
	do(t, room, ann, chat.UserMuted{Member: bob})
	do(t, room, ann, chat.UserBanned{Member: cat})
	archived := c.Room("archived")
	do(t, archived, ann, chat.RoomCreated{})
	do(t, archived, ann, chat.RoomArchived{})
	private := c.Room("private")
	do(t, private, ann, chat.RoomCreated{RoomKind: chat.Private})
	for _, u := range []struct {
		room *chat.Room
		user chat.User
		want error
	}{
		{room, ann, nil},
		{room, chat.User{ID: "dan", Name: "Dan"}, nil},
		{room, bob, chat.ErrForbidden},
		{room, cat, chat.ErrForbidden},
		{archived, ann, chat.ErrRoomArchived},
		{private, bob, chat.ErrRoomNotFound},
		{c.Room("none"), ann, chat.ErrRoomNotFound},
		{c.Room("/"), ann, chat.ErrInvalidRoomID},
		{room.As(c.Head()), ann, chat.ErrInvalidField},
	} {
		err := u.room.Typing(within(t), u.user)
		err2 := u.room.Signal(within(t), u.user, "x.calls", json.RawMessage("true"))
		if !errors.Is(err, u.want) || !errors.Is(err2, u.want) {
			t.Errorf("%s in %s: typing %v, signal %v, want %v", u.user.Name, u.room.ID(), err, err2, u.want)
		}
	}
	if err := room.Typing(within(t), chat.User{}); err == nil {
		t.Error(fmt.Sprint("nobody types: ", err))
	}
}
