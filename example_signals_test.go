package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/roomlog/chat"
)

// await waits until the bell has rung, or for as long as Poll has said.
func await(bell *chat.Bell, wait time.Duration) {
	var again <-chan time.Time
	if wait > 0 {
		again = time.After(wait)
	}
	select {
	case <-bell.C:
	case <-again:
	}
}

// An open session makes its user present, and is told who is there. A host that
// does not use the transports polls it whenever the bell has rung.
func ExampleRoom_Attend() {
	c, stop := start(nil)
	defer stop()
	ctx, room := context.Background(), c.Room("general")
	_, _ = c.SetStatus(annUser.ID, chat.Online, "at work")
	_, _ = c.SetStatus(bobUser.ID, chat.Busy, "in a meeting")
	defer room.Attend(bobUser, chat.NewBell()).Close()

	bell := chat.NewBell()
	session := room.Attend(annUser, bell)
	defer session.Close()
	<-bell.C
	news, _, err := session.Poll(ctx)
	if err != nil {
		log.Fatal(err)
	}
	var p chat.Presence
	_ = json.Unmarshal(news[0].Data, &p)
	fmt.Println(news[0].Name, "of", p.Count)
	for _, u := range p.Users {
		fmt.Println(u.Name, u.Status, u.Text)
	}
	// Output:
	// presence of 2
	// Ann online at work
	// Bob busy in a meeting
}

// What somebody types is told all who are there, until they have posted it.
func ExampleRoom_Typing() {
	c, stop := start(nil)
	defer stop()
	ctx, room := context.Background(), c.Room("general")
	_, _ = room.Post(ctx, annUser, "Lunch?")
	bell := chat.NewBell()
	session := room.Attend(annUser, bell)
	defer session.Close()

	// tell prints who is typing, as often as that changes.
	tell := func() {
		for {
			news, wait, err := session.Poll(ctx)
			if err != nil {
				log.Fatal(err)
			}
			for _, n := range news {
				if n.Name == chat.SignalTyping {
					fmt.Println(string(n.Data))
					return
				}
			}
			await(bell, wait)
		}
	}
	_ = room.Typing(ctx, bobUser)
	tell()
	_, _ = room.Post(ctx, bobUser, "Yes!")
	tell()
	// Output:
	// {"users":[{"id":"2","name":"Bob"}]}
	// {"users":[]}
}

// What is unread is counted from where the user has marked last.
func ExampleRoom_MarkRead() {
	c, stop := start(nil)
	defer stop()
	ctx, room := context.Background(), c.Room("general")
	_, _ = room.Join(ctx, annUser)
	first, _ := room.Post(ctx, bobUser, "Hello.")
	_, _ = room.Do(ctx, chat.Command{User: bobUser, Fact: chat.MessagePosted{
		Text: "@Ann lunch?", Mentions: []string{annUser.ID},
	}})
	_, _ = room.Post(ctx, annUser, "Hello, Bob.") // one's own are not unread

	for _, upTo := range []chat.ID{first.ID, chat.End} {
		state, err := room.MarkRead(ctx, annUser.ID, upTo)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d unread, %d of them a mention\n", state.Unread, state.Mentions)
	}
	// Output:
	// 1 unread, 1 of them a mention
	// 0 unread, 0 of them a mention
}

// A list of a user's rooms that is kept up to date.
func ExampleChat_WatchRooms() {
	c, stop := start(nil)
	defer stop()
	ctx := context.Background()
	for _, id := range []string{"general", "random"} {
		_, _ = c.Room(id).Join(ctx, annUser)
	}
	bell := chat.NewBell()
	list := c.WatchRooms(annUser.ID, bell)
	defer list.Close()

	// tell prints what has changed, once something has.
	tell := func() {
		for {
			u, wait, ok, err := list.Poll(ctx)
			if err != nil {
				log.Fatal(err)
			}
			if ok {
				for _, room := range u.Rooms {
					fmt.Println(room.ID, room.Read.Unread)
				}
				fmt.Println("full:", u.Full, "removed:", u.Removed)
				return
			}
			await(bell, wait)
		}
	}
	tell()
	_, _ = c.Room("general").Post(ctx, bobUser, "Hello.")
	tell()
	_, _ = c.Room("random").Leave(ctx, annUser)
	tell()
	// Output:
	// random 0
	// general 0
	// full: true removed: []
	// general 1
	// full: false removed: []
	// full: false removed: [random]
}
