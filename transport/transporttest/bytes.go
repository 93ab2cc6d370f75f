package transporttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

// awkward are texts that come out in other bytes where an event is decoded and
// encoded again, or where its line is taken apart.
var awkward = []string{
	"plain", `quotes " and \ and /`, "<b>&amp;</b>", "two\nlines\tand\nmore\n\nevent: chat.end", "data: {}",
	"separators \u2028 and \u2029", "e\u0301 is not \u00e9", "👩‍👩‍👧 𝒳 \U0010ffff", "\u007f \u0085 \ufeff \ufffd", "{\"id\":\"no\"}",
}

// numbers come out in other bytes where they become floats.
const numbers = `{"z":1.0,"a":12345678901234567890, "e":1e2,"dup":[ ],"n":-0, "t":"\u003c\u00e9\/"}`

func sameBytes(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	s.post(room, "first")
	live := s.open("earliest")
	live.want(Event)
	live.want(Live)
	var all []chat.Event
	do := func(key string, fact chat.Fact) chat.Event {
		res, err := s.chat.Room(room).Do(context.Background(), chat.Command{User: author, Key: key, Fact: fact})
		if err != nil {
			t.Fatalf("storing a %T: %v", fact, err)
		}
		all = append(all, res.Event)
		return res.Event
	}
	for i, text := range awkward {
		do(fmt.Sprint("key ", i, " \"<"), chat.MessagePosted{Text: text})
	}
	m := do("", chat.MessagePosted{Text: "meta", MessageKind: "x.kind", Meta: json.RawMessage(numbers)})
	do("", chat.MessageEdited{Message: m.ID, Text: "<edited>"})
	do("", chat.ReactionAdded{Message: m.ID, Emoji: "👍"})
	do("", chat.ReactionRemoved{Message: m.ID, Emoji: "👍"})
	do("", chat.UserJoined{})
	do("", chat.UserLeft{})

	live.wantEvents(all...)
	replay := s.open("earliest")
	replay.want(Event)
	replay.wantEvents(all...)
	replay.want(Live)
	s.open(all[4].ID.String()).wantEvents(all[5:]...)
	if err := equal(texts(s.log(room, chat.Start))[1:], texts(all)); err != nil {
		t.Fatalf("the log itself differs: %v", err)
	}
}

// bigText is how many code points a text may have where the tests are about
// large events, and bigEvents how many of them are more than any buffer takes.
const (
	bigText   = 60 << 10
	bigEvents = 160
)

func largeEvents(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{chat: chat.Options{MaxText: bigText}})
	s.post(room, "first")
	live := s.open("earliest")
	live.want(Event)
	live.want(Live)
	for i, unit := range []string{"x", "é", "<", "\n|"} { // of 1, 2, 6 and 3 bytes as they are encoded
		big := strings.Repeat(unit, (bigText-16)/len(unit))
		for j := range 8 {
			s.post(room, fmt.Sprint(i, j, big, "."))
			s.post(room, "small")
		}
	}
	all := s.log(room, chat.Start)[1:]
	live.wantEvents(all...)
	s.open("earliest").wantBurst(all)
}

// wantBurst reads the first event and then these.
func (l *listener) wantBurst(events []chat.Event) {
	l.Helper()
	l.want(Event)
	l.wantEvents(events...)
	l.want(Live)
}

func erased(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	m := s.post(room, "the secret", "another")
	_, err := s.chat.Room(room).Edit(context.Background(), author, m[0].ID, "the secret, edited")
	if err != nil {
		t.Fatal(err)
	}
	live := s.open("earliest") // so that the frames are in memory
	for live.next().Kind != Live {
	}
	if _, err := s.chat.Room(room).Delete(context.Background(), author, m[0].ID); err != nil {
		t.Fatal(err)
	}
	live.want(Event)
	all := s.log(room, chat.Start)
	if !all[0].Erased || !all[2].Erased || bytes.Contains(all[0].JSON(), []byte("secret")) {
		t.Fatal("the chat has not erased the message")
	}
	for _, l := range []*listener{s.open("earliest"), s.open(none)} {
		l.wantEvents(all...)
		l.want(Live)
	}
	s.open(m[1].ID.String()).wantEvents(all[2:]...)
}
