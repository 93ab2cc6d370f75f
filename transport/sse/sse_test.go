package sse_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

const aheadID = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"

type hello struct {
	V       int
	Store   string
	Verdict string
	Rooms   map[string]struct{ Verdict, Head, Floor string }
	HBs     int `json:"heartbeat_ms"`
}

func begin(t *testing.T, st *wiretest.Stream) (h hello) {
	t.Helper()
	if st.Status != 200 {
		t.Fatalf("status is %d: %s", st.Status, st.Answer().Body)
	}
	first := st.Want("")
	retry, err := strconv.Atoi(first.Retry)
	if err != nil || retry < 1000 || retry > 4000 || !strings.HasPrefix(first.Raw, "retry:") {
		t.Fatalf("the stream begins with %q", first.Raw)
	}
	f := st.Want("chat.hello")
	if f.ID != "" {
		t.Errorf("hello has an id: %s", f.Raw)
	}
	if err := json.Unmarshal([]byte(f.Data), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

func wantEvents(t *testing.T, st *wiretest.Stream, events ...chat.Event) {
	t.Helper()
	for _, e := range events {
		f := st.Want("")
		if f.ID != e.ID.String() || f.Data != string(e.JSON()) {
			t.Fatalf("the frame is %q, the event is %s", f.Raw, e.JSON())
		}
	}
}

func wantLive(t *testing.T, st *wiretest.Stream, cursor chat.ID, withID bool) {
	t.Helper()
	f := st.Want("chat.live")
	if f.Data != `{"cursor":"`+cursor.String()+`"}` {
		t.Errorf("live is %s, not %s", f.Data, cursor)
	}
	if id := f.ID; withID && id != cursor.String() || !withID && id != "" {
		t.Errorf("live has the id %q", id)
	}
}

func TestStream_resumesAfterACursor(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		events := s.Post("general", ann, "one", "two", "three")
		first, last := events[0].ID.String(), events[2].ID
		for name, open := range map[string]func() *wiretest.Stream{
			"after":         func() *wiretest.Stream { return s.Stream("/rooms/general/events?after="+first, token) },
			"lower case":    func() *wiretest.Stream { return s.Stream("/rooms/general/events?after="+strings.ToLower(first), token) },
			"last_event_id": func() *wiretest.Stream { return s.Stream("/rooms/general/events?last_event_id="+first, token) },
			"header": func() *wiretest.Stream {
				return s.Stream("/rooms/general/events?after="+last.String(), token, "Last-Event-ID", first)
			},
			"several rooms": func() *wiretest.Stream { return s.Stream("/events?room=general&after="+first, token) },
		} {
			t.Run(name, func(t *testing.T) {
				st := open()
				h := begin(t, st)
				room := h.Rooms["general"]
				if h.V != 1 || h.Store != s.Chat.StoreID() || h.Verdict != "resumed" || h.HBs != 15000 ||
					room.Verdict != "resumed" || room.Head != last.String() || room.Floor != chat.Start.String() {
					t.Errorf("hello is %+v", h)
				}
				wantEvents(t, st, events[1:]...)
				wantLive(t, st, last, false)
			})
		}
		st := s.Stream("/rooms/general/events?after="+last.String(), token)
		begin(t, st)
		wantLive(t, st, last, false)
		wantEvents(t, st, s.Post("general", ann, "four", "five")...)
	})
}

func TestStream_hasTheHeadersOfOne(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		for _, accept := range []string{
			"none", "", " ", "*/*", "text/event-stream", "text/html, text/*;q=0.5", "TEXT/Event-Stream; Q=0.1", "*/*;q=0, text/*",
			"text/*;q=0, text/event-stream", "text/event-stream;q=0, text/event-stream;q=0.5", "text/event-stream;charset=utf-8",
		} {
			st := s.Stream("/rooms/general/events", token, "Accept", accept)
			if accept == "none" {
				st = s.Stream("/rooms/general/events", token)
			}
			for name, want := range map[string]string{
				"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no",
			} {
				if got := st.Header.Get(name); st.Status != 200 || got != want {
					t.Errorf("%d, %s is %q", st.Status, name, got)
				}
			}
		}
		for _, accept := range []string{
			"application/json", "text/event-stream;q=0", "text/event-stream ; q=0.0",
			"text/event-stream;q=0, */*", "*/*, text/*, text/event-stream;q=0", "text/*;q=0.000, */*;q=1", "text/html", "*/*;q=0",
		} {
			s.Stream("/rooms/general/events", token, "Accept", accept).Answer().WantProblem(406, "not_acceptable")
		}
		a := s.Call("HEAD", "/rooms/general/events", token, "").Want(200)
		if a.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("HEAD is answered %v", a.Header)
		}
	})
}

