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

func TestAttend_tellsWhoIsThereAndThenWhatChanges(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		a := attend(t, room, ann)
		a.expect("all 1: ann online")
		pass(time.Second)
		b := attend(t, room, bob)
		attend(t, c.Room("other"), cat)
		a.expect("now 2: bob online")
		b.expect("all 2: ann online bob online")
		if _, err := c.SetStatus("bob", chat.Away, "at lunch"); err != nil {
			t.Fatal(err)
		}
		a.expect("") // within the second
		pass(time.Second)
		a.expect("now 2: bob away (at lunch)")
		b.expect("now 2: bob away (at lunch)")
		if _, err := c.SetStatus("bob", chat.Away, "at lunch"); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		a.expect("")
		attend(t, room, chat.User{ID: "bob", Name: "Robert"})
		a.expect("now 2: bob away (at lunch)") // under another name
	})
}

func TestPresence_aReloadShowsNothing(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		b := attend(t, room, bob)
		a := attend(t, room, ann)
		a.expect("all 2: ann online bob online")
		for range 3 {
			b.Close()
			pass(15*time.Second - 1)
			b = attend(t, room, bob)
			a.expect("")
		}
		pass(time.Hour)
		a.expect("")
		if s := c.Seen("bob"); s.Status != chat.Online || !s.LastSeen.Equal(time.Now()) {
			t.Errorf("bob is %+v", s)
		}
	})
}

func TestPresence_endsWithTheGraceTime(t *testing.T) {
	for grace, o := range map[time.Duration]*chat.Options{
		15 * time.Second: nil,
		2 * time.Second:  {PresenceGrace: 2 * time.Second},
	} {
		inBubble(t, o, func(t *testing.T, c *chat.Chat) {
			room := c.Room("general")
			do(t, room, bob, chat.UserJoined{})
			b, a := attend(t, room, bob), attend(t, room, ann)
			a.hear()
			pass(time.Minute)
			b.Close()
			b.Close()
			left := time.Now()
			pass(grace - 1)
			a.expect("")
			p, err := room.Presence(t.Context(), "ann")
			if err != nil || p.Count != 2 || !p.Users[1].LastSeen.Equal(left) {
				t.Errorf("within the grace time: %+v, %v", p, err)
			}
			pass(1)
			a.expect("now 1: bob offline")
			if seen := a.seen["bob"]; !seen.Equal(stamp(left)) {
				t.Errorf("last seen at %v, want %v", seen, left)
			}
			p, err = room.Presence(t.Context(), "ann")
			if err != nil || p.Count != 1 || len(p.Offline) != 1 || p.Offline[0].ID != "bob" || !p.Offline[0].LastSeen.Equal(left) {
				t.Errorf("after the grace time: %+v, %v", p, err)
			}
			if s := c.Seen("bob"); s.Status != chat.Offline || !s.LastSeen.Equal(left) {
				t.Errorf("bob is %+v", s)
			}
			pass(time.Second)
			attend(t, room, bob).expect("read 0/0; all 2: ann online bob online")
			a.expect("now 2: bob online")
		})
	}
}

// A phone that loses its network beside a tab that stays.
func TestPresence_lastsWhileOneOfTwoDevicesIsThere(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		a, tab, phone := attend(t, room, ann), attend(t, room, bob), attend(t, room, bob)
		a.expect("all 2: ann online bob online")
		phone.Close()
		pass(time.Hour)
		a.expect("")
		tab.Close()
		pass(10 * time.Second)
		phone = attend(t, room, bob)
		pass(10 * time.Second)
		a.expect("")
		phone.Close()
		pass(15*time.Second - 1)
		a.expect("")
		pass(1)
		a.expect("now 1: bob offline")
	})
}

// Somebody sets the clock while the grace time and the typing run.
func TestSignals_doNotCareForTheClock(t *testing.T) {
	var clk wallClock
	inBubble(t, &chat.Options{Now: clk.now}, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, ann, "Hello.")
		a := attend(t, room, ann)
		for _, jump := range []time.Duration{-5 * time.Hour, 14 * time.Hour} {
			b := attend(t, room, bob)
			pass(time.Second)
			a.hear()
			clk.jump(jump / 2)
			for _, err := range []error{
				room.Typing(t.Context(), ann),
				room.Signal(t.Context(), ann, "x.calls", json.RawMessage("true")),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			a.expect("typing ann; x.calls of ann true")
			b.Close()
			left := clk.now()
			clk.jump(jump)
			pass(6*time.Second - 1)
			a.expect("")
			pass(1)
			a.expect("typing")
			clk.jump(-jump / 2)
			pass(9*time.Second - 1)
			a.expect("")
			pass(1)
			a.expect("now 1: bob offline")
			if seen := c.Seen("bob").LastSeen; !seen.Equal(left) || !a.seen["bob"].Equal(stamp(left)) {
				t.Errorf("last seen at %v and told %v, want %v", seen, a.seen["bob"], left)
			}
			pass(15*time.Second - 1)
			a.expect("")
			pass(1)
			a.expect("x.calls of ann null")
		}
	})
}

