package chat_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// unread is what a user has not read, in short: messages/mentions, with a plus
// where there are more, or none for one who has no marker.
func unread(t testing.TB, room *chat.Room, user string) string {
	t.Helper()
	state, err := room.Unread(within(t), user)
	if err != nil {
		t.Fatal(err)
	}
	info, err := room.Info(within(t), user)
	if err != nil || info.Read == nil || shortState(*info.Read) != shortState(state) {
		t.Errorf("info has %+v, %v, want %+v", info.Read, err, state)
	}
	return shortState(state)
}

func shortState(s chat.ReadState) string {
	switch {
	case s.UpTo == nil && s == chat.ReadState{}:
		return "none"
	case s.More:
		return fmt.Sprintf("%d+/%d", s.Unread, s.Mentions)
	}
	return fmt.Sprintf("%d/%d", s.Unread, s.Mentions)
}

func mark(t testing.TB, room *chat.Room, user string, upTo chat.ID) chat.ReadState {
	t.Helper()
	state, err := room.MarkRead(within(t), user, upTo)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func wantUnread(t testing.TB, room *chat.Room, user, want string) {
	t.Helper()
	if got := unread(t, room, user); got != want {
		t.Errorf("%s has %s unread in %s, want %s", user, got, room.ID(), want)
	}
}

func TestUnread_countsWhatOthersHavePostedSince(t *testing.T) {
	room := open(t, nil).Room("general")
	wantMessages := func(want string) { t.Helper(); wantUnread(t, room, "bob", want) }
	post(t, room, ann, "before the join")
	wantMessages("none")
	do(t, room, bob, chat.UserJoined{})
	wantMessages("0/0")
	first := post(t, room, ann, "one")
	own := post(t, room, bob, "my own")
	second := post(t, room, cat, "two")
	wantMessages("2/0")

	// None of these is a message.
	do(t, room, ann, chat.ReactionAdded{Message: own.ID, Emoji: "👍"})
	do(t, room, ann, chat.Custom{Type: "x.note"})
	do(t, room, cat, chat.UserJoined{})
	do(t, room, ann, chat.MessageEdited{Message: first.ID, Text: "one, edited"})
	wantMessages("2/0")

	do(t, room, cat, chat.MessageDeleted{Message: second.ID})
	wantMessages("1/0")
	if state := mark(t, room, "bob", first.ID); shortState(state) != "0/0" || *state.UpTo != first.ID {
		t.Errorf("marked: %+v", state)
	}
	third := post(t, room, ann, "three")
	wantMessages("1/0")
	if state := mark(t, room, "bob", own.ID); shortState(state) != "1/0" || *state.UpTo != own.ID {
		t.Errorf("marked: %+v", state)
	}
	if state := mark(t, room, "bob", first.ID); *state.UpTo != own.ID { // not back
		t.Errorf("marked backward: %+v", state)
	}
	if state := mark(t, room, "bob", chat.End); shortState(state) != "0/0" || *state.UpTo != third.ID {
		t.Errorf("marked to the end: %+v", state)
	}
	post(t, room, ann, "four")
	wantMessages("1/0")
	info, err := room.Info(within(t), "")
	if err != nil || info.Read != nil {
		t.Errorf("the host has read %+v, %v", info.Read, err)
	}
}

func TestUnread_countsMentionsAsTheyAreNow(t *testing.T) {
	room := open(t, nil).Room("general")
	for _, u := range []chat.User{ann, bob} {
		do(t, room, u, chat.UserJoined{})
	}
	say := func(by chat.User, mentions ...string) chat.ID {
		return do(t, room, by, chat.MessagePosted{Text: "Hello.", Mentions: mentions}).ID
	}
	m := say(ann, "bob", "cat")
	own := say(bob, "bob", "ann")
	wantUnread(t, room, "bob", "1/1")
	wantUnread(t, room, "ann", "1/1")
	do(t, room, ann, chat.MessageEdited{Message: m, Text: "Hello!", Mentions: []string{}})
	wantUnread(t, room, "bob", "1/0")
	do(t, room, ann, chat.MessageEdited{Message: m, Text: "Hello?"})
	wantUnread(t, room, "bob", "1/0")
	do(t, room, ann, chat.MessageEdited{Message: m, Text: "Hello.", Mentions: []string{"bob"}})
	wantUnread(t, room, "bob", "1/1")
	other := say(ann, "bob")
	wantUnread(t, room, "bob", "2/2")
	do(t, room, ann, chat.MessageDeleted{Message: m})
	wantUnread(t, room, "bob", "1/1")
	mark(t, room, "bob", other)
	wantUnread(t, room, "bob", "0/0")

	// Somebody else edits: the mention of the author is still that of oneself, and
	// that of the editor is one by another.
	res, err := room.Do(within(t), chat.Command{
		User: ann, Host: true, Fact: chat.MessageEdited{Message: own, Text: "Moderated.", Mentions: []string{"ann", "bob"}},
	})
	if err != nil || !res.Changed {
		t.Fatal(res, err)
	}
	wantUnread(t, room, "ann", "1/1")
	late := say(bob, "ann")
	if _, err := room.Do(within(t), chat.Command{
		User: ann, Host: true, Fact: chat.MessageEdited{Message: late, Text: "Moderated.", Mentions: []string{"ann", "bob"}},
	}); err != nil {
		t.Fatal(err)
	}
	wantUnread(t, room, "ann", "2/2")
	wantUnread(t, room, "bob", "0/0")
}

// Whoever comes has read what was there, and so has who comes again.
func TestUnread_beginsWithTheJoin(t *testing.T) {
	room := open(t, nil).Room("general")
	do(t, room, ann, chat.RoomCreated{RoomKind: chat.Private, History: chat.SeeFromJoin})
	post(t, room, ann, "before")
	do(t, room, ann, chat.UserJoined{Member: bob})
	wantUnread(t, room, "bob", "0/0")
	for range 3 {
		do(t, room, ann, chat.MessagePosted{Text: "Hello.", Mentions: []string{"bob"}})
	}
	wantUnread(t, room, "bob", "3/3")
	do(t, room, bob, chat.UserLeft{})
	if _, err := room.Unread(within(t), "bob"); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("of a stranger: %v", err)
	}
	if _, err := room.MarkRead(within(t), "bob", chat.End); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("a stranger marks: %v", err)
	}
	do(t, room, ann, chat.MessagePosted{Text: "Hello.", Mentions: []string{"bob"}})
	joined := do(t, room, ann, chat.UserJoined{Member: bob})
	wantUnread(t, room, "bob", "0/0")
	post(t, room, ann, "after")
	if state := mark(t, room, "bob", chat.Predecessor(joined.ID)); shortState(state) != "1/0" || *state.UpTo != joined.ID {
		t.Errorf("marked before the join: %+v", state)
	}
}

