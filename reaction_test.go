package chat_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

// Each step is a user, + or - and an emoji; what follows is what is left.
func TestReactions_policies(t *testing.T) {
	users := map[byte]chat.User{'a': ann, 'b': bob, 'c': cat, 'd': dan}
	for _, c := range []struct {
		name   string
		policy chat.ReactionPolicy
		steps  string
		want   string // as bob sees it
		events string // what the last step stores
	}{
		{"one of each", chat.OneOfEach, "a+x b+x b+x b+y", "x2 ann bob mine, y1 bob mine", "ReactionAdded"},
		{"one of each, again", chat.OneOfEach, "a+x a+x", "x1 ann", ""},
		{"one of each, back", chat.OneOfEach, "a+x b+x a-x a-x", "x1 bob mine", ""},
		{"any number", chat.AnyNumber, "a+x a+x b+x a+x c+x d+x", "x6 ann bob cat mine", "ReactionAdded"},
		{"any number, back", chat.AnyNumber, "a+x b+x a+x a-x", "x2 ann bob mine", "ReactionRemoved"},
		{"any number, all back", chat.AnyNumber, "a+x b+x c+x d+x a+x a-x a-x", "x3 bob cat dan mine", "ReactionRemoved"},
		{"one per user", chat.OnePerUser, "a+x b+x a+y", "x1 bob mine, y1 ann", "ReactionAdded ReactionRemoved"},
		{"one per user, again", chat.OnePerUser, "a+x b+x a+x", "x2 ann bob mine", ""},
		{"one per user, round about", chat.OnePerUser, "a+x a+y a+x b+y", "x1 ann, y1 bob mine", "ReactionAdded"},
		{"a fourth moves up", chat.OneOfEach, "a+x b+x c+x d+x a-x", "x3 bob cat dan mine", "ReactionRemoved"},
		{"in the order of the first", chat.OneOfEach, "a+z a+x b+z a-z", "x1 ann, z1 bob mine", "ReactionRemoved"},
	} {
		chatOf := open(t, &chat.Options{Reactions: c.policy})
		room := chatOf.Room("r")
		m := post(t, room, ann, "Hello.")
		before := 0
		for _, step := range strings.Fields(c.steps) {
			before = len(logOf(t, room))
			ask := room.React
			if step[1] == '-' {
				ask = room.Unreact
			}
			if _, err := ask(within(t), users[step[0]], m.ID, step[2:]); err != nil {
				t.Fatal(err)
			}
		}
		var events []string
		for _, e := range logOf(t, room)[before:] {
			events = append(events, e.Type)
		}
		if got := strings.Join(events, " "); got != c.events {
			t.Errorf("%s: the last step stores %q, want %q", c.name, got, c.events)
		}
		got, err := room.Message(within(t), m.ID, "bob")
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, r := range got.Reactions {
			s := fmt.Sprint(r.Emoji, r.Count)
			for _, u := range r.Users {
				s += " " + u.ID
			}
			if r.Mine {
				s += " mine"
			}
			list = append(list, s)
		}
		if s := strings.Join(list, ", "); s != c.want {
			t.Errorf("%s: got %q, want %q", c.name, s, c.want)
		}
	}
}

func TestReactions_areOfAHundredEmojisAtMost(t *testing.T) {
	room := open(t, nil).Room("r")
	m := post(t, room, ann, "Hello.")
	for i := range 100 {
		do(t, room, ann, chat.ReactionAdded{Message: m.ID, Emoji: fmt.Sprint("e", i)})
	}
	if _, err := room.React(within(t), bob, m.ID, "e100"); !errors.Is(err, chat.ErrInvalidReaction) {
		t.Errorf("one more: %v", err)
	}
	do(t, room, bob, chat.ReactionAdded{Message: m.ID, Emoji: "e7"})
	do(t, room, ann, chat.ReactionRemoved{Message: m.ID, Emoji: "e9"})
	do(t, room, bob, chat.ReactionAdded{Message: m.ID, Emoji: "e100"})
}
