package sse_test

import (
	"bytes"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
	"github.com/roomlog/chat/transport/sse"
)

// rendered serves rendered streams beside the API, at /html of a room or of
// several.
func rendered(t *testing.T, log *logged, render func(chat.Event) []byte) *wiretest.Server {
	t.Helper()
	var s *wiretest.Server
	var mux *http.ServeMux
	s = wiretest.New(t, wiretest.Setup{Wrap: func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/html") {
				mux.ServeHTTP(w, r)
				return
			}
			api.ServeHTTP(w, r)
		})
	}})
	h := sse.NewRendered(s.Chat, s.Guest.Auth, &transport.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}, render)
	mux = http.NewServeMux()
	mux.Handle("GET /api/rooms/{room}/html", h)
	mux.Handle("GET /api/html", h)
	return s
}

var line = template.Must(template.New("").Parse("<li>\n <b>{{.Name}}</b>\r\n {{.Text}}\r</li>"))

func renderLine(e chat.Event) []byte {
	fact, err := e.Fact()
	posted, ok := fact.(chat.MessagePosted)
	if err != nil || !ok {
		return nil
	}
	var b bytes.Buffer
	_ = line.Execute(&b, struct{ Name, Text string }{e.User.Name, posted.Text})
	return b.Bytes()
}

func TestRenderedStream_hasFragmentsForData(t *testing.T) {
	s := rendered(t, new(logged), renderLine)
	ann, token := s.User("Ann")
	e := s.Post("general", ann, "<script>\n\nid: 1")[0]
	want := "id: " + e.ID.String() + "\ndata: <li>\ndata:  <b>Ann</b>\ndata:  &lt;script&gt;\ndata: \ndata: id: 1\ndata: </li>\n\n"
	for path, prefix := range map[string]string{
		"/rooms/general/html?after=earliest":         "",
		"/rooms/general/html?after=earliest&named=1": "event: MessagePosted\n",
		"/html?room=general&after=earliest":          "",
	} {
		st := s.Stream(path, token)
		if h := begin(t, st); h.Verdict != "resumed" {
			t.Errorf("hello is %+v", h)
		}
		if f := st.Next(); f.Raw != prefix+want {
			t.Errorf("%s: the frame is %q", path, f.Raw)
		}
		wantLive(t, st, e.ID, false)
	}
	s.Stream("/rooms/nothing/html", token).Answer().WantProblem(404, "room_not_found")
	s.Stream("/html", token).Answer().WantProblem(400, "invalid_field")
	s.Stream("/html?room=general", "").Answer().WantProblem(401, "unauthenticated")
}

func TestWhatIsNotRendered_stillMovesTheCursor(t *testing.T) {
	var log logged
	s := rendered(t, &log, func(e chat.Event) []byte {
		posted, _ := e.Fact()
		switch text := posted.(chat.MessagePosted).Text; text {
		case "nil":
			return nil
		case "blank":
			return []byte(" \r\n ")
		case "panic":
			panic("cannot render this")
		default:
			return []byte(text)
		}
	})
	ann, token := s.User("Ann")
	st := func() *wiretest.Stream {
		s.Post("general", ann, "seen")
		st := s.Stream("/rooms/general/html?named=1", token)
		begin(t, st)
		st.Want("chat.live")
		return st
	}()
	for _, text := range []string{"nil", "blank", "panic"} {
		e := s.Post("general", ann, text)[0]
		if f := st.Next(); f.Raw != "id: "+e.ID.String()+"\n\n" {
			t.Errorf("%s: the frame is %q", text, f.Raw)
		}
	}
	e := s.Post("general", ann, "seen")[0]
	if f := st.Next(); f.Raw != "event: MessagePosted\nid: "+e.ID.String()+"\ndata: seen\n\n" {
		t.Errorf("the frame is %q", f.Raw)
	}
	if said := log.String(); !strings.Contains(said, "a value of type string") || !strings.Contains(said, "render_test.go") ||
		strings.Contains(said, "cannot render this") || strings.Count(said, "level=") != 1 {
		t.Errorf("the log is %s", log.String())
	}
}

func TestRender_isCalledOnceForAllReaders(t *testing.T) {
	var calls atomic.Int64
	s := rendered(t, new(logged), func(chat.Event) []byte {
		return fmt.Append(nil, "call ", calls.Add(1))
	})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	var streams []*wiretest.Stream
	for range 5 {
		st := s.Stream("/rooms/general/html", token)
		begin(t, st)
		st.Want("chat.live")
		streams = append(streams, st)
	}
	s.Post("general", ann, "two")
	frames := make(map[string]bool)
	for _, st := range streams {
		frames[st.Next().Data] = true
	}
	if len(frames) != 1 { // who rendered at the same time got the first one's
		t.Errorf("the frames are %v", frames)
	}
}

func TestNewRendered_panicsWithoutAFunction(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	defer func() {
		if recover() == nil {
			t.Error("it did not panic")
		}
	}()
	sse.NewRendered(s.Chat, s.Guest.Auth, nil, nil)
}