// Who has not joined a public room has nothing unread, until they mark something.
func TestUnread_ofAStranger(t *testing.T) {
	room := open(t, nil).Room("general")
	first := post(t, room, ann, "one")
	post(t, room, ann, "two")
	wantUnread(t, room, "bob", "none")
	mark(t, room, "bob", first.ID)
	wantUnread(t, room, "bob", "1/0")
	do(t, room, bob, chat.UserJoined{})
	wantUnread(t, room, "bob", "0/0")
	post(t, room, ann, "three")
	do(t, room, bob, chat.UserLeft{})
	wantUnread(t, room, "bob", "2/0") // from the mark again
}

func TestUnread_isExactUpToAThousand(t *testing.T) {
	room := open(t, nil).Room("general")
	do(t, room, bob, chat.UserJoined{})
	first := do(t, room, ann, chat.MessagePosted{Text: "Hello.", Mentions: []string{"bob"}})
	done := make(chan error)
	for range 9 {
		go func() {
			var err error
			for range 111 {
				if err == nil {
					_, err = room.Do(within(t), chat.Command{User: ann, Fact: chat.MessagePosted{Text: "Hello.", Mentions: []string{"bob"}}})
				}
			}
			done <- err
		}()
	}
	for range 9 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	wantUnread(t, room, "bob", "1000/1000")
	post(t, room, bob, "my own")
	wantUnread(t, room, "bob", "1000/1000")
	post(t, room, ann, "one more")
	wantUnread(t, room, "bob", "1000+/1000")
	mark(t, room, "bob", first.ID)
	wantUnread(t, room, "bob", "1000/999")
}

func TestMarkRead_refusesWhatIsAhead(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	do(t, room, bob, chat.UserJoined{})
	old := post(t, room, ann, "Hello.")
	elsewhere := post(t, c.Room("other"), ann, "Hello.")
	for _, r := range []struct {
		room *chat.Room
		user string
		upTo chat.ID
		want error
	}{
		{room, "bob", chat.Successor(elsewhere.ID), chat.ErrCursorAhead},
		{room, "", old.ID, chat.ErrInvalidField},
		{c.Room("none"), "bob", old.ID, chat.ErrRoomNotFound},
		{c.Room("none"), "bob", chat.End, chat.ErrRoomNotFound},
		{c.Room("/"), "bob", old.ID, chat.ErrInvalidRoomID},
		{room.As(old.ID), "bob", old.ID, chat.ErrInvalidField},
	} {
		if _, err := r.room.MarkRead(within(t), r.user, r.upTo); !errors.Is(err, r.want) {
			t.Errorf("%q marks %s in %s: %v, want %v", r.user, r.upTo, r.room.ID(), err, r.want)
		}
	}
	wantUnread(t, room, "bob", "1/0")
	// An event of another room, which came later: no more than the room has.
	if state := mark(t, room, "bob", elsewhere.ID); *state.UpTo != old.ID || state.Unread != 0 {
		t.Errorf("marked by an event of another room: %+v", state)
	}
}