// Who wants to be offline is not seen, and sees the others.
func TestSetStatus_offlineIsUnseen(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		do(t, room, bob, chat.UserJoined{})
		set := func(status chat.Status) {
			t.Helper()
			pass(time.Second)
			if _, err := c.SetStatus("bob", status, ""); err != nil {
				t.Fatal(err)
			}
		}
		a, b := attend(t, room, ann), attend(t, room, bob)
		a.expect("all 2: ann online bob online")
		set(chat.Offline)
		hidden := time.Now()
		a.expect("now 1: bob offline")
		pass(time.Minute)
		p, err := room.Presence(t.Context(), "ann")
		if err != nil || p.Count != 1 || len(p.Users) != 1 || len(p.Offline) != 1 || !p.Offline[0].LastSeen.Equal(hidden) {
			t.Errorf("presence is %+v, %v", p, err)
		}
		if s := c.Seen("bob"); s.Status != chat.Offline || !s.LastSeen.Equal(hidden) || !a.seen["bob"].Equal(stamp(hidden)) {
			t.Errorf("bob is %+v, told %v, want %v", s, a.seen["bob"], hidden)
		}
		b.Close()
		b = attend(t, room, bob)
		b.expect("read 0/0; all 1: ann online")
		pass(time.Minute)
		a.expect("")
		b.Close()
		pass(time.Minute) // they have gone unseen
		if s := c.Seen("bob"); !s.LastSeen.Equal(hidden) {
			t.Errorf("bob is %+v", s)
		}
		a.expect("")
		b = attend(t, room, bob)
		a.expect("")
		set(chat.Busy)
		a.expect("now 2: bob busy")
		b.expect("read 0/0; all 2: ann online bob busy")
	})
}

// The one who is alone and unseen is told that nobody is there.
func TestAttend_tellsTheUnseenTheWhole(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		if _, err := c.SetStatus("ann", chat.Offline, ""); err != nil {
			t.Fatal(err)
		}
		attend(t, c.Room("general"), ann).expect("all 0:")
	})
}

// Between two polls of a session somebody goes, and comes back unseen.
func TestPresence_whoComesBackUnseenHasGone(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		a, b := attend(t, room, ann), attend(t, room, bob)
		a.expect("all 2: ann online bob online")
		b.Close()
		pass(20 * time.Second)
		if _, err := c.SetStatus("bob", chat.Offline, ""); err != nil {
			t.Fatal(err)
		}
		attend(t, room, bob)
		a.expect("now 1: bob offline")
	})
}

// Between two polls of a session somebody hides, and goes: for good, or after they
// have come back unseen.
func TestPresence_whoGoesUnseenHasGone(t *testing.T) {
	for _, comesBack := range []bool{false, true} {
		inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
			room := c.Room("general")
			a, b := attend(t, room, ann), attend(t, room, bob)
			a.expect("all 2: ann online bob online")
			pass(time.Second)
			seen := time.Now()
			if comesBack {
				b.Close()
				pass(20 * time.Second)
			}
			if _, err := c.SetStatus("bob", chat.Offline, ""); err != nil {
				t.Fatal(err)
			}
			if comesBack {
				b = attend(t, room, bob)
			}
			pass(time.Minute)
			b.Close()
			pass(20 * time.Second)
			a.expect("now 1: bob offline")
			if !a.seen["bob"].Equal(stamp(seen)) {
				t.Errorf("last seen at %v, and they were unseen from %v on", a.seen["bob"], seen)
			}
			pass(time.Second)
			a.expect("")
		})
	}
}

