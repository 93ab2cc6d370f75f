package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestMux_answersWhatItHasNoHandlerForWithAProblem(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	for _, path := range []string{"/", "/nothing", "/rooms/general/nothing", "/rooms/general/messages/1/2", "/guest/x"} {
		s.Call("GET", path, token, "").WantProblem(404, "not_found")
	}
	for _, test := range []struct{ method, path, allow string }{
		{"DELETE", "/rooms/general/messages", "GET, HEAD, OPTIONS, POST"},
		{"GET", "/guest", "OPTIONS, POST"},
		{"POST", "/ws", "GET, HEAD, OPTIONS"},
		{"POST", "/events", "GET, HEAD, OPTIONS"},
		{"GET", "/rooms/general/join", "OPTIONS, POST"},
	} {
		a := s.Call(test.method, test.path, token, "").WantProblem(405, "method_not_allowed")
		if got := a.Header.Get("Allow"); got != test.allow {
			t.Errorf("%s allows %q, not %q", test.path, got, test.allow)
		}
		a = s.Call("OPTIONS", test.path, token, "").Want(204)
		if got := a.Header.Get("Allow"); got != test.allow {
			t.Errorf("OPTIONS %s allows %q, not %q", test.path, got, test.allow)
		}
	}
}

func TestMux_neverRedirects(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("redirected")
	}}
	for path, status := range map[string]int{
		"/rooms//messages":          404,
		"/rooms/general/messages/":  404,
		"/rooms/../general":         404,
		"/rooms/%67eneral/messages": 200,
		"/rooms/a%2Fb/messages":     404,
		"/rooms/%zz/messages":       400, // the server's own
		"//rooms":                   404,
		"/":                         404,
		"":                          404,
	} {
		r, err := http.NewRequest("GET", s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Opaque = "/api" + path
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(r)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s is answered %d, not %d", path, resp.StatusCode, status)
		}
	}
}

func TestMux_letsASegmentBeEmpty(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	for request, want := range map[[2]string]string{
		{"POST", "/rooms//join"}:    "invalid_room_id",
		{"GET", "/rooms/"}:          "room_not_found",
		{"GET", "/rooms//messages"}: "room_not_found",
		{"GET", "/rooms//events"}:   "room_not_found",
	} {
		r := httptest.NewRequest(request[0], request[1], nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		s.API.ServeHTTP(deadlines{w}, r)
		if !strings.Contains(w.Body.String(), `"code":"`+want+`"`) {
			t.Errorf("%v is answered %s", request, w.Body)
		}
	}
}

// deadlines are what a recorder lacks.
type deadlines struct{ *httptest.ResponseRecorder }

func (deadlines) SetReadDeadline(time.Time) error  { return nil }
func (deadlines) SetWriteDeadline(time.Time) error { return nil }

func TestMux_answersHEADWhereThereIsAGET(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	for _, path := range []string{"/rooms", "/rooms/general/messages", "/rooms/general/log", "/rooms/general/events"} {
		a := s.Call("HEAD", path, token, "").Want(200)
		if len(a.Body) > 0 {
			t.Errorf("%s has a body", path)
		}
	}
	s.Call("HEAD", "/rooms/nothing/events", token, "").Want(404)
}

// statuses is the table of docs/protocol.md.
var statuses = map[int][]string{
	400: {"malformed_json", "invalid_field", "invalid_utf8", "invalid_room_id", "invalid_cursor", "idempotency_key_invalid"},
	401: {"unauthenticated"},
	403: {"forbidden", "cross_origin"},
	404: {"room_not_found", "message_not_found", "not_found"},
	405: {"method_not_allowed"},
	406: {"not_acceptable"},
	409: {"room_exists", "room_archived", "message_deleted", "cursor_ahead", "already_subscribed", "forbidden_last_owner"},
	410: {"cursor_expired"},
	413: {"body_too_large"},
	415: {"unsupported_media_type"},
	422: {"empty_message", "message_too_long", "control_character", "invalid_reaction", "idempotency_key_reused", "rejected"},
	429: {"rate_limited", "too_many_connections"},
	500: {"internal", "streaming_unsupported"},
	503: {"store_failed", "commit_unknown", "shutting_down"},
	507: {"storage_full"},
}

func TestProblemOf_givesEveryCodeItsStatus(t *testing.T) {
	for status, codes := range statuses {
		for _, code := range codes {
			p := transport.ProblemOf(fmt.Errorf("wrapped: %w", &chat.Error{Code: code, Detail: "detail"}))
			if p.Status != status || p.Code != code || p.Title == "" {
				t.Errorf("%s is %+v", code, p)
			}
			if (p.RetryAfter > 0) != (status == 429 || status == 503) {
				t.Errorf("%s: Retry-After is %d", code, p.RetryAfter)
			}
			if status >= 500 && p.Detail != "" {
				t.Errorf("%s tells what went wrong inside", code)
			}
		}
	}
	for err, code := range map[error]string{
		errors.New("disk on fire"):         "internal",
		&chat.Error{Code: "unheard_of"}:    "internal",
		context.Canceled:                   "shutting_down",
		&transport.Problem{Code: "itself"}: "itself",
	} {
		if p := transport.ProblemOf(err); p.Code != code || p.Detail != "" {
			t.Errorf("%v is %+v", err, p)
		}
	}
}

func TestLimits_areToldWithRetryAfter(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{CommandRate: 0.1, CommandBurst: 2, GuestRate: 0.1, GuestBurst: 1}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	_, other := s.User("Bob")
	for range 2 {
		s.Call("POST", "/rooms/general/messages", token, `{"text":"a"}`).Want(201)
	}
	a := s.Call("POST", "/rooms/general/messages", token, `{"text":"a"}`).WantProblem(429, "rate_limited")
	if after := a.Header.Get("Retry-After"); after != "10" {
		t.Errorf("Retry-After is %q", after)
	}
	s.Call("POST", "/rooms/general/messages", other, `{"text":"a"}`).Want(201)
	s.Call("GET", "/rooms/general/messages", token, "").Want(200)

	s.Call("POST", "/guest", "", `{"name":"Cy"}`).Want(201)
	s.Call("POST", "/guest", "", `{"name":"Cy"}`).WantProblem(429, "rate_limited")
}

func TestNoLimits_liftsThem(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{
		CommandRate: 0.1, CommandBurst: 1, GuestRate: 0.1, GuestBurst: 1, ConnectionsPerUser: 1, NoLimits: true,
	}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	for range 3 {
		s.Call("POST", "/rooms/general/messages", token, `{"text":"a"}`).Want(201)
		s.Call("POST", "/guest", "", `{"name":"Cy"}`).Want(201)
		s.Stream("/rooms/general/events", token).Want("")
	}
}

func TestUntilExpiry_followsTheClockOfTheOptions(t *testing.T) {
	now := time.Unix(1000, 0)
	s := wiretest.New(t, wiretest.Setup{})
	g := transport.NewGate(s.Chat, s.Guest.Auth, &transport.Options{Now: func() time.Time { return now }})
	grant := transport.Grant{Expires: time.Unix(1060, 0)}
	if left, ends := g.UntilExpiry(&grant); !ends || left != time.Minute {
		t.Errorf("it holds for %s", left)
	}
	if _, ends := g.UntilExpiry(&transport.Grant{}); ends {
		t.Error("a grant without an end ends")
	}
}
