package protocol_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// call is a request and the status that it is answered with. MSG in its path
// stands for the id of a message of Ann's.
type call struct {
	operation string // of the document
	by        chat.User
	path      string // without its method
	body      string
	header    []string
	status    int
}

var nobody chat.User

// calls of one server, in their order; those about rooms come behind them.
var calls = []call{
	{"POST /guest", nobody, "/guest", `{"name":"Eve"}`, nil, 201},
	{"POST /guest", nobody, "/guest", `{"name":" "}`, nil, 400},
	{"POST /guest", nobody, "/guest", `{"name":"Eve"}`, []string{"Content-Type", "text/plain"}, 415},
	{"POST /guest", nobody, "/guest", `{"name":"Eve"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403},
	{"GET /me", ann, "/me", "", nil, 200},
	{"GET /me", ann, "/me?a=%", "", nil, 400},
	{"POST /ticket", ann, "/ticket", "", nil, 201},
	{"POST /ticket", ann, "/ticket", "{}", nil, 201},
	{"POST /ticket", ann, "/ticket", `{"key":"k"}`, nil, 400},
	{"GET /rooms", ann, "/rooms", "", nil, 200},
	{"GET /rooms", ann, "/rooms?limit=0", "", nil, 400},
	{"GET /rooms", ann, "/rooms?after=none", "", nil, 400},
	{"GET /rooms/{room}", ann, "/rooms/general", "", nil, 404},
	{"POST /rooms/{room}/join", ann, "/rooms/general/join", "", []string{"Idempotency-Key", "j"}, 201},
	{"POST /rooms/{room}/join", ann, "/rooms/general/join", "", []string{"Idempotency-Key", "j"}, 200},
	{"POST /rooms/{room}/join", ann, "/rooms/general/join", "", nil, 200},
	{"POST /rooms/{room}/join", bob, "/rooms/general/join", `{"key":"j"}`, nil, 201},
	{"POST /rooms/{room}/join", ann, "/rooms/-/join", "", nil, 400},
	{"POST /rooms/{room}/leave", bob, "/rooms/general/leave", "", nil, 200},
	{"POST /rooms/{room}/leave", bob, "/rooms/general/leave", "", nil, 200},
	{"POST /rooms/{room}/leave", bob, "/rooms/none/leave", "", nil, 404},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"one","kind":"note","meta":{"a":[1]},"key":"k"}`, nil, 201},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"one","kind":"note","meta":{"a":[1]},"key":"k"}`, nil, 200},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"two","key":"k"}`, nil, 422},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":" one\r\n","kind":"note","meta":{"a": [1]},"key":"k"}`, nil, 200},
	{"PATCH /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG", `{"text":"one","key":"k"}`, nil, 422},
	{"POST /rooms/{room}/messages", bob, "/rooms/general/messages", `{"text":"his","key":"k"}`, nil, 201},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":" "}`, nil, 422},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"a\u0001"}`, nil, 422},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"` + strings.Repeat("x", 4001) + `"}`, nil, 422},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 413},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"one","thread":"x"}`, nil, 404},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{`, nil, 400},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", "{\"text\":\"\xff\"}", nil, 400},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"one","key":""}`, nil, 400},
	{"POST /rooms/{room}/messages", ann, "/rooms/none/messages", `{"text":"one"}`, nil, 404},
	{"PATCH /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG", `{"text":"two"}`, nil, 200},
	{"PATCH /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG", `{"text":"two"}`, nil, 204},
	{"PATCH /rooms/{room}/messages/{id}", bob, "/rooms/general/messages/MSG", `{"text":"two"}`, nil, 403},
	{"PATCH /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/x", `{"text":"two"}`, nil, 404},
	{"PUT /rooms/{room}/messages/{id}/reactions/{emoji}", bob, "/rooms/general/messages/MSG/reactions/%F0%9F%91%8D", "", nil, 201},
	{"PUT /rooms/{room}/messages/{id}/reactions/{emoji}", bob, "/rooms/general/messages/MSG/reactions/%F0%9F%91%8D", "", nil, 204},
	{"PUT /rooms/{room}/messages/{id}/reactions/{emoji}", bob, "/rooms/general/messages/MSG/reactions/..", "", nil, 422},
	{"GET /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG", "", nil, 200},
	{"GET /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG?history=1", "", nil, 200},
	{"GET /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/x", "", nil, 404},
	{"GET /rooms/{room}/messages", ann, "/rooms/general/messages", "", nil, 200},
	{"GET /rooms/{room}/messages", ann, "/rooms/general/messages?around=MSG&limit=1", "", nil, 200},
	{"GET /rooms/{room}/messages", ann, "/rooms/general/messages?before=x", "", nil, 400},
	{"GET /rooms/{room}/messages", ann, "/rooms/general/messages?after=7ZZZZZZZZZ0000000000000000", "", nil, 200},
	{"GET /rooms", ann, "/rooms?scope=mine&limit=1", "", nil, 200},
	{"GET /rooms/{room}", ann, "/rooms/general", "", nil, 200},
	{"DELETE /rooms/{room}/messages/{id}/reactions/{emoji}", bob, "/rooms/general/messages/MSG/reactions/%F0%9F%91%8D", "", nil, 200},
	{"DELETE /rooms/{room}/messages/{id}/reactions/{emoji}", bob, "/rooms/general/messages/MSG/reactions/%F0%9F%91%8D", `{"key":"x"}`, nil, 204},
	{"DELETE /rooms/{room}/messages/{id}", bob, "/rooms/general/messages/MSG", "", nil, 403},
	{"DELETE /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG", "", nil, 200},
	{"DELETE /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG", "", nil, 204},
	{"PATCH /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG", `{"text":"three"}`, nil, 409},
	{"PUT /rooms/{room}/messages/{id}/reactions/{emoji}", bob, "/rooms/general/messages/MSG/reactions/x", "", nil, 409},
	{"POST /rooms/{room}/messages", ann, "/rooms/general/messages", `{"text":"one","kind":"note","meta":{"a":[1]},"key":"k"}`, nil, 200},
	{"GET /rooms/{room}/messages/{id}", ann, "/rooms/general/messages/MSG?history=1", "", nil, 200},
	{"GET /rooms/{room}", ann, "/rooms/general", "", nil, 200},
	{"GET /rooms/{room}/log", ann, "/rooms/general/log", "", nil, 200},
	{"GET /rooms/{room}/log", ann, "/rooms/general/log?after=latest&wait=1ms", "", nil, 200},
	{"GET /rooms/{room}/log", ann, "/rooms/general/log?store=other", "", nil, 409},
	{"GET /rooms/{room}/log", ann, "/rooms/general/log?after=7ZZZZZZZZZ0000000000000000", "", nil, 409},
	{"GET /rooms/{room}/log", ann, "/rooms/general/log?after=x", "", nil, 400},
	{"GET /rooms/{room}/log", ann, "/rooms/none/log", "", nil, 404},
	{"GET /rooms/{room}/events", ann, "/rooms/none/events", "", nil, 404},
	{"GET /rooms/{room}/events", ann, "/rooms/general/events", "", []string{"Accept", "text/html"}, 406},
	{"GET /events", ann, "/events", "", nil, 400},
	{"GET /events", ann, "/events?room=none", "", nil, 404},
	{"GET /events", ann, "/events?room=general", "", []string{"Accept", "text/html"}, 406},
	{"GET /me/events", ann, "/me/events", "", []string{"Accept", "text/html"}, 406},
	{"GET /ws", ann, "/ws", "", nil, 400},
	{"PUT /me/status", ann, "/me/status", `{"status":"away","text":" At lunch "}`, nil, 200},
	{"PUT /me/status", ann, "/me/status", `{"status":"gone"}`, nil, 400},
	{"PUT /me/status", ann, "/me/status", "", nil, 415},
	{"PUT /rooms/{room}/read", ann, "/rooms/general/read", `{"up_to":"msg"}`, nil, 200},
	{"PUT /rooms/{room}/read", ann, "/rooms/general/read", `{"up_to":"latest"}`, nil, 200},
	{"PUT /rooms/{room}/read", ann, "/rooms/general/read", `{"up_to":"earliest"}`, nil, 200},
	{"PUT /rooms/{room}/read", chat.User{ID: "eve", Name: "Eve"}, "/rooms/general/read", `{"up_to":"earliest"}`, nil, 200}, // she has no marker
	{"PUT /rooms/{room}/read", ann, "/rooms/general/read", `{"up_to":""}`, nil, 400},
	{"PUT /rooms/{room}/read", ann, "/rooms/general/read", `{"up_to":"7ZZZZZZZZZ0000000000000000"}`, nil, 409},
	{"PUT /rooms/{room}/read", ann, "/rooms/none/read", `{"up_to":"latest"}`, nil, 404},
	{"GET /rooms/{room}/receipts", ann, "/rooms/general/receipts", "", nil, 403},
	{"GET /rooms/{room}/receipts", ann, "/rooms/none/receipts", "", nil, 404},
	{"POST /rooms/{room}/typing", ann, "/rooms/general/typing", "", nil, 204},
	{"POST /rooms/{room}/typing", ann, "/rooms/general/typing", "{}", nil, 204},
	{"POST /rooms/{room}/typing", ann, "/rooms/general/typing", `{"key":"k"}`, nil, 400},
	{"POST /rooms/{room}/typing", ann, "/rooms/none/typing", "", nil, 404},
	{"POST /rooms/{room}/signals", ann, "/rooms/general/signals", `{"kind":"x.cursor","data":[1]}`, nil, 204},
	{"POST /rooms/{room}/signals", ann, "/rooms/general/signals", `{"kind":"x.cursor"}`, nil, 204},
	{"POST /rooms/{room}/signals", ann, "/rooms/general/signals", `{"kind":"typing"}`, nil, 400},
	{"POST /rooms/{room}/signals", ann, "/rooms/general/signals", `{"kind":"x.a","data":"` + strings.Repeat("x", 1025) + `"}`, nil, 400},
	{"POST /rooms/{room}/signals", ann, "/rooms/none/signals", `{"kind":"x.a"}`, nil, 404},
	{"GET /rooms/{room}/presence", ann, "/rooms/general/presence", "", nil, 200},
	{"GET /rooms/{room}/presence", ann, "/rooms/none/presence", "", nil, 404},
	{"GET /rooms/{room}", ann, "/rooms/general", "", nil, 200},
	{"GET /rooms/{room}", chat.User{ID: "eve", Name: "Eve"}, "/rooms/general", "", nil, 200},
}

func TestCalls_areAnsweredAsTheDocumentsSay(t *testing.T) {
	s := loadSchemas(t)
	srv := serve(t, transport.Options{}, nil)
	message := ""
	succeeded := make(map[string]bool)
	for _, c := range slices.Concat(calls, roomCalls) {
		method, _, _ := strings.Cut(c.operation, " ")
		names := strings.NewReplacer("MSG", message, "msg", strings.ToLower(message))
		r := srv.request(c.by, method, strings.Replace(c.path, "MSG", message, 1), names.Replace(c.body), c.header...)
		resp, body := srv.do(r)
		if resp.StatusCode != c.status {
			t.Errorf("%s %s %.60s is answered %d %s, not %d", method, c.path, c.body, resp.StatusCode, body, c.status)
			continue
		}
		s.wantAnswer(c.operation, resp, body)
		succeeded[c.operation] = succeeded[c.operation] || c.status < 300
		if message == "" && c.operation == "POST /rooms/{room}/messages" {
			var e struct{ ID string }
			if err := json.Unmarshal(body, &e); err != nil {
				t.Fatal(err)
			}
			message = e.ID
		}
	}
	for name := range s.operations() {
		if !succeeded[name] && !strings.Contains(name, "/events") && name != "GET /ws" { // those have tests of their own
			t.Errorf("%s is never answered with success", name)
		}
	}
}

// Every operation, on a server that knows the caller, does not, or refuses them.
func TestOperations_refuseAsTheDocumentSays(t *testing.T) {
	s := loadSchemas(t)
	var refuse atomic.Bool
	srv := serve(t, transport.Options{CommandBurst: 1, CommandRate: 1e-9}, func(transport.Action, string) error {
		if refuse.Load() {
			return chat.ErrForbidden
		}
		return nil
	})
	srv.do(srv.request(ann, "POST", "/rooms/general/join", "")) // all the commands that Ann has
	refuse.Store(true)
	for name := range s.operations() {
		stranger := chat.User{ID: strings.NewReplacer(" ", ".", "/", ".").Replace(name), Name: "Bob"} // with commands of their own
		method, path, _ := strings.Cut(name, " ")
		path = strings.NewReplacer("{room}", "general", "{id}", "7ZZZZZZZZZZZZZZZZZZZZZZZZY", "{emoji}", "x", "{user}", "bob").Replace(path)
		if path == "/events" {
			path += "?room=general"
		}
		body := map[string]string{"POST": `{"text":"x"}`, "PATCH": `{"text":"x"}`}[method]
		if strings.HasSuffix(name, "/read") {
			body = `{"up_to":"latest"}`
		}
		if regexp.MustCompile(`/(join|leave|typing)$`).MatchString(path) {
			body = ""
		}
		write := method != http.MethodGet
		for _, test := range []struct {
			by     chat.User
			header []string
			status int
			given  bool
		}{
			{nobody, nil, 401, path != "/guest"},
			{stranger, nil, 403, regexp.MustCompile(`^/rooms/`).MatchString(path)},
			{ann, nil, 429, write && path != "/guest"},
			{nobody, []string{"Sec-Fetch-Site", "cross-site", "Cookie", "chat_guest=" + srv.token(stranger)}, 403, write},
		} {
			if !test.given {
				continue
			}
			resp, answer := srv.do(srv.request(test.by, method, path, body, test.header...))
			if resp.StatusCode != test.status {
				t.Errorf("%s is answered %d %s, not %d", name, resp.StatusCode, answer, test.status)
			}
			s.wantAnswer(name, resp, answer)
		}
	}
}

// Fields of bodies are judged the same for everybody, before the room is looked
// at, and nothing is stored.
func TestCalls_refuseOddFields(t *testing.T) {
	s := loadSchemas(t)
	srv := serve(t, transport.Options{NoLimits: true}, nil)
	g := &gallery{server: srv, rooms: make(map[byte]*place)}
	for operation, bodies := range strictFields {
		method, path, _ := strings.Cut(operation, " ")
		path = strings.NewReplacer("{id}", "{own}", "{user}", "{target}").Replace(path)
		for _, body := range bodies {
			for _, letter := range []byte{'v', 'm'} {
				p := g.at(letter)
				head := srv.chat.Head()
				resp, answer := srv.do(srv.request(owner, method, p.fill(owner, path), body))
				s.wantAnswer(operation, resp, answer)
				odd := strings.Contains(body, "until") && strings.Contains(body, "2026-01-01T") // what is past depends on the commit
				if letterOf(resp, answer) != 'I' && !(odd && letter == 'm') || srv.chat.Head() != head {
					t.Errorf("%s %.80s of %c is answered %d %s", operation, body, letter, resp.StatusCode, answer)
				}
			}
		}
	}
}
