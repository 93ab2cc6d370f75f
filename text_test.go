package chat_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

func TestPost_cleansText(t *testing.T) {
	room := open(t, nil).Room("general")
	for _, c := range []struct{ in, want string }{
		{"Hello.", "Hello."},
		{" \t\n Hello. \r\n", "Hello."},
		{"a\r\nb\rc\nd\r\r\ne", "a\nb\nc\nd\n\ne"},
		{"a\tb", "a\tb"},
		{"\u2028\u00a0\u3000a \u2028 b\u0085\f\v", "a \u2028 b"},
		{"<b>&\"\\/'\u2029\u007f\u0080", "<b>&\"\\/'\u2029\u007f\u0080"},
		{"e\u0301 👩‍👩‍👧 \u200bx", "e\u0301 👩‍👩‍👧 \u200bx"},
		{"\ufffd", "\ufffd"},
		{strings.Repeat("😀", 4000), strings.Repeat("😀", 4000)},
		{"\n" + strings.Repeat("x", 4000) + "\n", strings.Repeat("x", 4000)},
		{"\u0600", "\u0600"}, // a format character that is drawn
	} {
		e := post(t, room, ann, c.in)
		fact, err := e.Fact()
		if err != nil {
			t.Fatal(err)
		}
		if got := fact.(chat.MessagePosted).Text; got != c.want {
			t.Errorf("%q is stored as %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPost_refusesText(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	message := post(t, room, ann, "Hello.").ID
	head := c.Head()
	for _, c := range []struct {
		in   string
		want error
	}{
		{"", chat.ErrEmptyMessage},
		{" \r\n\t\u00a0\u2029\f", chat.ErrEmptyMessage},
		{"\u200b", chat.ErrEmptyMessage},
		{"\ufeff \u200d\u2060\u200c\u00ad\n\u180e\ufe0f\U000e0041\u115f\u3164\u034f", chat.ErrEmptyMessage},
		{strings.Repeat("x", 4001), chat.ErrMessageTooLong},
		{strings.Repeat("é", 4001), chat.ErrMessageTooLong},
		{"a\x00b", chat.ErrControlCharacter},
		{"\x00", chat.ErrControlCharacter},
		{"\x1b[31mred", chat.ErrControlCharacter},
		{"a\vb", chat.ErrControlCharacter},
		{"a\xffb", chat.ErrInvalidUTF8},
		{"\xed\xa0\x80", chat.ErrInvalidUTF8}, // half of a surrogate pair
		{"\xc0\x80", chat.ErrInvalidUTF8},     // U+0000 in two bytes
	} {
		if _, err := room.Post(t.Context(), ann, c.in); !errors.Is(err, c.want) {
			t.Errorf("post of %q: %v, want %v", c.in, err, c.want)
		}
		if _, err := room.Edit(t.Context(), ann, message, c.in); !errors.Is(err, c.want) {
			t.Errorf("edit to %q: %v, want %v", c.in, err, c.want)
		}
	}
	if c.Head() != head {
		t.Error("a refused command was stored")
	}
}

func TestOptions_maxTextIsInCodePoints(t *testing.T) {
	room := open(t, &chat.Options{MaxText: 3}).Room("general")
	post(t, room, ann, "ééé")
	if _, err := room.Post(t.Context(), ann, "éééé"); !errors.Is(err, chat.ErrMessageTooLong) {
		t.Errorf("four code points: %v", err)
	}
}

func TestRoom_ids(t *testing.T) {
	c := open(t, nil)
	for _, id := range []string{"a", "0", "A.b_c~d:e-f", strings.Repeat("x", 128), "a..", "01K6"} {
		if e := post(t, c.Room(id), ann, "Hello."); e.Room != id {
			t.Errorf("room %q came out as %q", id, e.Room)
		}
	}
	for _, id := range []string{"", ".", "-a", "_a", "a/b", "a b", "ä", "a\n", "a\x00", strings.Repeat("x", 129)} {
		room := c.Room(id)
		_, post := room.Post(t.Context(), ann, "Hello.")
		_, history := room.History(t.Context(), chat.HistoryQuery{})
		_, subscribe := c.Subscribe(chat.Start, nil, "a", id)
		for name, err := range map[string]error{"post": post, "history": history, "subscribe": subscribe} {
			if !errors.Is(err, chat.ErrInvalidRoomID) {
				t.Errorf("%s with room id %q: %v", name, id, err)
			}
		}
	}
}

func TestDo_checksTheActor(t *testing.T) {
	room := open(t, nil).Room("general")
	for _, u := range []chat.User{
		{ID: "a"},
		{ID: strings.Repeat("x", 128), Name: strings.Repeat("y", 256)},
		{ID: "ann@example.org|7:%", Name: "Ann \"the\" <b>\u2028"},
		{ID: "...", Name: " "},
	} {
		if e := post(t, room, u, "Hello."); e.User != u {
			t.Errorf("user %v came out as %v", u, e.User)
		}
	}
	for _, c := range []struct {
		user chat.User
		want error
	}{
		{chat.User{}, chat.ErrInvalidField},
		{chat.User{ID: "."}, chat.ErrInvalidField},
		{chat.User{ID: ".."}, chat.ErrInvalidField},
		{chat.User{ID: "a/b"}, chat.ErrInvalidField},
		{chat.User{ID: `a\b`}, chat.ErrInvalidField},
		{chat.User{ID: "a b"}, chat.ErrInvalidField},
		{chat.User{ID: "a\u00a0b"}, chat.ErrInvalidField},
		{chat.User{ID: "a\x00"}, chat.ErrInvalidField},
		{chat.User{ID: strings.Repeat("x", 129)}, chat.ErrInvalidField},
		{chat.User{ID: "\xff"}, chat.ErrInvalidUTF8},
		{chat.User{ID: "a", Name: "a\nb"}, chat.ErrInvalidField},
		{chat.User{ID: "a", Name: strings.Repeat("x", 257)}, chat.ErrInvalidField},
		{chat.User{ID: "a", Name: "\xff"}, chat.ErrInvalidUTF8},
	} {
		if _, err := room.Post(t.Context(), c.user, "Hello."); !errors.Is(err, c.want) {
			t.Errorf("post by %q: %v, want %v", c.user, err, c.want)
		}
	}
}

func TestReact_checksTheEmoji(t *testing.T) {
	room := open(t, nil).Room("general")
	message := post(t, room, ann, "Hello.").ID
	for _, emoji := range []string{"👍", "+1", ":party:", "👩‍👩‍👧‍👦", "❤️", "<", strings.Repeat("x", 32)} {
		if e, err := room.React(t.Context(), ann, message, emoji); err != nil || e.ID == chat.Start {
			t.Errorf("%q: %v", emoji, err)
		}
	}
	for _, emoji := range []string{"", " ", "a b", "a/b", `\`, ".", "..", "\n", "\u0085", "\u200d", "a\u3000", strings.Repeat("x", 33)} {
		if _, err := room.React(t.Context(), ann, message, emoji); !errors.Is(err, chat.ErrInvalidReaction) {
			t.Errorf("%q: %v", emoji, err)
		}
	}
	if _, err := room.React(t.Context(), ann, message, "\xf0\x9f"); !errors.Is(err, chat.ErrInvalidUTF8) {
		t.Errorf("half a character: %v", err)
	}
}

func TestDo_checksTheKey(t *testing.T) {
	room := open(t, nil).Room("general")
	for _, key := range []string{"k", "c7f0 !~", strings.Repeat("x", 255)} {
		res, err := room.Do(t.Context(), chat.Command{User: ann, Key: key, Fact: chat.MessagePosted{Text: "a"}})
		if err != nil || res.Event.Key != key {
			t.Errorf("key %q: %v, %v", key, res.Event.Key, err)
		}
	}
	for _, key := range []string{"\n", "é", "\x7f", strings.Repeat("x", 256)} {
		_, err := room.Do(t.Context(), chat.Command{User: ann, Key: key, Fact: chat.MessagePosted{Text: "a"}})
		if !errors.Is(err, chat.ErrIdempotencyKeyInvalid) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}