func TestStream_freshCarriesTheIDWhereItBegins(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		last := s.Post("general", ann, "one", "two")[1].ID
		for _, path := range []string{"", "?after=latest", "?after=LATEST&last_event_id=earliest"} {
			st := s.Stream("/rooms/general/events"+path, token)
			if h := begin(t, st); h.Verdict != "fresh" || h.Rooms["general"].Verdict != "fresh" {
				t.Errorf("hello is %+v", h)
			}
			wantLive(t, st, last, true)
		}
		st := s.Stream("/rooms/general/events", token, "Last-Event-ID", "Earliest")
		if h := begin(t, st); h.Verdict != "resumed" {
			t.Errorf("hello is %+v", h)
		}
		st.Want("")
		st.Want("")
		wantLive(t, st, last, false)
	})
}

func TestStream_resetsWhatIsNoCursor(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		events := s.Post("general", ann, "one", "two")
		last := events[1].ID
		for _, test := range []struct {
			query, header, reason string
		}{
			{"?after=rubbish", "", "invalid"},
			{"?after=" + events[0].ID.String(), "rubbish", "invalid"},
			{"?after=" + aheadID, "", "ahead"},
			{"?after=" + events[0].ID.String() + "&store=0123", "", "store"},
			{"?store=0123", "", "store"},
		} {
			t.Run(test.query, func(t *testing.T) {
				st := s.Stream("/rooms/general/events"+test.query, token)
				if test.header != "" {
					st = s.Stream("/rooms/general/events"+test.query, token, "Last-Event-ID", test.header)
				}
				if h := begin(t, st); h.Verdict != "reset" || h.Rooms["general"].Verdict != "reset" {
					t.Errorf("hello is %+v", h)
				}
				want := fmt.Sprintf(`{"reason":%q,"floor":%q,"head":%q}`, test.reason, chat.Start, last)
				if f := st.Want("chat.reset"); f.Data != want || f.ID != "" {
					t.Errorf("reset is %q, not %s", f.Raw, want)
				}
				wantLive(t, st, last, true)
			})
		}
		st := s.Stream("/rooms/general/events?after="+events[0].ID.String()+"&store="+s.Chat.StoreID(), token)
		if h := begin(t, st); h.Verdict != "resumed" {
			t.Errorf("the right store: %+v", h)
		}
	})
}

func TestStream_ofSeveralRoomsHasOneCursor(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		var events []chat.Event
		for i := range 10 {
			events = append(events, s.Post(string(rune('a'+i%3)), ann, fmt.Sprint(i))...)
		}
		var want []chat.Event
		for _, e := range events[4:] {
			if e.Room != "b" {
				want = append(want, e)
			}
		}
		st := s.Stream("/events?room=a&room=c&room=a&room=nothing&room=-&after="+events[3].ID.String(), token)
		h := begin(t, st)
		if h.Verdict != "resumed" || len(h.Rooms) != 4 || h.Rooms["nothing"].Verdict != "not_found" ||
			h.Rooms["-"].Verdict != "not_found" || h.Rooms["nothing"].Head != "" || h.Rooms["c"].Verdict != "resumed" {
			t.Errorf("hello is %+v", h)
		}
		wantEvents(t, st, want...)
		wantLive(t, st, events[9].ID, false)
		s.Post("b", ann, "not for us")
		wantEvents(t, st, s.Post("c", ann, "for us")...)

		st = s.Stream("/events?room=a&room=b&after=rubbish", token)
		begin(t, st)
		for _, room := range []string{"a", "b"} {
			if f := st.Want("chat.reset"); !strings.Contains(f.Data, `"room":"`+room+`"`) {
				t.Errorf("reset of %s is %s", room, f.Data)
			}
		}
		s.Stream("/events?room=nothing&room=", token).Answer().WantProblem(404, "room_not_found")
		s.Stream("/events", token).Answer().WantProblem(400, "invalid_field")
		s.Stream("/rooms/nothing/events?after=rubbish", token).Answer().WantProblem(404, "room_not_found")
		many := "/events?room=a"
		for i := range 300 {
			many += fmt.Sprint("&room=", i)
		}
		s.Stream(many, token).Answer().WantProblem(400, "invalid_field")
	})
}

