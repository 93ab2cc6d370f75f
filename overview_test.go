package chat_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/roomlog/chat"
)

// Retention takes the newest message while the overview is read, again and again.
func TestOverview_besideRetentionNamesEachMemberOnce(t *testing.T) {
	c, err := chat.OpenFlushing(filepath.Join(t.TempDir(), "chat.db"), &chat.Options{Keep: 4}, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	room := c.Room("general")
	do(t, room, bob, chat.UserJoined{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 150 {
			_, _ = room.Post(t.Context(), ann, "text")
			for j := range 8 {
				_, _ = room.Do(t.Context(), chat.Command{User: ann, Fact: chat.Custom{Type: "x.n", Data: json.RawMessage(fmt.Sprint(j))}})
			}
		}
	}()
	defer func() { <-done }()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		o, err := room.Overview(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Members) != 1 {
			t.Fatalf("%d members of 1: %v", len(o.Members), o.Members)
		}
	}
}
