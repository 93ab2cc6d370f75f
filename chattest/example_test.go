package chattest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/chattest"
	"github.com/roomlog/chat/client"
)

// A handler of the host's that posts: what it posts is in the room.
func Example_handler() {
	t := begin() // in a test of yours: t is that of func TestDeploy(t *testing.T)
	defer t.end()

	ci := chat.User{ID: "ci", Name: "CI"}
	deployed := func(c *chat.Chat) http.Handler { // what is to be tested
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := c.Room("general").Post(r.Context(), ci, "Deployed "+r.FormValue("version")+".")
			if err != nil {
				http.Error(w, "it could not be told", http.StatusServiceUnavailable)
			}
		})
	}
	s := chattest.New(t, &chattest.Options{Handler: deployed})
	s.User("Ann").Join("general")

	resp, err := http.Post(s.URL+"/deployed?version=1.4", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	e := s.Record("general").WaitFor(chattest.Text("Deployed 1.4."))
	fmt.Println(resp.StatusCode, e.User.Name, "at", e.At.Format("15:04"))
	// Output: 200 CI at 12:00
}

// Whoever comes back misses nothing: neither over a cut nor over a crash.
func Example_reconnect() {
	t := begin()
	defer t.end()

	s := chattest.New(t, nil)
	ann, bob := s.User("Ann").Join("general"), s.User("Bob").Join("general")
	seen := bob.Record("general")

	ann.Post("general", "One.")
	seen.WaitFor(chattest.Text("One."))
	s.Cut()
	ann.Post("general", "Two.")
	s.Kill()
	ann.Post("general", "Three.")

	seen.WaitFor(chattest.Text("Three."))
	fmt.Println(seen.Texts(), seen.Err())
	// Output: [One. Two. Three.] <nil>
}

// A hook that moderates: what it refuses is told to its author, and in no room.
func Example_moderation() {
	t := begin()
	defer t.end()

	quiet := func(_ context.Context, p chat.Proposed) (chat.Fact, error) { // what is to be tested
		posted, ok := p.Fact.(chat.MessagePosted)
		if ok && strings.ToUpper(posted.Text) == posted.Text {
			return nil, chat.Reject("shouting", "Please do not shout.")
		}
		return p.Fact, nil
	}
	s := chattest.New(t, &chattest.Options{Chat: chat.Options{BeforeAppend: quiet}})
	ann := s.User("Ann").Join("general")

	_, err := ann.Room("general").Post(context.Background(), "HELLO!")
	if p, ok := errors.AsType[*client.Problem](err); ok {
		fmt.Println(p.Code, p.Reason)
	}
	ann.Post("general", "Hello.")
	log := s.Record("general")
	log.WaitFor(chattest.Text("Hello."))
	fmt.Println(log.Texts())
	// Output:
	// rejected shouting
	// [Hello.]
}
