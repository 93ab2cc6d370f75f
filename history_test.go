package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// texts are the texts of a page, in one string.
func texts(p chat.Page) string {
	var list []string
	for _, m := range p.Messages {
		list = append(list, m.Text)
	}
	return strings.Join(list, " ")
}

// numbered posts messages 1 to n and returns their ids, the first at 1.
func numbered(t *testing.T, room *chat.Room, n int) []chat.ID {
	t.Helper()
	ids := make([]chat.ID, n+1)
	for i := 1; i <= n; i++ {
		ids[i] = post(t, room, ann, fmt.Sprint(i)).ID
		do(t, room, ann, chat.Custom{Type: "x.between"}) // other facts take no place
	}
	return ids
}

func TestHistory_pagesAreExclusiveAndLeadOn(t *testing.T) {
	room := open(t, nil).Room("general")
	ids := numbered(t, room, 7)
	id := func(i int) *chat.ID { return &ids[i] }
	between := chat.Successor(ids[4]) // no message, but a position between 4 and 5
	below, above := chat.Predecessor(ids[1]), chat.Successor(ids[7])
	for _, c := range []struct {
		name       string
		query      chat.HistoryQuery
		want       string
		prev, next *chat.ID
		more       bool
	}{
		{"newest", chat.HistoryQuery{Limit: 3}, "5 6 7", id(5), nil, true},
		{"all", chat.HistoryQuery{}, "1 2 3 4 5 6 7", nil, nil, false},
		{"exactly all", chat.HistoryQuery{Limit: 7}, "1 2 3 4 5 6 7", nil, nil, false},
		{"before", chat.HistoryQuery{Before: ids[5], Limit: 2}, "3 4", id(3), id(4), true},
		{"before, to the end", chat.HistoryQuery{Before: ids[3], Limit: 2}, "1 2", nil, id(2), false},
		{"before the oldest", chat.HistoryQuery{Before: ids[1]}, "", nil, &below, false},
		{"before a position", chat.HistoryQuery{Before: between, Limit: 2}, "3 4", id(3), id(4), true},
		{"before the end", chat.HistoryQuery{Before: chat.End, Limit: 2}, "6 7", id(6), nil, true},
		{"after", chat.HistoryQuery{After: ids[3], Limit: 2}, "4 5", id(4), id(5), true},
		{"after, to the end", chat.HistoryQuery{After: ids[5], Limit: 2}, "6 7", id(6), nil, false},
		{"after the newest", chat.HistoryQuery{After: ids[7]}, "", &above, nil, false},
		{"after a position", chat.HistoryQuery{After: between, Limit: 1}, "5", id(5), id(5), true},
		{"between", chat.HistoryQuery{After: ids[2], Before: ids[6]}, "3 4 5", id(3), id(5), true},
		{"between neighbors", chat.HistoryQuery{After: ids[2], Before: ids[3]}, "", nil, nil, false},
		{"around", chat.HistoryQuery{Around: ids[4], Limit: 3}, "3 4 5", id(3), id(5), true},
		{"around, even", chat.HistoryQuery{Around: ids[4], Limit: 4}, "3 4 5 6", id(3), id(6), true},
		{"around, alone", chat.HistoryQuery{Around: ids[4], Limit: 1}, "4", id(4), id(4), true},
		{"around the oldest", chat.HistoryQuery{Around: ids[1], Limit: 3}, "1 2 3", nil, id(3), true},
		{"around the newest", chat.HistoryQuery{Around: ids[7], Limit: 3}, "5 6 7", id(5), nil, true},
		{"around the second, more", chat.HistoryQuery{Around: ids[2], Limit: 6}, "1 2 3 4 5 6", nil, id(6), true},
		{"around the last but one, more", chat.HistoryQuery{Around: ids[6], Limit: 5}, "3 4 5 6 7", id(3), nil, true},
		{"around the beginning", chat.HistoryQuery{Around: below, Limit: 2}, "1 2", nil, id(2), true},
		{"around the end", chat.HistoryQuery{Around: chat.End, Limit: 2}, "6 7", id(6), nil, true},
		{"around a position", chat.HistoryQuery{Around: between, Limit: 3}, "4 5 6", id(4), id(6), true},
		{"around all", chat.HistoryQuery{Around: ids[4], Limit: 50}, "1 2 3 4 5 6 7", nil, nil, false},
	} {
		p := history(t, room, c.query)
		if got := texts(p); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if c.name == "between neighbors" { // both sides are older or newer than the gap; only leading on counts
			continue
		}
		if str(p.Prev) != str(c.prev) || str(p.Next) != str(c.next) || p.HasMore != c.more {
			t.Errorf("%s: prev %s, next %s, more %v, want %s, %s, %v", c.name, str(p.Prev), str(p.Next), p.HasMore, str(c.prev), str(c.next), c.more)
		}
	}
}

func str(id *chat.ID) string {
	if id == nil {
		return "null"
	}
	return id.String()
}

// Following prev, or next, from any page meets every message once.
func TestHistory_prevAndNextMeetEveryMessageOnce(t *testing.T) {
	room := open(t, nil).Room("general")
	numbered(t, room, 53)
	for _, limit := range []int{1, 4, 50, 53} {
		var got []string
		p := history(t, room, chat.HistoryQuery{Limit: limit})
		for got = append(got, texts(p)); p.Prev != nil; got = append(got, texts(p)) {
			p = history(t, room, chat.HistoryQuery{Before: *p.Prev, Limit: limit})
		}
		slices.Reverse(got)
		back := strings.Join(got, " ")
		got = nil
		for got = append(got, texts(p)); p.Next != nil; got = append(got, texts(p)) {
			p = history(t, room, chat.HistoryQuery{After: *p.Next, Limit: limit})
		}
		for name, way := range map[string]string{"prev": back, "next": strings.Join(got, " ")} {
			if words := strings.Fields(way); len(words) != 53 || words[0] != "1" || words[52] != "53" {
				t.Errorf("limit %d, along %s: %s", limit, name, way)
			}
		}
	}
}

