package chat

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/roomlog/chat/store"
)

func FuzzEncode_anyTextRoundTrips(f *testing.F) {
	for _, s := range []string{
		"Hello.", "", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "<>&", "\u2028\u2029\u2027\u202a\xe2\x80", "é😀\ufffd\ufeff",
		`,"data":`, `","data":{"key":`, "\xff\xfe", "\xed\xa0\x80",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip()
		}
		for _, fact := range []Fact{
			MessagePosted{Text: s},
			MessageEdited{Text: s},
			ReactionAdded{Emoji: s},
			UserJoined{Member: User{ID: s, Name: s}, Role: Role(s)},
			MessagePosted{ReplyTo: ID{1}, Thread: ID{2}, Mentions: []string{s, s}, Text: s},
			RoomCreated{RoomKind: Public, Title: s, Topic: s, Members: []User{{ID: s, Name: s}}},
			RoomChanged{Title: &s, Topic: &s},
		} {
			d := store.Draft{Room: "r", Type: fact.Kind(), UserID: s, UserName: s, Key: s}
			encode(&d, fact)
			if bytes.ContainsAny(d.Body, "\n\r\u2028\u2029<>&") {
				t.Errorf("body holds what it should escape: %q", d.Body)
			}
			var wire struct {
				ID, At string
				User   User
				Key    string
				Data   json.RawMessage
			}
			if err := json.Unmarshal(d.Body, &wire); err != nil {
				t.Fatalf("%s: %v", d.Body, err)
			}
			if wire.ID != string(d.Body[d.IDAt:][:26]) || wire.At != string(d.Body[d.TimeAt:][:24]) {
				t.Errorf("blanks are not at id and time: %s", d.Body)
			}
			if (wire.User != User{s, s}) || wire.Key != s {
				t.Errorf("user %q, key %q of %q", wire.User, wire.Key, s)
			}
			if !bytes.Equal(wire.Data, dataOf(d.Body)) {
				t.Errorf("data is %s, found %s", wire.Data, dataOf(d.Body))
			}
			got, err := decode(fact.Kind(), d.Body)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := json.Marshal(fact)
			again, _ := json.Marshal(got)
			if !bytes.Equal(want, again) {
				t.Errorf("got %s, want %s", again, want)
			}
			through, err := json.Marshal(json.RawMessage(d.Body))
			if err != nil || !bytes.Equal(through, d.Body) {
				t.Errorf("encoding/json changed %s to %s", d.Body, through)
			}
		}
	})
}

func TestErase_keepsReferencesAlone(t *testing.T) {
	record := func(data string, key string) store.Record {
		d := store.Draft{Room: "r", Type: "MessagePosted", UserID: "ann", UserName: `Ann ,"data":`, Key: key}
		encode(&d, Custom{Data: json.RawMessage(data)})
		return store.Record{Room: "r", Type: "MessagePosted", UserID: "ann", UserName: `Ann ,"data":`, Body: d.Body}
	}
	head := `{"id":"` + blankID + `","room":"r","type":"MessagePosted","at":"` + blankTime + `","user":{"id":"ann","name":"Ann ,\"data\":"},"erased":true,"data":`
	for _, c := range []struct{ data, want string }{
		{`{"text":"secret"}`, `{}`},
		{`{"text":"secret","meta":{"message":"x"},"kind":"k"}`, `{}`},
		{`{"message":"01","text":"secret"}`, `{"message":"01"}`},
		{`{"text":"secret","reply_to":"02","thread":"03","mentions":["x"]}`, `{"reply_to":"02","thread":"03"}`},
		{`[1]`, `{}`},
	} {
		for _, key := range []string{"", `k","data":`} {
			r := record(c.data, key)
			before := bytes.Clone(r.Body)
			got := erase(&r)
			if string(got) != head+c.want+"}" {
				t.Errorf("got  %s\nwant %s", got, head+c.want+"}")
			}
			if !bytes.Equal(r.Body, before) {
				t.Error("the body that is erased was changed")
			}
			r.Body = got
			if again := erase(&r); !bytes.Equal(again, got) {
				t.Errorf("erased twice: %s", again)
			}
		}
	}
}

func TestErase_makesABodyOfTheHeader(t *testing.T) {
	m := newMemory()
	e, err := m.do(t, "general", Command{User: ann, Key: "k", Fact: MessagePosted{Text: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	r := m.records[e.ID]
	want := erase(&r)
	r.Body = nil
	if got := erase(&r); !bytes.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The write path makes a body and little else.
func TestPrepare_allocatesLittle(t *testing.T) {
	r := &Room{chat: &Chat{maxText: defaultMaxText}, id: "general"}
	cmd := Command{User: ann, Key: "k", Fact: MessagePosted{Text: "Hello, it is a fine day <today>."}}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := r.prepare(cmd); err != nil {
			t.Fatal(err)
		}
	}); n > 3 {
		t.Errorf("a post takes %v allocations before its commit, want at most 3", n)
	}
}
