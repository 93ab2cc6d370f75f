package chattest_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/chattest"
)

// Bodies of docs/testing.md.

func welcome(ctx context.Context, c *chat.Chat) error {
	return c.Observe(ctx, chat.Observer{Name: "welcome", Handle: func(ctx context.Context, e chat.Event) error {
		fact, err := e.Fact()
		if joined, ok := fact.(chat.UserJoined); ok {
			_, err = c.Room(e.Room).Do(ctx, chat.Command{
				User: chat.User{ID: "host", Name: "Host"},
				Key:  "welcome-" + e.ID.String(), // the same event may come again
				Fact: chat.MessagePosted{Text: "Welcome, " + joined.Member.Name + "."},
				Host: true,
			})
		}
		return err
	}})
}

func TestWelcome_greetsEachOnce(t *testing.T) {
	s := chattest.New(t, &chattest.Options{Run: welcome})
	ann := s.User("Ann").Join("general").Record("general")
	ann.WaitFor(chattest.Text("Welcome, Ann."))
	s.Kill()
	s.User("Bob").Join("general")
	ann.WaitFor(chattest.Text("Welcome, Bob."))
	if got := ann.Texts(); len(got) != 2 {
		t.Errorf("the greetings are %q", got)
	}
}

// What the page shows is what is tested here.
func TestPage_showsCodeThatRuns(t *testing.T) {
	page, err := os.ReadFile("../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("welcome_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) != 2 {
		t.Errorf("the page has %d blocks of Go", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(string(source), string(block[1])) {
			t.Errorf("this is not in welcome_test.go:\n%s", block[1])
		}
	}
}
