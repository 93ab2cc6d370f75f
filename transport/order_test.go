package transport_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// spy is a body that knows whether it was read.
type spy struct {
	io.Reader
	read bool
}

func (s *spy) Read(b []byte) (int, error) {
	s.read = true
	return s.Reader.Read(b)
}

func (s *spy) Close() error { return nil }

// askWithSpy makes a request with a body to the API itself.
func askWithSpy(s *wiretest.Server, method, path string) (*httptest.ResponseRecorder, *spy) {
	body := &spy{Reader: strings.NewReader(`{"text":"x"}`)}
	r := httptest.NewRequest(method, path, body)
	r.Body = body
	r.ContentLength = 12
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.API.ServeHTTP(w, r)
	return w, body
}

// A chat that is closed fails every look at a room, so whoever is refused there
// was refused without one.
func TestAuth_isAskedBeforeAnythingIsRead(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Auth: func(*http.Request) (transport.Grant, error) {
		return transport.Grant{User: chat.User{ID: "ann"}}, errors.New("no")
	}})
	_ = s.Chat.Close()
	for _, route := range everyRoute {
		w, body := askWithSpy(s, route[0], route[1])
		if w.Code != 401 || body.read {
			t.Errorf("%v is answered %d, its body was read: %t", route, w.Code, body.read)
		}
	}
}

func TestMay_isAskedBeforeABodyIsReadOrARoomIsLookedUp(t *testing.T) {
	ann := chat.User{ID: "ann", Name: "Ann"}
	refusing := true
	s := wiretest.New(t, wiretest.Setup{Auth: func(*http.Request) (transport.Grant, error) {
		return transport.Grant{User: ann, May: func(transport.Action, string) error {
			if refusing {
				return errors.New("no")
			}
			return nil
		}}, nil
	}})
	_ = s.Chat.Close()
	for _, route := range everyRoute[3:] {
		if strings.HasPrefix(route[1], "/events") || route[1] == "/ws" {
			continue // which name no room, or hide it
		}
		refusing = true
		w, body := askWithSpy(s, route[0], route[1])
		if w.Code != 403 || body.read {
			t.Errorf("%v is answered %d, its body was read: %t", route, w.Code, body.read)
		}
		refusing = false
		if w, _ := askWithSpy(s, route[0], route[1]); w.Code == 403 {
			t.Errorf("%v is refused whatever the rules say: the test shows nothing", route)
		}
	}
}

func TestAHookThatEndsItsGoroutine_letsNobodyIn(t *testing.T) {
	ann := chat.User{ID: "ann", Name: "Ann"}
	for name, auth := range map[string]transport.Auth{
		"auth": func(*http.Request) (transport.Grant, error) { runtime.Goexit(); panic("not reached") },
		"may": func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, May: func(transport.Action, string) error { runtime.Goexit(); return nil }}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := wiretest.New(t, wiretest.Setup{Auth: auth})
			s.Post("general", ann, "hello")
			head := s.Chat.Head()
			for _, route := range everyRoute[3:] {
				r, err := http.NewRequest(route[0], s.URL+route[1], nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := s.HTTP.Client().Do(r)
				if err == nil {
					resp.Body.Close()
					if resp.StatusCode < 400 {
						t.Errorf("%v is answered %d", route, resp.StatusCode)
					}
				}
			}
			if s.Chat.Head() != head {
				t.Error("something was stored")
			}
		})
	}
}