// A marker is in the file when MarkRead has returned: a copy of it as it is then
// is what a kill leaves.
func TestMarkRead_isDurable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "chat.db")
	c := openAt(t, path, nil)
	room := c.Room("general")
	do(t, room, bob, chat.UserJoined{})
	post(t, room, ann, "one")
	second := post(t, room, ann, "two")
	post(t, room, ann, "three")
	mark(t, room, "bob", second.ID)
	for name, files := range map[string][]string{"with its views": {"", ".views"}, "alone": {""}} {
		copied := filepath.Join(dir, name+".db")
		for _, f := range files {
			data, err := os.ReadFile(path + f)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(copied+f, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again := openAt(t, copied, nil).Room("general")
		wantUnread(t, again, "bob", "1/0")
		if state, err := again.Unread(within(t), "bob"); err != nil || *state.UpTo != second.ID {
			t.Errorf("%s: %+v, %v", name, state, err)
		}
	}
}

// What retention has taken is not unread.
func TestUnread_isOfWhatIsKept(t *testing.T) {
	inBubble(t, &chat.Options{Keep: 10}, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		do(t, room, bob, chat.UserJoined{})
		for range 50 {
			do(t, room, ann, chat.MessagePosted{Text: "Hello.", Mentions: []string{"bob"}})
		}
		pass(5 * time.Second)
		wantUnread(t, room, "bob", "10/10")
	})
}

// A room that was deleted and begun anew is another one.
func TestUnread_ofARoomMadeAnew(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	do(t, room, ann, chat.RoomCreated{})
	do(t, room, bob, chat.UserJoined{})
	last := do(t, room, ann, chat.MessagePosted{Text: "Hello.", Mentions: []string{"bob"}})
	wantUnread(t, room, "bob", "1/1")
	mark(t, room, "cat", last.ID)
	do(t, room, ann, chat.RoomDeleted{})
	if _, err := room.Unread(within(t), "bob"); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("of a deleted room: %v", err)
	}
	if _, err := room.MarkRead(within(t), "bob", last.ID); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("a deleted room is marked: %v", err)
	}
	post(t, room, ann, "anew")
	wantUnread(t, room, "bob", "none")
	wantUnread(t, room, "cat", "none")
	do(t, room, bob, chat.UserJoined{})
	do(t, room, ann, chat.MessagePosted{Text: "Hello.", Mentions: []string{"bob"}})
	wantUnread(t, room, "bob", "1/1")
}

// A mark reaches the user's other sessions in the room, and nobody else.
func TestMarkRead_isToldTheOwnSessions(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room, other := c.Room("general"), c.Room("other")
		for _, r := range []*chat.Room{room, other} {
			do(t, r, ann, chat.UserJoined{})
			do(t, r, bob, chat.UserJoined{})
		}
		one := do(t, room, ann, chat.MessagePosted{Text: "Hello.", Mentions: []string{"bob"}})
		post(t, room, ann, "two")
		post(t, other, ann, "three")
		phone, tab, third := attend(t, room, bob), attend(t, room, bob), attend(t, other, bob)
		a := attend(t, room, ann)
		phone.expect("read 2/1; all 2: ann online bob online")
		tab.expect("read 2/1; all 2: ann online bob online")
		third.expect("read 1/0; all 1: bob online")
		a.expect("read 0/0; all 2: ann online bob online")
		pass(time.Second)
		mark(t, room, "bob", one.ID)
		phone.expect("read 1/0")
		tab.expect("read 1/0")
		mark(t, room, "bob", one.ID) // nothing new
		phone.expect("")
		third.expect("")
		a.expect("")
	})
}

// Who is there already when they join is told that nothing is unread now.
func TestAttendance_isToldTheMarkerOfAJoin(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, ann, "one")
		b := attend(t, room, bob)
		b.expect("all 1: bob online")
		do(t, room, bob, chat.UserJoined{})
		b.expect("read 0/0")
		post(t, room, ann, "two")
		do(t, room, bob, chat.UserLeft{})
		b.expect("")
	})
}
