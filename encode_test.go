package chat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

func TestEvent_hasTheWireForm(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_999_999, time.FixedZone("", 3600))
	room := open(t, &chat.Options{Now: func() time.Time { return at }}).Room("general")
	e := post(t, room, ann, "Hello.")
	id := e.ID.String()
	head := func(e chat.Event) string {
		return `{"id":"` + e.ID.String() + `","room":"general","type":"` + e.Type +
			`","at":"2026-01-02T02:04:05.678Z","user":{"id":"ann","name":"Ann"},`
	}
	if want := head(e) + `"data":{"text":"Hello."}}`; string(e.JSON()) != want {
		t.Errorf("got  %s\nwant %s", e.JSON(), want)
	}
	for _, c := range []struct {
		fact chat.Fact
		data string
	}{
		{chat.MessagePosted{Text: "a", MessageKind: "action", Meta: json.RawMessage(` {"a" : [ 1 , "<" ] } `)}, `{"text":"a","kind":"action","meta":{"a":[1,"\u003c"]}}`},
		{chat.MessageEdited{Message: e.ID, Text: "b"}, `{"message":"` + id + `","text":"b"}`},
		{chat.ReactionAdded{Message: e.ID, Emoji: "👍"}, `{"message":"` + id + `","emoji":"👍"}`},
		{chat.ReactionRemoved{Message: e.ID, Emoji: "👍"}, `{"message":"` + id + `","emoji":"👍"}`},
		{chat.MessageDeleted{Message: e.ID}, `{"message":"` + id + `"}`},
		{chat.UserJoined{}, `{"member":{"id":"ann","name":"Ann"},"role":"member"}`},
		{chat.UserLeft{}, `{"member":{"id":"ann","name":"Ann"},"reason":"left"}`},
		{chat.Custom{Type: "x.poll", Data: json.RawMessage("[1,\n 2]")}, `[1,2]`},
		{chat.Custom{Type: "x.empty"}, `{}`},
	} {
		res, err := room.Do(within(t), chat.Command{User: ann, Key: "k<" + c.fact.Kind(), Fact: c.fact})
		if err != nil {
			t.Fatal(err)
		}
		want := head(res.Event) + `"key":"k\u003c` + c.fact.Kind() + `","data":` + c.data + `}`
		if string(res.Event.JSON()) != want {
			t.Errorf("got  %s\nwant %s", res.Event.JSON(), want)
		}
	}
}

func TestEvent_factsComeBackAsTheyWere(t *testing.T) {
	room := open(t, nil).Room("general")
	m := post(t, room, ann, "Hello.").ID
	for _, fact := range []chat.Fact{
		chat.MessagePosted{Text: "a", MessageKind: "action", Meta: json.RawMessage(`{"a":1}`)},
		chat.MessageEdited{Message: m, Text: "b"},
		chat.ReactionAdded{Message: m, Emoji: "👍"},
		chat.ReactionRemoved{Message: m, Emoji: "👍"},
		chat.MessageDeleted{Message: m},
		chat.UserJoined{Member: ann, Role: "member"},
		chat.UserLeft{Member: ann, Reason: "left"},
		chat.Custom{Type: "x.poll", Data: json.RawMessage(`{"text":"a","message":7,"data":{"key":null}}`)},
	} {
		e := do(t, room, ann, fact)
		if got, err := e.Fact(); err != nil || !reflect.DeepEqual(got, fact) {
			t.Errorf("got %#v, %v\nwant %#v", got, err, fact)
		}
	}
}

