package docs_test

import (
	"context"
	"strings"
	"testing"

	"github.com/roomlog/chat/client"
)

// Every program of the pages is a chat: two people talk in it, one over a socket
// and one over streams, the program is killed in between, and nothing is lost.
func TestPrograms_areChats(t *testing.T) {
	programs := 0
	for _, b := range blocks(t, "go") {
		if !serves(b) {
			continue
		}
		programs++
		t.Run(b.String(), func(t *testing.T) {
			p := start(t, b)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			ann := dial(ctx, t, p, "Ann", client.WebSocket)
			bob := dial(ctx, t, p, "Bob", client.Streams)
			if _, err := ann.Post(ctx, "Hello."); err != nil {
				t.Fatal(err)
			}
			p.kill()
			p.run()
			if _, err := bob.Post(ctx, "Hello, Ann."); err != nil {
				t.Fatal(err)
			}
			for _, room := range []*client.Room{ann, bob} {
				var texts []string
				for e, err := range room.Follow(ctx, client.Earliest) {
					if err != nil {
						t.Fatal(err)
					}
					if fact, _ := e.Fact(); e.Type == "MessagePosted" {
						texts = append(texts, fact.(client.MessagePosted).Text)
					}
					if len(texts) == 2 {
						break
					}
				}
				if got := strings.Join(texts, " "); got != "Hello. Hello, Ann." {
					t.Errorf("the log has %q", got)
				}
			}
		})
	}
	if programs == 0 {
		t.Error("no page has a program")
	}
}

// dial makes a guest of somebody who is in the room general.
func dial(ctx context.Context, t *testing.T, p *program, name string, over client.Transport) *client.Room {
	t.Helper()
	_, token, err := client.Guest(ctx, p.url+"/chat", name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(ctx, p.url+"/chat", &client.Options{Token: client.Token(token), Transport: over})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	room := c.Room("general")
	if _, err := room.Join(ctx); err != nil {
		t.Fatal(err)
	}
	return room
}
