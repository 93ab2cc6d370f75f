package chat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/roomlog/chat"
)

// temporary returns the path of a file that the example may leave behind.
func temporary() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "chat")
	if err != nil {
		log.Fatal(err)
	}
	return filepath.Join(dir, "chat.db"), func() { _ = os.RemoveAll(dir) }
}

// Post a message and follow the room: what is stored comes first, then what
// comes, without a seam.
func Example() {
	path, remove := temporary()
	defer remove()
	c, err := chat.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	ctx, room := context.Background(), c.Room("general")
	ann, bob := chat.User{ID: "1", Name: "Ann"}, chat.User{ID: "2", Name: "Bob"}
	if _, err := room.Post(ctx, ann, "Hello."); err != nil {
		log.Fatal(err)
	}
	go room.Post(ctx, bob, "Hello, Ann.")

	n := 0
	for e, err := range room.Follow(ctx, chat.Start) {
		if err != nil {
			log.Fatal(err)
		}
		if fact, _ := e.Fact(); fact != nil {
			fmt.Printf("%s: %s\n", e.User.Name, fact.(chat.MessagePosted).Text)
		}
		if n++; n == 2 {
			break
		}
	}
	// Output:
	// Ann: Hello.
	// Bob: Hello, Ann.
}

// A reader that comes back with the ID of the last event it saw misses
// nothing. One cursor serves several rooms.
func ExampleChat_Follow_resume() {
	path, remove := temporary()
	defer remove()
	c, err := chat.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	ctx, ann := context.Background(), chat.User{ID: "1", Name: "Ann"}
	for i, room := range []string{"general", "random", "general", "random"} {
		if _, err := c.Room(room).Post(ctx, ann, fmt.Sprint("message ", i+1)); err != nil {
			log.Fatal(err)
		}
	}
	cursor := chat.Start
	read := func(n int) {
		for e, err := range c.Follow(ctx, cursor, "general", "random") {
			if err != nil {
				log.Fatal(err)
			}
			fact, _ := e.Fact()
			fmt.Println(e.Room, fact.(chat.MessagePosted).Text)
			cursor = e.ID
			if n--; n == 0 {
				return
			}
		}
	}
	read(1)
	fmt.Println("away")
	read(3)
	// Output:
	// general message 1
	// away
	// random message 2
	// general message 3
	// random message 4
}

// History shows messages as they are now: edited, deleted, with reactions.
func ExampleRoom_History() {
	path, remove := temporary()
	defer remove()
	c, err := chat.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	ctx, room := context.Background(), c.Room("general")
	ann, bob := chat.User{ID: "1", Name: "Ann"}, chat.User{ID: "2", Name: "Bob"}
	first, _ := room.Post(ctx, ann, "Helo.")
	second, _ := room.Post(ctx, ann, "Oops.")
	room.Edit(ctx, ann, first.ID, "Hello.")
	room.React(ctx, bob, first.ID, "👍")
	room.Delete(ctx, ann, second.ID)

	page, err := room.History(ctx, chat.HistoryQuery{Limit: 10, Viewer: bob.ID})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range page.Messages {
		fmt.Printf("%s: %q deleted=%v", m.User.Name, m.Text, m.Deleted)
		for _, r := range m.Reactions {
			fmt.Printf(" %s %d mine=%v", r.Emoji, r.Count, r.Mine)
		}
		fmt.Println()
	}
	// The page was read at page.Cursor: room.Follow(ctx, page.Cursor) goes on from it.

	// Output:
	// Ann: "Hello." deleted=false 👍 1 mine=true
	// Ann: "" deleted=true
}

// A command with an idempotency key may be asked again after a lost answer.
func ExampleRoom_Do() {
	path, remove := temporary()
	defer remove()
	c, err := chat.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	room := c.Room("general")
	cmd := chat.Command{
		User: chat.User{ID: "1", Name: "Ann"},
		Key:  "c7f0",
		Fact: chat.MessagePosted{Text: "Once."},
	}
	for range 2 {
		res, err := room.Do(context.Background(), cmd)
		fmt.Println(res.Changed, res.Replayed, err)
	}
	cmd.Fact = chat.MessagePosted{Text: "Something else."}
	_, err = room.Do(context.Background(), cmd)
	fmt.Println(errors.Is(err, chat.ErrIdempotencyKeyReused))
	// Output:
	// true false <nil>
	// false true <nil>
	// true
}

// Who has joined is stored, and a page of members carries its cursor.
func ExampleRoom_Members() {
	path, remove := temporary()
	defer remove()
	c, err := chat.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	ctx, room := context.Background(), c.Room("general")
	ann, bob := chat.User{ID: "1", Name: "Ann"}, chat.User{ID: "2", Name: "Bob"}
	room.Join(ctx, ann)
	room.Join(ctx, bob)
	left, _ := room.Leave(ctx, ann)

	members, cursor, err := room.Members(ctx)
	fmt.Println(members, cursor == left.ID, err)
	// Output:
	// [{2 Bob member}] true <nil>
}