// The same bytes come from the command, from every read, through encoding/json
// and after the file was opened anew.
func TestEvent_isTheSameBytesEverywhere(t *testing.T) {
	path := t.TempDir() + "/chat.db"
	c := openAt(t, path, nil)
	room := c.Room("general")
	live := room.Follow(within(t), chat.End)
	var want []string
	for i, text := range []string{"Hello.", "<&>\"\\ \u2028\u2029 👍 \x7f", `{"data":{"key":1}},"data":`} {
		res, err := room.Do(within(t), chat.Command{User: chat.User{ID: `",data:`, Name: `,"data":{`}, Key: `,"data":` + string(rune('0'+i)), Fact: chat.MessagePosted{Text: text}})
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(struct{ E chat.Event }{res.Event})
		if err != nil {
			t.Fatal(err)
		}
		if line := string(res.Event.JSON()); string(again) != `{"E":`+line+`}` {
			t.Errorf("encoding/json made %s of %s", again, line)
		}
		want = append(want, string(res.Event.JSON()))
	}
	check := func(name string, got []chat.Event) {
		t.Helper()
		if !reflect.DeepEqual(lines(got), want) {
			t.Errorf("%s: got %q, want %q", name, lines(got), want)
		}
	}
	var followed []chat.Event
	for e, err := range live {
		if err != nil {
			t.Fatal(err)
		}
		if followed = append(followed, e); len(followed) == len(want) {
			break
		}
	}
	check("follow", followed)
	reads := func(room *chat.Room) {
		t.Helper()
		check("replay", logOf(t, room))
		page, err := room.Log(t.Context(), "", chat.Start, 0)
		if err != nil {
			t.Fatal(err)
		}
		check("log", page.Events)
		back := collect(t, room.Backward(t.Context(), chat.End))
		for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
			back[i], back[j] = back[j], back[i]
		}
		check("backward", back)
	}
	reads(room)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	reads(openAt(t, path, nil).Room("general"))
}

func TestDo_keepsCustomFactsWhole(t *testing.T) {
	room := open(t, nil).Room("general")
	for _, data := range []string{`{}`, `null`, `0.10`, `"\ud83d\ude00"`, `{"b":1,"a":[{"b":null}],"b":2}`, `123456789012345678901234567890`} {
		e := do(t, room, ann, chat.Custom{Type: "x.poll-1_A.b", Data: json.RawMessage(data)})
		fact, err := e.Fact()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(fact.(chat.Custom).Data); got != data {
			t.Errorf("data %s came back as %s", data, got)
		}
	}
	for _, c := range []struct {
		fact chat.Fact
		want error
	}{
		{chat.Custom{Type: "poll"}, chat.ErrInvalidField},
		{chat.Custom{Type: "MessagePosted", Data: json.RawMessage(`{"text":"a"}`)}, chat.ErrInvalidField},
		{chat.Custom{Type: "x."}, chat.ErrInvalidField},
		{chat.Custom{Type: "x.a b"}, chat.ErrInvalidField},
		{chat.Custom{Type: "x." + strings.Repeat("a", 65)}, chat.ErrInvalidField},
		{chat.Custom{Type: "x.a", Data: json.RawMessage(`{`)}, chat.ErrInvalidField},
		{chat.Custom{Type: "x.a", Data: json.RawMessage(`1 2`)}, chat.ErrInvalidField},
		{chat.Custom{Type: "x.a", Data: json.RawMessage(`"` + strings.Repeat("a", 64<<10) + `"`)}, chat.ErrInvalidField},
		{chat.Custom{Type: "x.a", Data: json.RawMessage("\"\xff\"")}, chat.ErrInvalidUTF8},
		{chat.Custom{Type: "x.a", Data: json.RawMessage(`"\ud83d"`)}, chat.ErrInvalidUTF8},
		{chat.Custom{Type: "x.a", Data: json.RawMessage(`"\uDE00\ud83d"`)}, chat.ErrInvalidUTF8},
		{chat.Custom{Type: "x.a", Data: json.RawMessage(`"\ud83d\n\ude00"`)}, chat.ErrInvalidUTF8},
		{chat.MessagePosted{Text: "a", Meta: json.RawMessage(`{`)}, chat.ErrInvalidField},
		{chat.MessagePosted{Text: "a", MessageKind: "a b"}, chat.ErrInvalidField},
		{nil, chat.ErrInvalidField},
		{&chat.MessagePosted{Text: "a"}, chat.ErrInvalidField},
	} {
		if _, err := room.Do(t.Context(), chat.Command{User: ann, Fact: c.fact}); !errors.Is(err, c.want) {
			t.Errorf("%T %+v: %v, want %v", c.fact, c.fact, err, c.want)
		}
	}
}

func TestEvent_zeroMarshalsAsNull(t *testing.T) {
	b, err := json.Marshal(chat.Event{})
	if err != nil || !bytes.Equal(b, []byte("null")) {
		t.Errorf("got %s, %v", b, err)
	}
}
