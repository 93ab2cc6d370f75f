package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/roomlog/chat/transport/internal/wiretest"
)

// bodiless has the calls that need no body, each of which would store something.
func bodiless(message string) [][2]string {
	return [][2]string{
		{"PUT", message + "/reactions/+1"},
		{"DELETE", message + "/reactions/-1"},
		{"DELETE", message},
		{"POST", "/rooms/general/join"},
		{"POST", "/rooms/general/leave"},
	}
}

func TestCallsThatNeedNoBody_judgeTheOneTheyGet(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	message := "/rooms/general/messages/" + s.Post("general", ann, "hello")[0].ID.String()
	s.Call("PUT", message+"/reactions/-1", token, "").Want(201)
	for _, call := range bodiless(message) {
		head := s.Chat.Head()
		for _, test := range []struct {
			name, body string
			header     []string
			status     int
			code       string
		}{
			{"unknown field", `{"colour":"red"}`, nil, 400, "invalid_field"},
			{"actor", `{"user":"bob"}`, nil, 400, "invalid_field"},
			{"not JSON", `{`, nil, 400, "malformed_json"},
			{"array", `[]`, nil, 400, "invalid_field"},
			{"wrong type", `{}`, []string{"Content-Type", "", "Content-Type", "text/plain"}, 415, "unsupported_media_type"},
			{"no type", `{}`, []string{"Content-Type", ""}, 415, "unsupported_media_type"},
			{"large", `{"key":"` + strings.Repeat("k", 64<<10) + `"}`, nil, 413, "body_too_large"},
			{"two keys", "", []string{"Idempotency-Key", "a", "Idempotency-Key", "b"}, 400, "idempotency_key_invalid"},
			{"two keys, the same", "", []string{"Idempotency-Key", "a", "Idempotency-Key", "a"}, 400, "idempotency_key_invalid"},
		} {
			t.Run(call[0]+" "+test.name, func(t *testing.T) {
				s.In(t).Call(call[0], call[1], token, test.body, test.header...).WantProblem(test.status, test.code)
			})
		}
		if s.Chat.Head() != head {
			t.Errorf("%v has stored something", call)
		}
	}
}

func TestCallsThatNeedNoBody_needNoContentType(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	message := "/rooms/general/messages/" + s.Post("general", ann, "hello")[0].ID.String()
	for _, test := range []struct {
		method, path, body string
		header             []string
		status             int
	}{
		{"PUT", "/reactions/+1", "", nil, 201},
		{"PUT", "/reactions/+1", `{}`, nil, 204},
		{"DELETE", "/reactions/+1", "", []string{"Content-Type", "text/plain"}, 200},
		{"DELETE", "/reactions/+1", `{}`, nil, 204},
		{"DELETE", "", `{}`, []string{"Idempotency-Key", "k"}, 200},
		{"DELETE", "", "", []string{"Idempotency-Key", "k"}, 204}, // nothing changed: no key is needed to see it
	} {
		s.Call(test.method, message+test.path, token, test.body, test.header...).Want(test.status)
	}

	// A body that is announced in chunks, and empty.
	r, err := http.NewRequest("DELETE", s.URL+message, struct{ *strings.Reader }{strings.NewReader("")})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.HTTP.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 204 {
		t.Errorf("an empty body in chunks is answered %s", resp.Status)
	}
}
