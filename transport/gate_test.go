package transport_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
	"github.com/roomlog/chat/transport/mount"
	"github.com/roomlog/chat/transport/rest"
	"github.com/roomlog/chat/transport/sse"
	"github.com/roomlog/chat/transport/ws"
)

func TestHandlers_panicWithoutAnAuth(t *testing.T) {
	c, err := chat.Create(filepath.Join(t.TempDir(), "chat.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, construct := range []func(*chat.Chat, transport.Auth){
		func(c *chat.Chat, a transport.Auth) { mount.Handler(c, a, nil) },
		func(c *chat.Chat, a transport.Auth) { rest.Handler(c, a, nil) },
		func(c *chat.Chat, a transport.Auth) { sse.New(c, a, nil) },
		func(c *chat.Chat, a transport.Auth) { ws.New(c, a, nil) },
	} {
		mustPanic(t, "Auth is nil", func() { construct(c, nil) })
		mustPanic(t, "chat is nil", func() {
			construct(nil, func(*http.Request) (transport.Grant, error) { return transport.Grant{}, nil })
		})
	}
	mustPanic(t, "Origins", func() {
		mount.Handler(c, transport.NewGuest(make([]byte, 16)).Auth, &transport.Options{Origins: []string{"example.com/x"}})
	})
}

// everyRoute has one request for each route that asks who is there.
var everyRoute = [][2]string{
	{"GET", "/me"},
	{"POST", "/ticket"},
	{"GET", "/rooms"},
	{"GET", "/rooms/general"},
	{"POST", "/rooms/general/join"},
	{"POST", "/rooms/general/leave"},
	{"GET", "/rooms/general/log"},
	{"GET", "/rooms/general/messages"},
	{"POST", "/rooms/general/messages"},
	{"GET", "/rooms/general/messages/" + someID},
	{"PATCH", "/rooms/general/messages/" + someID},
	{"DELETE", "/rooms/general/messages/" + someID},
	{"PUT", "/rooms/general/messages/" + someID + "/reactions/+1"},
	{"DELETE", "/rooms/general/messages/" + someID + "/reactions/+1"},
	{"GET", "/rooms/general/events"},
	{"GET", "/events?room=general"},
	{"GET", "/events"},
	{"GET", "/ws"},
}

func TestAuth_isNeverAllowedByAccident(t *testing.T) {
	for _, test := range []struct {
		name   string
		auth   transport.Auth
		status int
		code   string
	}{
		{"error", func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: chat.User{ID: "ann"}}, errors.New("no")
		}, 401, "unauthenticated"},
		{"forbidden", func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: chat.User{ID: "ann"}}, chat.ErrForbidden
		}, 403, "forbidden"},
		{"panic", func(*http.Request) (transport.Grant, error) { panic("oops") }, 500, "internal"},
		{"nobody", func(*http.Request) (transport.Grant, error) { return transport.Grant{}, nil }, 500, "internal"},
		{"expired", func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: chat.User{ID: "ann"}, Expires: time.Now().Add(-time.Second)}, nil
		}, 401, "unauthenticated"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := wiretest.New(t, wiretest.Setup{Auth: test.auth})
			for _, route := range everyRoute {
				s.Call(route[0], route[1], "", "").WantProblem(test.status, test.code)
			}
			if head := s.Chat.Head(); head != chat.Start {
				t.Errorf("something was stored: %s", head)
			}
		})
	}
}

func TestMay_isAskedForEveryRoute(t *testing.T) {
	for _, test := range []struct {
		name   string
		may    func(transport.Action, string) error
		status int
		code   string
	}{
		{"error", func(transport.Action, string) error { return errors.New("not today") }, 403, "forbidden"},
		{"hidden", func(transport.Action, string) error { return chat.ErrRoomNotFound }, 404, "room_not_found"},
		{"panic", func(transport.Action, string) error { panic("oops") }, 500, "internal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ann := chat.User{ID: "ann", Name: "Ann"}
			s := wiretest.New(t, wiretest.Setup{Auth: func(*http.Request) (transport.Grant, error) {
				return transport.Grant{User: ann, May: test.may}, nil
			}})
			s.Post("general", ann, "hello")
			head := s.Chat.Head()
			for _, route := range everyRoute[3:] {
				body := ""
				if route[0] == "PATCH" || route[1] == "/rooms/general/messages" && route[0] == "POST" {
					body = `{"text":"x"}`
				}
				switch a := s.Call(route[0], route[1], "x", body); route[1] {
				case "/events?room=general":
					a.WantProblem(404, "room_not_found")
				case "/events":
					a.WantProblem(400, "invalid_field")
				case "/ws":
					a.WantProblem(400, "invalid_field")
				default:
					a.WantProblem(test.status, test.code)
				}
			}
			var list struct{ Rooms []struct{} }
			s.Call("GET", "/rooms", "x", "").Want(200).Decode(&list)
			if len(list.Rooms) > 0 {
				t.Error("the list shows rooms that may not be read")
			}
			if s.Chat.Head() != head {
				t.Error("something was stored")
			}
		})
	}
}

func TestAHiddenRoom_isAnsweredAsOneThatDoesNotExist(t *testing.T) {
	ann := chat.User{ID: "ann", Name: "Ann"}
	hide := func(room string) transport.Auth {
		return func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, May: func(_ transport.Action, r string) error {
				if r == room {
					return chat.ErrRoomNotFound
				}
				return nil
			}}, nil
		}
	}
	hidden := wiretest.New(t, wiretest.Setup{Auth: hide("general")})
	hidden.Post("general", ann, "hello")
	missing := wiretest.New(t, wiretest.Setup{Auth: hide("")})
	for _, route := range everyRoute[3:16] {
		if route[1] == "/rooms/general/join" {
			continue // which would create it
		}
		body := ""
		if route[0] == "PATCH" || route[0] == "POST" {
			body = `{"text":"x"}`
		}
		if route[1] == "/rooms/general/leave" {
			body = ""
		}
		a, b := hidden.Call(route[0], route[1], "", body), missing.Call(route[0], route[1], "", body)
		if a.Status != b.Status || string(a.Body) != string(b.Body) {
			t.Errorf("%v: %d %s is not %d %s", route, a.Status, a.Body, b.Status, b.Body)
		}
	}
}
