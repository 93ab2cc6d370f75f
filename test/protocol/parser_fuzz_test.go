package protocol_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// tape is a response that keeps a stream until its reader is live.
type tape struct {
	header http.Header
	bytes.Buffer
	stop func()
}

func (r *tape) Header() http.Header            { return r.header }
func (*tape) WriteHeader(int)                  {}
func (*tape) SetReadDeadline(time.Time) error  { return nil }
func (*tape) SetWriteDeadline(time.Time) error { return nil }
func (r *tape) Flush() {
	if bytes.Contains(r.Bytes(), []byte("\nevent: chat.live\n")) {
		r.stop()
	}
}

// Whatever users write, the parser of tmaxmax/go-sse, in which there is nothing
// of ours, reads a stream of it as it was stored: the same events with the same
// ids, between the same signals.
func FuzzStream_isReadByAnotherParser(f *testing.F) {
	f.Add("Hello.", "Ann", "poll", []byte(`{"a":1}`), false)
	f.Add("one\ntwo\r\nthree\rfour", "A\u2028n", "", []byte("{\n\"a\"\r:\t[]}"), true)
	f.Add("\ufeffdata: x\u2029", "id: 1", "a.b_c-d", []byte(`"\n\nevent: chat.end\ndata: {}\n\n"`), true)
	f.Add("\x00\xff", "\n", "\n", []byte(`{`), false)
	c, err := chat.Create(filepath.Join(f.TempDir(), "chat.db"), &chat.Options{Keep: 100})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	api := mount.Handler(c, func(*http.Request) (transport.Grant, error) { return transport.Grant{User: ann}, nil }, &transport.Options{NoLimits: true})
	room := c.Room("general")
	if _, err := room.Join(f.Context(), ann); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, name, kind string, data []byte, named bool) {
		head, path := c.Head().String(), "/rooms/general/events?signals=0&after="
		want := []sse.Event{{Type: "chat.hello"}}
		for _, fact := range []chat.Fact{
			chat.MessagePosted{Text: text, MessageKind: kind, Meta: data},
			chat.Custom{Type: "x." + kind, Data: data},
			chat.ReactionAdded{Emoji: text},
		} {
			res, err := room.Do(t.Context(), chat.Command{User: chat.User{ID: "ann", Name: name}, Fact: fact})
			if err != nil {
				continue
			}
			e := sse.Event{LastEventID: res.Event.ID.String(), Data: string(res.Event.JSON())}
			if named {
				e.Type = res.Event.Type
			}
			want = append(want, e)
		}
		want = append(want, sse.Event{Type: "chat.live", LastEventID: want[len(want)-1].LastEventID, Data: `{"cursor":"` + c.Head().String() + `"}`})

		path += head
		if named {
			path += "&named=1"
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		stream := &tape{header: make(http.Header), stop: cancel}
		api.ServeHTTP(stream, httptest.NewRequestWithContext(ctx, "GET", path, nil))
		raw := stream.String()
		var got []sse.Event
		for e, err := range sse.Read(&stream.Buffer, &sse.ReadConfig{MaxEventSize: 1 << 20}) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Type == "chat.hello" {
				e.Data = "" // it differs from stream to stream
			}
			got = append(got, e)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is read as\n%q\nnot\n%q", raw, got, want)
		}
	})
}