func TestHistory_limits(t *testing.T) {
	room := open(t, nil).Room("general")
	for range 210 {
		post(t, room, ann, "x")
	}
	for limit, want := range map[int]int{0: 50, 1: 1, 200: 200, 201: 200, 100000: 200} {
		if n := len(history(t, room, chat.HistoryQuery{Limit: limit}).Messages); n != want {
			t.Errorf("limit %d: %d messages, want %d", limit, n, want)
		}
	}
	for _, q := range []chat.HistoryQuery{{Limit: -1}, {Around: chat.End, Before: chat.End}, {Around: chat.End, After: chat.End}} {
		if _, err := room.History(t.Context(), q); !errors.Is(err, chat.ErrInvalidField) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// Whatever is written meanwhile: a page and what a follow after its cursor
// yields are the log together.
func TestHistory_cursorHasNeitherGapNorOverlap(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	room := c.Room("general")
	post(t, room, ann, "first")
	ctx := within(t)
	var writing sync.WaitGroup
	for range 2 {
		writing.Go(func() {
			for range 300 {
				if _, err := room.Post(ctx, ann, "x"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	type seen struct {
		page  []chat.ID
		after chat.ID
	}
	var pages []seen
	written := make(chan struct{})
	go func() { writing.Wait(); close(written) }()
	for reading := true; reading; {
		select {
		case <-written:
			reading = false
		default:
		}
		p := history(t, room, chat.HistoryQuery{Limit: 200})
		s := seen{after: p.Cursor}
		for _, m := range p.Messages {
			s.page = append(s.page, m.ID)
		}
		pages = append(pages, s)
	}
	log := logOf(t, room)
	for _, p := range pages {
		together := p.page
		for _, e := range log {
			if e.ID.Compare(p.after) > 0 {
				together = append(together, e.ID)
			}
		}
		tail := log[len(log)-min(len(log), len(together)):]
		if !slices.EqualFunc(together, tail, func(id chat.ID, e chat.Event) bool { return id == e.ID }) {
			t.Fatalf("page up to %s and what follows are not the log", p.after)
		}
	}
}

func TestMessage_wireForm(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	room := open(t, &chat.Options{Now: func() time.Time { return now }}).Room("general")
	e := do(t, room, ann, chat.MessagePosted{Text: "one", MessageKind: "action", Meta: json.RawMessage(`{"a":1}`)})
	form := func(versions bool) string {
		t.Helper()
		read := room.Message
		if versions {
			read = room.MessageVersions
		}
		m, err := read(within(t), e.ID, "bob")
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(b), e.ID.String(), "ID")
	}
	head := `{"id":"ID","room":"general","user":{"id":"ann","name":"Ann"},"at":"2026-01-02T03:04:05.678Z",`
	if got, want := form(false), head+`"text":"one","kind":"action","reactions":[],"meta":{"a":1}}`; got != want {
		t.Errorf("posted: got  %s\nwant %s", got, want)
	}
	if got, want := form(true), head+`"text":"one","kind":"action","reactions":[],"meta":{"a":1},"versions":[{"text":"one","at":"2026-01-02T03:04:05.678Z"}]}`; got != want {
		t.Errorf("versions of an unedited one: got  %s\nwant %s", got, want)
	}
	now = now.Add(time.Second)
	do(t, room, ann, chat.MessageEdited{Message: e.ID, Text: "two"})
	do(t, room, bob, chat.ReactionAdded{Message: e.ID, Emoji: "👍"})
	if got, want := form(true), head+`"text":"two","kind":"action","edited_at":"2026-01-02T03:04:06.678Z",`+
		`"reactions":[{"emoji":"👍","count":1,"mine":true,"users":[{"id":"bob","name":"Bob"}]}],"meta":{"a":1},`+
		`"versions":[{"text":"one","at":"2026-01-02T03:04:05.678Z"},{"text":"two","at":"2026-01-02T03:04:06.678Z"}]}`; got != want {
		t.Errorf("edited: got  %s\nwant %s", got, want)
	}
	do(t, room, ann, chat.MessageDeleted{Message: e.ID})
	for _, versions := range []bool{false, true} {
		if got, want := form(versions), `{"id":"ID","room":"general","at":"2026-01-02T03:04:05.678Z","user":{"id":"ann","name":"Ann"},"deleted":true}`; got != want {
			t.Errorf("deleted: got  %s\nwant %s", got, want)
		}
	}
}

func TestPage_wireForm(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	e := do(t, room, ann, chat.UserJoined{})
	b, err := json.Marshal(history(t, room, chat.HistoryQuery{}))
	if want := `{"messages":[],"has_more":false,"prev":null,"next":null,"cursor":"` + e.ID.String() + `"}`; err != nil || string(b) != want {
		t.Errorf("got  %s, %v\nwant %s", b, err, want)
	}
}

func TestMessage_notFound(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	if _, err := room.Message(within(t), chat.End, ""); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("in no room: %v", err)
	}
	join := do(t, room, ann, chat.UserJoined{})
	elsewhere := post(t, c.Room("other"), ann, "Hello.")
	for name, id := range map[string]chat.ID{"a join": join.ID, "of another room": elsewhere.ID, "start": chat.Start, "end": chat.End} {
		if _, err := room.Message(within(t), id, ""); !errors.Is(err, chat.ErrMessageNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