func TestStream_namesEventsIfAsked(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		e := s.Post("general", ann, "one")[0]
		st := s.Stream("/rooms/general/events?named=1&after=earliest", token)
		begin(t, st)
		if f := st.Want("MessagePosted"); f.ID != e.ID.String() || f.Data != string(e.JSON()) {
			t.Errorf("the frame is %q", f.Raw)
		}
		plain := s.Stream("/rooms/general/events?after=earliest", token)
		begin(t, plain)
		wantEvents(t, plain, e)
	})
}

func TestStream_saysThatItLives(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{Heartbeat: 20 * time.Millisecond}})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		st := s.Stream("/rooms/general/events", token)
		if h := begin(t, st); h.HBs != 20 {
			t.Errorf("hello is %+v", h)
		}
		st.Want("chat.live")
		for range 3 {
			if f := st.Want("chat.ping"); f.Data != "{}" || f.ID != "" {
				t.Errorf("ping is %q", f.Raw)
			}
		}
	})
}

func TestStream_outlivesTheTimeoutsOfTheServer(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		t.Parallel() // it waits
		s := wiretest.New(t, wiretest.Setup{
			Form:    form,
			Options: transport.Options{Heartbeat: 50 * time.Millisecond},
			Config: func(srv *http.Server) {
				srv.WriteTimeout = 200 * time.Millisecond
				srv.ReadTimeout = 200 * time.Millisecond
			},
		})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		st := s.Stream("/rooms/general/events", token)
		begin(t, st)
		st.Want("chat.live")
		for began := time.Now(); time.Since(began) < time.Second; {
			st.Want("chat.ping")
		}
		two := s.Post("general", ann, "two")[0]
		f := st.Next()
		for f.Event == "chat.ping" {
			f = st.Next()
		}
		if f.ID != two.ID.String() {
			t.Errorf("after the timeouts comes %q, not the event %s", f.Raw, two.ID)
		}
	})
}

func TestStream_replaysALongLogWithoutASeam(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		text := strings.Repeat("long ", 100)
		var events []chat.Event
		for i := range 1000 {
			events = append(events, s.Post("general", ann, fmt.Sprint(i, text))...)
		}
		st := s.Stream("/rooms/general/events?after="+events[0].ID.String(), token)
		begin(t, st)
		done := make(chan []chat.Event)
		go func() {
			var more []chat.Event
			for i := range 300 {
				more = append(more, s.Post("general", ann, fmt.Sprint(i, text))...)
			}
			done <- more
		}()
		var got []string
		for len(got) < 1299 {
			if f := st.Next(); f.Event == "" {
				got = append(got, f.ID)
			} else if f.Event != "chat.live" {
				t.Fatalf("the frame is %q", f.Raw)
			}
		}
		for i, e := range append(events[1:], <-done...) {
			if got[i] != e.ID.String() {
				t.Fatalf("event %d is %s, not %s", i, got[i], e.ID)
			}
		}
	})
}

func TestAQueryThatCannotBeRead_neverFailsAStream(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		first := s.Post("general", ann, "one", "two")[0].ID.String()
		for query, verdict := range map[string]string{
			"after=%zz":                             "reset",
			"after=" + first + ";named=1":           "reset",
			"after=" + first + "&named=%zz":         "resumed",
			"after=" + first + "&after=earliest":    "resumed",
			"named=1&named=1":                       "fresh",
			"store=" + s.Chat.StoreID() + "&store=": "fresh",
		} {
			for _, path := range []string{"/rooms/general/events?", "/events?room=general&"} {
				st := s.Stream(path+query, token)
				if h := begin(t, st); h.Verdict != verdict {
					t.Errorf("with %s the verdict is %s, not %s", query, h.Verdict, verdict)
				}
			}
		}
	})
}

func TestNamed_isOneOrTrue(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		for value, event := range map[string]string{"1": "MessagePosted", "true": "MessagePosted", "0": "", "": "", "false": ""} {
			st := s.Stream("/rooms/general/events?after=earliest&named="+value, token)
			begin(t, st)
			st.Want(event)
		}
	})
}
