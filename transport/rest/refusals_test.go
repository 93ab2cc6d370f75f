package rest_test

import (
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

const (
	noID    = "01K6ABCDEFGHJKMNPQRSTVWXYZ"
	aheadID = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
)

// TestRefusals provokes every code that a call can be answered with today.
func TestRefusals(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	bob, bobs := s.User("Bob")
	events := s.Post("general", ann, "hello", "deleted")
	message, deleted := "/rooms/general/messages/"+events[0].ID.String(), "/rooms/general/messages/"+events[1].ID.String()
	if _, err := s.Chat.Room("general").Delete(t.Context(), ann, events[1].ID); err != nil {
		t.Fatal(err)
	}
	s.Call("POST", "/rooms/general/messages", token, `{"text":"keyed","key":"k"}`).Want(201)
	_ = bob

	const post = "/rooms/general/messages"
	big := strings.Repeat("a", 64<<10)
	for _, test := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code                     string
	}{
		{"no token", "GET", "/rooms", "", []string{"Authorization", ""}, 401, "unauthenticated"},

		{"not JSON", "POST", post, `{text:1}`, nil, 400, "malformed_json"},
		{"empty body", "POST", post, ``, []string{"Content-Type", "application/json"}, 400, "malformed_json"},
		{"trailing data", "POST", post, `{"text":"a"} x`, nil, 400, "malformed_json"},
		{"unknown field", "POST", post, `{"text":"a","colour":"red"}`, nil, 400, "invalid_field"},
		{"actor in the body", "POST", post, `{"text":"a","user":{"id":"bob"}}`, nil, 400, "invalid_field"},
		{"id in the body", "POST", post, `{"text":"a","id":"` + noID + `"}`, nil, 400, "invalid_field"},
		{"time in the body", "POST", post, `{"text":"a","at":"2026-01-02T03:04:05Z"}`, nil, 400, "invalid_field"},
		{"actor in a join", "POST", "/rooms/general/join", `{"user":"bob"}`, nil, 400, "invalid_field"},
		{"field twice", "POST", post, `{"text":"a","text":"b"}`, nil, 400, "invalid_field"},
		{"wrong type", "POST", post, `{"text":5}`, nil, 400, "invalid_field"},
		{"no text", "POST", post, `{}`, nil, 400, "invalid_field"},
		{"array", "POST", post, `[]`, nil, 400, "invalid_field"},
		{"too deep", "POST", post, `{"text":"a","meta":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, nil, 400, "invalid_field"},
		{"lone surrogate", "POST", post, `{"text":"\ud83d"}`, nil, 400, "invalid_utf8"},
		{"invalid UTF-8", "POST", post, "{\"text\":\"\xff\"}", nil, 400, "invalid_utf8"},
		{"limit 0", "GET", post + "?limit=0", "", nil, 400, "invalid_field"},
		{"limit abc", "GET", post + "?limit=abc", "", nil, 400, "invalid_field"},
		{"limit negative", "GET", "/rooms/general/log?limit=-1", "", nil, 400, "invalid_field"},
		{"limit of rooms", "GET", "/rooms?limit=0", "", nil, 400, "invalid_field"},
		{"scope", "GET", "/rooms?scope=all", "", nil, 400, "invalid_field"},
		{"wait", "GET", "/rooms/general/log?wait=soon", "", nil, 400, "invalid_field"},
		{"around and before", "GET", post + "?around=" + noID + "&before=" + noID, "", nil, 400, "invalid_field"},

		{"room id to join", "POST", "/rooms/-x/join", "", nil, 400, "invalid_room_id"},
		{"long room id to join", "POST", "/rooms/" + strings.Repeat("a", 129) + "/join", "", nil, 400, "invalid_room_id"},
		{"room id elsewhere", "POST", "/rooms/-x/messages", `{"text":"a"}`, nil, 404, "room_not_found"},
		{"room id to read", "GET", "/rooms/a%20b/messages", "", nil, 404, "room_not_found"},
		{"missing room to post to", "POST", "/rooms/nothing/messages", `{"text":"a"}`, nil, 404, "room_not_found"},
		{"missing room to leave", "POST", "/rooms/nothing/leave", "", nil, 404, "room_not_found"},
		{"missing room to read", "GET", "/rooms/nothing", "", nil, 404, "room_not_found"},
		{"missing room's log", "GET", "/rooms/nothing/log?wait=20s", "", nil, 404, "room_not_found"},

		{"bound", "GET", post + "?before=x", "", nil, 400, "invalid_cursor"},
		{"cursor", "GET", "/rooms/general/log?after=x", "", nil, 400, "invalid_cursor"},
		{"cursor ahead", "GET", "/rooms/general/log?after=" + aheadID, "", nil, 409, "cursor_ahead"},
		{"cursor of another store", "GET", "/rooms/general/log?store=0123", "", nil, 409, "cursor_ahead"},

		{"message", "GET", "/rooms/general/messages/" + noID, "", nil, 404, "message_not_found"},
		{"message id", "GET", "/rooms/general/messages/x", "", nil, 404, "message_not_found"},
		{"message id to edit", "PATCH", "/rooms/general/messages/x", `{"text":"a"}`, nil, 404, "message_not_found"},
		{"message to delete", "DELETE", "/rooms/general/messages/" + noID, "", nil, 404, "message_not_found"},
		{"another's message", "PATCH", message, `{"text":"a"}`, []string{"Authorization", "", "Authorization", "Bearer " + bobs}, 403, "forbidden"},
		{"another's to delete", "DELETE", message, "", []string{"Authorization", "", "Authorization", "Bearer " + bobs}, 403, "forbidden"},
		{"deleted to edit", "PATCH", deleted, `{"text":"a"}`, nil, 409, "message_deleted"},
		{"deleted to react to", "PUT", deleted + "/reactions/+1", "", nil, 409, "message_deleted"},

		{"empty", "POST", post, `{"text":" \n\t "}`, nil, 422, "empty_message"},
		{"zero width", "POST", post, `{"text":"\u200b\u2060"}`, nil, 422, "empty_message"},
		{"long", "POST", post, `{"text":"` + big[:4001] + `"}`, nil, 422, "message_too_long"},
		{"control character", "POST", post, `{"text":"a\u0000b"}`, nil, 422, "control_character"},
		{"long emoji", "PUT", message + "/reactions/" + big[:33], "", nil, 422, "invalid_reaction"},
		{"emoji with a slash", "PUT", message + "/reactions/a%2Fb", "", nil, 422, "invalid_reaction"},
		{"no emoji", "PUT", message + "/reactions/", "", nil, 422, "invalid_reaction"},

		{"form", "POST", post, `text=a`, []string{"Content-Type", "", "Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
		{"text", "PATCH", message, `{"text":"a"}`, []string{"Content-Type", "", "Content-Type", "text/plain"}, 415, "unsupported_media_type"},
		{"no type", "POST", post, `{"text":"a"}`, []string{"Content-Type", ""}, 415, "unsupported_media_type"},
		{"gzip", "POST", post, `{"text":"a"}`, []string{"Content-Encoding", "gzip"}, 415, "unsupported_media_type"},
		{"other charset", "POST", post, `{"text":"a"}`, []string{"Content-Type", "", "Content-Type", "application/json; charset=latin1"}, 415, "unsupported_media_type"},
		{"large", "POST", post, `{"text":"` + big + `"}`, nil, 413, "body_too_large"},

		{"long key", "POST", post, `{"text":"a"}`, []string{"Idempotency-Key", big[:256]}, 400, "idempotency_key_invalid"},
		{"key beyond ASCII", "POST", post, `{"text":"a","key":"ä"}`, nil, 400, "idempotency_key_invalid"},
		{"empty key", "POST", post, `{"text":"a","key":""}`, nil, 400, "idempotency_key_invalid"},
		{"two headers", "POST", post, `{"text":"a"}`, []string{"Idempotency-Key", "a", "Idempotency-Key", "a"}, 400, "idempotency_key_invalid"},
		{"two keys", "POST", post, `{"text":"a","key":"a"}`, []string{"Idempotency-Key", "b"}, 400, "idempotency_key_invalid"},
		{"key used for something else", "POST", post, `{"text":"other","key":"k"}`, nil, 422, "idempotency_key_reused"},

		{"accept", "GET", "/rooms/general/events", "", []string{"Accept", "application/json"}, 406, "not_acceptable"},
		{"no room", "GET", "/events", "", nil, 400, "invalid_field"},
		{"no upgrade", "GET", "/ws", "", nil, 400, "invalid_field"},
	} {
		t.Run(test.name, func(t *testing.T) {
			head := s.Chat.Head()
			s.In(t).Call(test.method, test.path, token, test.body, test.header...).WantProblem(test.status, test.code)
			if s.Chat.Head() != head {
				t.Error("something was stored")
			}
		})
	}
}

func TestRefusals_ofAStoreThatIsClosed(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	if err := s.Chat.Close(); err != nil {
		t.Fatal(err)
	}
	for _, call := range [][3]string{
		{"POST", "/rooms/general/join", ""},
		{"POST", "/rooms/general/messages", `{"text":"a"}`},
		{"GET", "/rooms/general/messages", ""},
		{"GET", "/rooms", ""},
		{"GET", "/rooms/general/log", ""},
	} {
		a := s.Call(call[0], call[1], token, call[2]).WantProblem(503, "shutting_down")
		if a.Header.Get("Retry-After") == "" {
			t.Errorf("%v: there is no Retry-After", call)
		}
	}
}

func TestRefusals_ofAnExpiredCursor(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{Keep: 3}})
	ann, token := s.User("Ann")
	events := s.Post("general", ann, "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
	wiretest.Eventually(t, "the room has a floor", func() bool {
		return s.Call("GET", "/rooms/general/log?after="+events[0].ID.String(), token, "").Status == 410
	})
	s.Call("GET", "/rooms/general/log?after="+events[0].ID.String(), token, "").WantProblem(410, "cursor_expired")
	s.Call("GET", "/rooms/general/log?after=00000000000000000000000000", token, "").WantProblem(410, "cursor_expired")
	var page struct {
		Events []struct{ ID string }
		Floor  string
	}
	s.Call("GET", "/rooms/general/log?after=earliest", token, "").Want(200).Decode(&page)
	if len(page.Events) == 0 {
		t.Fatal("nothing is kept")
	}
	s.Call("GET", "/rooms/general/log?after="+page.Floor, token, "").Want(200)
}

func TestRefusals_ofAJoinThatWouldCreate(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{NoJoinCreates: true}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	s.Call("POST", "/rooms/other/join", token, "").WantProblem(404, "room_not_found")
	s.Call("POST", "/rooms/-/join", token, "").WantProblem(400, "invalid_room_id")
	s.Call("POST", "/rooms/general/join", token, "").Want(201)
}
