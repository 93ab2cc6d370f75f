package sse

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// message is what an EventSource hands to its page.
type message struct{ kind, data, lastID string }

// eventSource reads a stream as the HTML standard says (9.2.6, "Interpreting an
// event stream").
func eventSource(stream string) (messages []message, retry int) {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(stream, "\r\n", "\n")
	stream = strings.ReplaceAll(stream, "\r", "\n")
	lines := strings.Split(stream, "\n")
	var kind, data, lastID string
	for _, line := range lines[:len(lines)-1] { // what has no end is not a line yet
		if line == "" {
			if data != "" {
				if kind == "" {
					kind = "message"
				}
				messages = append(messages, message{kind, strings.TrimSuffix(data, "\n"), lastID})
			}
			kind, data = "", ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "data":
			data += value + "\n"
		case "id":
			if !strings.Contains(value, "\x00") {
				lastID = value
			}
		case "retry":
			if strings.Trim(value, "0123456789") == "" {
				retry, _ = strconv.Atoi(value)
			}
		}
	}
	return messages, retry
}

// Whatever users write, their events and the signals around them come out of an
// EventSource as they went in: nothing that is stored can break out of its frame.
func FuzzFrames_areReadByAnEventSource(f *testing.F) {
	f.Add("Hello.", "Ann", "poll", "general", []byte(`{"a":1}`))
	f.Add("one\ntwo\r\nthree\rfour", "A\u2028n", "", "\n\ndata: x", []byte("{\n\"a\"\r:\t[]}"))
	f.Add("\ufeffdata: x\u2029", "id: 1", "a.b_c-d", "r\r\nid: 7\n\n", []byte(`"\n\nevent: chat.end\ndata: {}\n\n"`))
	f.Add("\x00\xff", "\n", "\n", "\x00", []byte(`{`))
	c, err := chat.Create(filepath.Join(f.TempDir(), "chat.db"), &chat.Options{Keep: 100})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	f.Fuzz(func(t *testing.T, text, name, kind, room string, data []byte) {
		var stream []byte
		var want []message
		stream = appendRetry(stream, 2371*time.Millisecond)
		for _, fact := range []chat.Fact{
			chat.MessagePosted{Text: text, MessageKind: kind, Meta: data},
			chat.Custom{Type: "x." + kind, Data: data},
		} {
			res, err := c.Room("general").Do(t.Context(), chat.Command{User: chat.User{ID: "ann", Name: name}, Fact: fact})
			if err != nil {
				continue
			}
			e := res.Event
			if !json.Valid(e.JSON()) {
				t.Errorf("the event is not JSON: %q", e.JSON())
			}
			stream = append(append(stream, plainJSON.frame(e)...), namedJSON.frame(e)...)
			want = append(want, message{"message", string(e.JSON()), e.ID.String()}, message{e.Type, string(e.JSON()), e.ID.String()})
		}
		last := ""
		if len(want) > 0 {
			last = want[len(want)-1].lastID
		}
		head := c.Head()
		quoted := room
		if b, err := json.Marshal(room); err == nil {
			quoted = string(b)
		}
		if room != "" {
			stream = appendEnd(stream, endForbidden, room)
			want = append(want, message{"chat.end", `{"reason":"forbidden","room":` + quoted + `}`, last})
			stream = appendReset(stream, transport.Standing{Room: room, Reason: "ahead", Head: head}, room)
			want = append(want, message{"chat.reset", `{"reason":"ahead","floor":"` + chat.Start.String() + `","head":"` + head.String() + `","room":` + quoted + `}`, last})
		}
		stream = append(stream, ping...)
		want = append(want, message{"chat.ping", "{}", last})
		stream = appendLive(stream, head, false)
		want = append(want, message{"chat.live", `{"cursor":"` + head.String() + `"}`, last})
		stream = appendLive(stream, head, true)
		want = append(want, message{"chat.live", `{"cursor":"` + head.String() + `"}`, head.String()})

		if !utf8.Valid(stream) {
			t.Errorf("the stream is not UTF-8: %q", stream)
		}
		got, retry := eventSource(string(stream))
		if retry != 2371 || !slices.Equal(got, want) {
			t.Errorf("%q is read as %q, not %q; retry is %d", stream, got, want, retry)
		}
	})
}
