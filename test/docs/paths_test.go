package docs_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/roomlog/chat/client"
)

// Routers hand on the paths as they were sent, so that the API answers them as the
// protocol says; what is not under its prefix is theirs.
func TestRouters_handPathsOnAsTheyWereSent(t *testing.T) {
	for _, b := range blocks(t, "go") {
		if b.page != "with-routers" || !serves(b) {
			continue
		}
		t.Run(b.String(), func(t *testing.T) {
			p := start(t, b)
			_, token, err := client.Guest(t.Context(), p.url+"/chat", "Ann")
			if err != nil {
				t.Fatal(err)
			}
			call := func(method, path, body string) (int, string) {
				r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Content-Type", "application/json")
				resp, err := http.DefaultTransport.RoundTrip(r) // which follows no redirect
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				text, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				var answer struct{ ID, Code string }
				_ = json.Unmarshal(text, &answer) // the rest of the program is not JSON
				if answer.ID != "" {
					return resp.StatusCode, answer.ID
				}
				return resp.StatusCode, answer.Code
			}
			if status, code := call("POST", "/chat/rooms/general/join", ""); status != http.StatusCreated {
				t.Fatalf("joining is %d %s", status, code)
			}
			_, id := call("POST", "/chat/rooms/general/messages", `{"text":"Hello."}`)
			for _, c := range []struct {
				method, path string
				status       int
				code         string
			}{
				{"POST", "/chat/rooms//join", 400, "invalid_room_id"},
				{"PUT", "/chat/rooms/general/messages/" + id + "/reactions/..", 422, "invalid_reaction"},
				{"PUT", "/chat/rooms/general/messages/" + id + "/reactions/a%2Fb", 422, "invalid_reaction"},
				{"GET", "/chat/rooms/general/", 404, "not_found"},
				{"PUT", "/chat/rooms/general/messages", 405, "method_not_allowed"},
				{"GET", "/", 200, ""},
			} {
				if status, code := call(c.method, c.path, ""); status != c.status || code != c.code {
					t.Errorf("%s %s is %d %s, want %d %s", c.method, c.path, status, code, c.status, c.code)
				}
			}
		})
	}
}
