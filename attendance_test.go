package chat_test

import (
	"testing"
	"time"

	"github.com/roomlog/chat"
)

func TestTold_countsFromWhenItWentOut(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, ann, "one")
		a := attend(t, room, ann)
		a.expect("all 1: ann online")
		a.Told()
		pass(time.Second)
		attend(t, room, bob)
		a.expect("now 2: bob online") // which is held up
		pass(900 * time.Millisecond)
		a.Told()
		attend(t, room, cat)
		pass(999 * time.Millisecond)
		a.expect("") // more than a second after it was read, less after it went out
		a.Told()     // nothing went out: nothing is put off
		pass(time.Millisecond)
		a.expect("now 3: cat online")
		a.Told()
		if err := room.Typing(t.Context(), bob); err != nil {
			t.Fatal(err)
		}
		typing := a.hear()
		if typing == "" { // none had been told before
			t.Error("the presence that has just gone out puts off who is typing")
		}
	})
}
