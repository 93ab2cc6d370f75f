package mount_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/roomlog/chat/transport/internal/wiretest"
)

// ask sends a request with a path as it is, and returns the answer.
func ask(t *testing.T, h http.Handler, method, target, token string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestUnder_handsTheAPIPathsAsTheyWereSent(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	id := s.Post("cc", ann, "hello")[0].ID.String()
	rest := http.NewServeMux()
	rest.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "rest ", r.URL.Path) })
	message := "/api/rooms/cc/messages/" + id
	for _, test := range []struct {
		method, target string
		status         int
		body           string // what it holds
	}{
		{"GET", message, 200, `"text":"hello"`},
		{"GET", "/api/rooms", 200, `"rooms"`},
		{"PUT", message + "/reactions/%F0%9F%91%8D", 201, `"emoji":"👍"`},
		{"PUT", message + "/reactions/a%3Fb", 201, `"emoji":"a?b"`},
		{"PUT", message + "/reactions/a%2Fb", 422, "invalid_reaction"},
		{"DELETE", message + "/reactions/..", 422, "invalid_reaction"},
		{"DELETE", message + "/reactions/%2e%2e", 422, "invalid_reaction"},
		{"DELETE", message + "/reactions/", 422, "invalid_reaction"},
		{"POST", "/api/rooms//join", 400, "invalid_room_id"},
		{"POST", "/api/rooms/../join", 400, "invalid_room_id"},
		{"GET", "/api", 404, "not_found"},
		{"GET", "/api/", 404, "not_found"},
		{"GET", "/api/../rooms", 404, "not_found"},

		{"DELETE", "//api/rooms/cc/messages/" + id, 404, "not_found"},
		{"DELETE", "/x/../api/rooms/cc/messages/" + id, 404, "not_found"},
		{"DELETE", "/%61pi/rooms/cc/messages/" + id, 404, "not_found"},
		{"DELETE", "/x%2F../api/rooms/cc/messages/" + id, 404, "not_found"},

		{"GET", "/", 200, "rest /"},
		{"GET", "/apis", 200, "rest /apis"},
		{"GET", "/x/api/rooms", 200, "rest /x/api/rooms"},
		{"GET", "/x//y", 307, ""},
	} {
		for _, prefix := range []string{"/api", "/api/"} {
			w := ask(t, s.API.Under(prefix, rest), test.method, test.target, token)
			if test.method == "PUT" && w.Code == 204 {
				continue // the second time
			}
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("%s %s is answered %d %s", test.method, test.target, w.Code, w.Body)
			}
		}
	}
}

func TestUnder_ofNoPrefixIsTheAPIAlone(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	h := s.API.Under("/", http.NotFoundHandler())
	if w := ask(t, h, "GET", "/rooms", token); w.Code != 200 {
		t.Errorf("it is answered %d %s", w.Code, w.Body)
	}
}

func TestUnder_panicsWhereItCannotServe(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	for _, mount := range []func(){
		func() { s.API.Under("api", http.NotFoundHandler()) },
		func() { s.API.Under("/api", nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("it did not panic")
				}
			}()
			mount()
		}()
	}
}

func TestAPI_isServedBelowAServeMuxToo(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	mux := http.NewServeMux()
	mux.Handle("/chat/", http.StripPrefix("/chat", s.API))
	if w := ask(t, mux, "POST", "/chat/rooms/general/join", token); w.Code != 201 {
		t.Errorf("a join is answered %d %s", w.Code, w.Body)
	}
	if w := ask(t, mux, "GET", "/chat/rooms/general", token); w.Code != 200 {
		t.Errorf("a room is answered %d %s", w.Code, w.Body)
	}
}
