package protocol_test

import (
	"bufio"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// stream is a client of an open stream that checks all that it reads.
type stream struct {
	s        *schemas
	resp     *http.Response
	in       *bufio.Scanner
	watchdog *time.Timer // ends it
}

// frame is a frame of a stream.
type frame struct{ event, id, retry, data, text string }

func (s *schemas) open(srv *server, operation, path string, header ...string) *stream {
	s.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(srv.request(ann, "GET", path, "", header...))
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		s.t.Fatalf("%s is answered %d", path, resp.StatusCode)
	}
	s.wantAnswer(operation, resp, nil)
	return s.follow(resp)
}

// follow reads the stream that is an answer.
func (s *schemas) follow(resp *http.Response) *stream {
	watchdog := time.AfterFunc(patience, func() { resp.Body.Close() })
	s.t.Cleanup(func() { watchdog.Stop(); resp.Body.Close() })
	return &stream{s: s, resp: resp, in: bufio.NewScanner(resp.Body), watchdog: watchdog}
}

// signals are the names of frames that tell what is so just now. They come when
// they come: most tests are not about them.
var signals = []string{"chat.presence", "chat.typing", "chat.read", "chat.signal"}

// next reads the next frame that is not a signal. ok is false at the end of the
// stream.
func (st *stream) next() (f frame, ok bool) {
	st.s.t.Helper()
	for f, ok = st.any(); ok && slices.Contains(signals, f.event); f, ok = st.any() {
	}
	return f, ok
}

// any reads the next frame, whatever it is.
func (st *stream) any() (f frame, ok bool) {
	st.s.t.Helper()
	for st.in.Scan() {
		line := st.in.Text()
		if line == "" {
			st.check(f)
			return f, true
		}
		f.text += line + "\n"
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "event":
			f.event = value
		case "id":
			f.id = value
		case "retry":
			f.retry = value
		case "data":
			f.data = value
		default:
			st.s.t.Errorf("a stream has the line %q", line)
		}
	}
	return f, false
}

func (st *stream) check(f frame) {
	st.s.t.Helper()
	name, signal := strings.CutPrefix(f.event, "chat.")
	switch {
	case f.retry != "":
	case signal:
		st.s.want("schemas/sse.json#/$defs/"+name, []byte(f.data))
	default:
		st.s.want("schemas/event.json", []byte(f.data))
		if !strings.HasPrefix(f.data, `{"id":"`+f.id+`"`) {
			st.s.t.Errorf("the id of a frame is %s, its data %s", f.id, f.data)
		}
	}
}

// signal reads up to the next frame of that name, which may be a signal.
func (st *stream) signal(event string) frame {
	st.s.t.Helper()
	for f, ok := st.any(); ok; f, ok = st.any() {
		if f.event == event {
			return f
		}
	}
	st.s.t.Fatalf("the stream ended before %s", event)
	return frame{}
}

// until reads up to the frame of that name, and passes signals over.
func (st *stream) until(event string) (all []frame) {
	st.s.t.Helper()
	for f, ok := st.next(); ok; f, ok = st.next() {
		all = append(all, f)
		if f.event == event {
			return all
		}
	}
	st.s.t.Fatalf("the stream ended before %s: %v", event, all)
	return nil
}

// talk fills the room with an event of every type but UserLeft's, and erases.
func talk(t *testing.T, c *chat.Chat, room string) {
	t.Helper()
	r := c.Room(room)
	must := func(e chat.Event, err error) chat.ID {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	must(r.Join(t.Context(), ann))
	kept := must(r.Post(t.Context(), ann, "Hello."))
	must(r.Edit(t.Context(), ann, kept, "Hello!"))
	must(r.React(t.Context(), bob, kept, "👍"))
	must(r.Unreact(t.Context(), bob, kept, "👍"))
	gone := must(r.Post(t.Context(), bob, "Not this."))
	must(r.Edit(t.Context(), bob, gone, "Nor this."))
	must(r.Delete(t.Context(), bob, gone))
}

func TestStream_saysWhatTheSchemasSay(t *testing.T) {
	s := loadSchemas(t)
	var refuse atomic.Bool
	srv := serve(t, transport.Options{Heartbeat: 50 * time.Millisecond, ConnectionsPerUser: 2}, func(_ transport.Action, room string) error {
		if refuse.Load() && room == "a" || room == "hidden" {
			return chat.ErrRoomNotFound
		}
		return nil
	})
	talk(t, srv.chat, "a")
	talk(t, srv.chat, "b")
	many := s.open(srv, "GET /events", "/events?room=a&room=b&room=none&after=x&named=1")
	many.until("chat.live")
	one := s.open(srv, "GET /rooms/{room}/events", "/rooms/a/events?after=earliest&named=1")
	one.until("MessageDeleted")
	one.until("chat.live")
	one.until("chat.ping")
	third := s.open(srv, "GET /events", "/events?room=a")
	if end := third.until("chat.end"); !strings.Contains(end[len(end)-1].data, "too_many") {
		t.Errorf("a stream too many ends with %v", end)
	}
	refuse.Store(true)
	one.until("chat.end")
	if end := many.until("chat.end"); !strings.Contains(end[len(end)-1].data, `"room":"a"`) {
		t.Errorf("the end of a room is %v", end)
	}
	srv.chat.Drain()
	many.until("chat.end")
}
