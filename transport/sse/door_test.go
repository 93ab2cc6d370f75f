package sse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestStream_letsPagesOfListedOriginsIn(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		const app = "https://app.example"
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{Origins: []string{app}}})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		for _, path := range []string{"/rooms/general/events", "/events?room=general"} {
			a := s.Call("OPTIONS", path, "", "", "Origin", app, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,last-event-id").Want(204)
			if a.Header.Get("Access-Control-Allow-Origin") != app || a.Header.Get("Access-Control-Allow-Credentials") != "true" ||
				a.Header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type, Idempotency-Key, Last-Event-ID" {
				t.Errorf("the preflight is answered %v", a.Header)
			}
			for origin, allowed := range map[string]string{app: app, "https://other.example": ""} {
				st := s.Stream(path, token, "Origin", origin)
				begin(t, st)
				if got := st.Header.Get("Access-Control-Allow-Origin"); got != allowed || st.Header.Get("Vary") != "Origin" {
					t.Errorf("the page of %s is answered %v", origin, st.Header)
				}
			}
			refused := s.Stream(path, "", "Origin", app).Answer()
			refused.WantProblem(401, "unauthenticated")
			if refused.Header.Get("Access-Control-Allow-Origin") != app {
				t.Errorf("a refusal hides itself: %v", refused.Header)
			}
		}
	})
}

func TestHead_isAnsweredAsGetWouldBe(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{ConnectionsPerUser: 1}})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		for range 3 { // none of them counts as a stream
			a := s.Call("HEAD", "/rooms/general/events?after=rubbish", token, "").Want(200)
			if a.Header.Get("Content-Type") != "text/event-stream" || a.Header.Get("Cache-Control") != "no-store, no-transform" || len(a.Body) > 0 {
				t.Errorf("HEAD is answered %v %q", a.Header, a.Body)
			}
		}
		s.Call("HEAD", "/rooms/nothing/events", token, "").Want(404)
		s.Call("HEAD", "/rooms/general/events", "", "").Want(401)
		s.Call("HEAD", "/rooms/general/events", token, "", "Accept", "text/html").Want(406)
		begin(t, s.Stream("/rooms/general/events", token))
	})
}

// A ticket stands where a browser can set no header, and only once.
func TestStream_takesATicket(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		var ticket struct{ Ticket string }
		s.Call("POST", "/ticket", token, "").Want(201).Decode(&ticket)
		begin(t, s.Stream("/rooms/general/events?ticket="+ticket.Ticket, ""))
		s.Stream("/rooms/general/events?ticket="+ticket.Ticket, "").Answer().WantProblem(401, "unauthenticated")
	})
}

// A user who has used up their budget still gets all, only later.
func TestStream_waitsForItsShareOfTheReplays(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{ReplayRate: 100 << 10, ReplayBurst: 1}})
		ann, token := s.User("Ann")
		var events []chat.Event
		for i := range 40 {
			events = append(events, s.Post("general", ann, fmt.Sprint(i, strings.Repeat("x", 1000)))...)
		}
		for range 2 {
			st := s.Stream("/rooms/general/events?after=earliest", token)
			begin(t, st)
			wantEvents(t, st, events...)
			wantLive(t, st, events[39].ID, false)
		}
	})
}
