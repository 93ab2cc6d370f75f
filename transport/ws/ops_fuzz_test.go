package ws

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// asked is what is known of a message before it is carried out: whether it is
// an object, and the id that its answer bears.
func asked(text []byte) (object bool, id json.RawMessage) {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if !utf8.Valid(text) || !json.Valid(text) || trimmed[0] != '{' {
		return false, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	_, _ = d.Token() // {
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		_ = d.Decode(&value)
		if name == "id" && id == nil {
			id = value
		}
	}
	return true, id
}

// answersOf returns the answers among the frames that wait to be written.
func answersOf(t *testing.T, frames []byte) (all []map[string]json.RawMessage) {
	in := bytes.NewReader(frames)
	for in.Len() > 0 {
		h, err := ws.ReadHeader(in)
		if err != nil || !h.Fin || h.OpCode != ws.OpText || h.Masked || h.Length > int64(in.Len()) {
			t.Fatalf("%q holds what is no text frame: %v", frames, err)
		}
		payload := make([]byte, h.Length)
		_, _ = in.Read(payload)
		var m map[string]json.RawMessage
		if err := json.Unmarshal(payload, &m); err != nil || !utf8.Valid(payload) {
			t.Fatalf("frame %q: %v", payload, err)
		}
		if m["ok"] != nil || m["error"] != nil {
			all = append(all, m)
		}
	}
	return all
}

// Whatever a message says, it is answered once if it has an id, bears that id if
// it is a string, and stores nothing if it is refused.
func FuzzRequest_isAnsweredOnce(f *testing.F) {
	for _, s := range []string{
		`{"id":"1","op":"ping"}`, `{"op":"ping"}`, `{"id":5,"op":"ping"}`, `{"id":"1","op":"fly"}`, `{"id":"1"}`, `{"id":"1","op":""}`, `rubbish`, `[]`, `{"id":"\ud83d","op":"ping"}`,
		`{"id":"1","id":"2","op":"ping"}`, `{"i\u0064":"\u0041\"\n","op":"ping"}`, `{"id":"1","op":"ping","x":1}`, "{\"id\":\"\xff\"}",
		"{\"id\":\"1\",\"op\":\"subscribe\",\"room\":\"general\",\"after\":\"rubbish\"}\n" + `{"id":"2","op":"subscribe","room":"general"}` + "\n" + `{"id":"3","op":"unsubscribe","room":"general"}`,
		`{"op":"subscribe","room":"general","after":"earliest","store":"x"}`, `{"id":"1","op":"post","room":"general","text":"Hello.","key":"k","kind":"k","meta":{"a":1}}`,
		`{"id":"1","op":"post","room":"general","text":"\ud83d"}`, `{"id":"1","op":"edit","room":"general","message":"$MESSAGE","text":"Bye."}`,
		`{"id":"1","op":"react","room":"general","message":"$MESSAGE","emoji":"👍"}` + "\n" + `{"id":"1","op":"unreact","room":"general","message":"$MESSAGE","emoji":"👍"}`,
		`{"id":"1","op":"delete","room":"general","message":"x"}`, `{"id":"1","op":"join","room":"other"}` + "\n" + `{"id":"2","op":"leave","room":"other"}`,
		`{"id":"1","op":"history","room":"general","before":"$MESSAGE","limit":99999999999999999999}`, `{"id":"1","op":"history","room":"general","around":"latest"}`, `{"id":"1","op":"auth","token":"a.b"}`,
	} {
		f.Add([]byte(s))
	}
	c, err := chat.Create(filepath.Join(f.TempDir(), "chat.db"), &chat.Options{Keep: 100})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	ann := chat.User{ID: "ann", Name: "Ann"}
	first, err := c.Room("general").Post(f.Context(), ann, "Hello.")
	if err != nil {
		f.Fatal(err)
	}
	guest := transport.NewGuest([]byte("a secret of the tests"))
	h := New(c, guest.Auth, &transport.Options{NoLimits: true})
	r := httptest.NewRequest("GET", "/ws", nil)
	r.Header.Set("Authorization", "Bearer "+guest.Token(ann, time.Time{}))
	grant, err := guest.Auth(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k := newConn(h, nil, nil, grant, r)
		k.finished = true // nobody writes: nothing is waited for
		defer func() {
			for _, r := range append(k.rooms, k.retired...) {
				r.feed.Close()
			}
		}()
		b = bytes.ReplaceAll(b, []byte("$MESSAGE"), []byte(first.ID.String()))
		for i, text := range bytes.SplitN(b, []byte("\n"), 8) { // the tenth that is no JSON would be the last
			head := c.Head()
			k.answers = nil
			k.carryOut(bytes.Clone(text))
			answers := answersOf(t, k.answers)
			object, id := asked(text)
			if want := !object || id != nil; len(answers) > 1 || want != (len(answers) == 1) {
				t.Fatalf("message %d, %q, is answered %q", i, text, k.answers)
			}
			if len(answers) == 0 {
				continue
			}
			re, refused := answers[0]["re"], answers[0]["error"] != nil
			if object && id[0] == '"' && !bytes.Equal(re, id) || (!object || id[0] != '"') && (re != nil || !refused) {
				t.Errorf("%q is answered %q", text, k.answers)
			}
			if refused && c.Head() != head {
				t.Errorf("%q is refused with %s, and something is stored", text, answers[0]["error"])
			}
		}
		if k.closing != nil {
			t.Errorf("%q ends the socket: %v", b, k.closing)
		}
	})
}