func TestSetStatus_cleansItsText(t *testing.T) {
	c := open(t, nil)
	long := strings.Repeat("é", 140)
	for text, want := range map[string]string{
		"":                       "",
		"at lunch":               "at lunch",
		" at lunch ":             "at lunch",
		long:                     long,
		"two\nlines":             "",
		"bell\a":                 "",
		long + "é":               "",
		"not UTF-8 \xff":         "",
		strings.Repeat("x", 141): "",
	} {
		got, err := c.SetStatus("ann", chat.Away, text)
		if want == "" && text != "" {
			var refused *chat.Error
			if !errors.As(err, &refused) {
				t.Errorf("%q became %q, %v", text, got, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q became %q, %v, want %q", text, got, err, want)
		}
	}
	if _, err := c.SetStatus("ann", "asleep", ""); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("a status that is none: %v", err)
	}
	if _, err := c.SetStatus("", chat.Away, ""); err == nil {
		t.Error("nobody has a status")
	}
}

func TestPresence_aSessionThatMissedVersionsGetsTheWhole(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		a := attend(t, room, ann)
		a.expect("all 1: ann online")
		visit := func(n int) {
			for _, u := range users(n) {
				attend(t, room, u).Close()
			}
			pass(16 * time.Second)
		}
		visit(50)
		if got := a.hear(); !strings.HasPrefix(got, "now 1: u000 offline u001 offline") || strings.Count(got, "offline") != 50 {
			t.Errorf("told %q", got)
		}
		visit(100) // as many who have gone are remembered
		if got := a.hear(); !strings.HasPrefix(got, "now 1:") || strings.Count(got, "offline") != 100 {
			t.Errorf("told %q", got)
		}
		for i := range 3 {
			for _, u := range users(40) {
				u.ID = fmt.Sprint(u.ID, ".", i)
				attend(t, room, u).Close()
			}
			pass(16 * time.Second)
		}
		a.expect("all 1: ann online")
	})
}

// Of more than 100 only the number is told; of 100 again all.
func TestPresence_aCrowdIsANumber(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a := attend(t, room, ann)
		var all []*session
		for _, u := range users(99) {
			all = append(all, attend(t, room, u))
		}
		if got := a.hear(); !strings.HasPrefix(got, "all 100: ann online u000 online") {
			t.Errorf("told %q", got)
		}
		pass(time.Second)
		b := attend(t, room, bob)
		b.expect("all 101:")
		pass(time.Second)
		a.expect("all 101:")
		if p, err := room.Presence(t.Context(), "ann"); err != nil || p.Count != 101 || len(p.Users) != 0 {
			t.Errorf("of 101: %+v, %v", p, err)
		}
		b.Close()
		pass(16 * time.Second)
		if got := a.hear(); !strings.HasPrefix(got, "all 100: ann online") || strings.Contains(got, "bob") || strings.Count(got, "online") != 100 {
			t.Errorf("told %q", got)
		}
		all[7].Close()
		pass(16 * time.Second)
		a.expect("now 99: u007 offline")
	})
}

func TestPresence_isToldOnceASecond(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		a := attend(t, room, ann)
		go func() {
			for i, u := range users(300) { // 10 s
				time.Sleep(33 * time.Millisecond)
				s := attend(t, room, u)
				if i%3 == 0 {
					s.Close()
				}
			}
		}()
		list := a.follow(40 * time.Second)
		if n := apart(t, list, chat.SignalPresence, time.Second); n < 10 || n > 30 {
			t.Errorf("told %d times", n)
		}
		if got := a.short(list[len(list)-1].signal); got != "all 201:" {
			t.Errorf("at last %q", got)
		}
	})
}

func TestRoomPresence_isForThoseWhoMayRead(t *testing.T) {
	c := open(t, nil)
	res, err := c.CreateRoom(within(t), "", chat.Command{User: ann, Fact: chat.RoomCreated{RoomKind: chat.Private, Members: []chat.User{bob}}})
	if err != nil {
		t.Fatal(err)
	}
	room := c.Room(res.Event.Room)
	for viewer, want := range map[string]error{"ann": nil, "": nil, "cat": chat.ErrRoomNotFound} {
		if _, err := room.Presence(within(t), viewer); !errors.Is(err, want) {
			t.Errorf("of %q: %v, want %v", viewer, err, want)
		}
	}
	attend(t, c.Room("elsewhere"), bob)
	p, err := room.Presence(within(t), "ann")
	if err != nil || p.Count != 0 || len(p.Offline) != 1 || p.Offline[0].ID != "bob" || p.Offline[0].LastSeen.IsZero() {
		t.Errorf("presence is %+v, %v", p, err)
	}
}
