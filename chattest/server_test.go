package chattest_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/chattest"
	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/transport"
)

func TestNew_servesTheChatAndClosesAllWithTheTest(t *testing.T) {
	t.Parallel()
	var path, address string
	var c *chat.Chat
	var ann *client.Client
	t.Run("inner", func(t *testing.T) {
		s := chattest.New(t, &chattest.Options{Handler: func(c *chat.Chat) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
		}})
		path, c, ann = s.Path(), s.Chat(), s.User("Ann").Client()
		address = strings.TrimPrefix(s.URL, "http://")
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
		for _, test := range []struct{ path, body string }{{"/hooks/ci", "/hooks/ci"}, {"/api/me", `"unauthenticated"`}} {
			resp, err := http.Get(s.URL + test.path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || !strings.Contains(string(body), test.body) {
				t.Errorf("%s is answered %s, %v", test.path, body, err)
			}
		}
		http.DefaultClient.CloseIdleConnections()
	})
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
	if _, err := c.Room("general").Post(t.Context(), chat.User{ID: "ann"}, "Late."); !errors.Is(err, chat.ErrShuttingDown) {
		t.Errorf("the chat still answers: %v", err)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("the address still answers")
	}
	if ann.State().Phase != client.Closed {
		if _, err := ann.Room("general").Post(t.Context(), "Late."); !errors.Is(err, client.ErrClosed) {
			t.Errorf("the client still answers: %v", err)
		}
	}
}

func TestUser_isTheSameEachTimeAndConnectsWhenAsked(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, nil)
	ann := s.User("Ann Lee")
	first := ann.Client()
	if s.User("Ann Lee") != ann || ann.ID != "ann-lee" || ann.Client() != first {
		t.Errorf("the user is %+v", ann.User)
	}
	if got := ann.Client().User(); got != (client.User{ID: "ann-lee", Name: "Ann Lee"}) {
		t.Errorf("to the server the user is %+v", got)
	}
	e := ann.Join("general").Post("general", "Hello.")
	m, err := s.Chat().Room("general").History(t.Context(), chat.HistoryQuery{})
	if err != nil || len(m.Messages) != 1 || m.Messages[0].ID.String() != string(e.ID) || m.Messages[0].User != ann.User {
		t.Errorf("the history is %+v, %v", m.Messages, err)
	}
}

func TestUser_failsTheTestWhereTheServerRefuses(t *testing.T) {
	t.Parallel()
	got := try(t, func(t testing.TB) { chattest.New(t, nil).User("Ann").Post("nowhere", "Hello.") })
	if !strings.Contains(got, `Ann cannot post "Hello." in nowhere: chat: room_not_found`) {
		t.Errorf("the failure is %s", got)
	}
}

func TestOptions_authIsThatOfTheHost(t *testing.T) {
	t.Parallel()
	auth := func(r *http.Request) (transport.Grant, error) {
		id, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer of ")
		if !ok {
			return transport.Grant{}, errors.New("who?")
		}
		return transport.Grant{User: chat.User{ID: id, Name: "the one called " + id}}, nil
	}
	token := func(u chat.User, _ time.Time) string { return "of " + u.ID }
	s := chattest.New(t, &chattest.Options{Auth: auth, Token: token})
	if got := s.User("Ann").Client().User().Name; got != "the one called ann" {
		t.Errorf("the user is %s", got)
	}
	if got := try(t, func(t testing.TB) { chattest.New(t, &chattest.Options{Auth: auth}) }); !strings.Contains(got, "Auth and Token") {
		t.Errorf("without Token it says %q", got)
	}
}

func TestRun_runsBesideEachChatAndEndsBeforeIt(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan *chat.Chat, 9), make(chan *chat.Chat, 9)
	t.Run("inner", func(t *testing.T) {
		s := chattest.New(t, &chattest.Options{Run: func(ctx context.Context, c *chat.Chat) error {
			begun <- c
			<-ctx.Done()
			ended <- c
			return ctx.Err()
		}})
		first := s.Chat()
		s.Kill()
		second := s.Chat()
		s.Restart()
		if a, b := <-begun, <-begun; a != first || b != second || <-ended != first || <-ended != second || <-begun != s.Chat() {
			t.Error("it did not run beside each chat")
		}
	})
	if len(ended) != 1 {
		t.Error("it did not end with the test")
	}
	got := try(t, func(inner testing.TB) {
		chattest.New(inner, &chattest.Options{Run: func(context.Context, *chat.Chat) error { return errors.New("broken") }})
		eventually(t, "the test fails", func() bool { return inner.(*trial).told() != "" })
	})
	if !strings.Contains(got, "Options.Run: broken") {
		t.Errorf("an error of Run is %q", got)
	}
}
