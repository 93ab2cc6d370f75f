package chat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/roomlog/chat"
)

// start opens a chat that the example leaves behind.
func start(o *chat.Options) (c *chat.Chat, stop func()) {
	path, remove := temporary()
	c, err := chat.Open(path, o)
	if err != nil {
		log.Fatal(err)
	}
	return c, func() {
		_ = c.Close()
		remove()
	}
}

var (
	annUser = chat.User{ID: "1", Name: "Ann"}
	bobUser = chat.User{ID: "2", Name: "Bob"}
	catUser = chat.User{ID: "3", Name: "Cat"}
)

// A private room is not there for those who are not its members.
func ExampleChat_CreateRoom() {
	c, stop := start(nil)
	defer stop()
	ctx := context.Background()

	res, err := c.CreateRoom(ctx, "", chat.Command{User: annUser, Fact: chat.RoomCreated{
		RoomKind: chat.Private, Title: "Surprise for Cat", Members: []chat.User{bobUser},
	}})
	if err != nil {
		log.Fatal(err)
	}
	room := c.Room(res.Event.Room)
	members, _, _ := room.Members(ctx)
	for _, m := range members {
		fmt.Println(m.Name, m.Role)
	}
	_, err = room.History(ctx, chat.HistoryQuery{Viewer: catUser.ID})
	fmt.Println(errors.Is(err, chat.ErrRoomNotFound))
	// Output:
	// Ann owner
	// Bob member
	// true
}

// Who leads a room adds, removes, bans and mutes.
func ExampleRoom_Ban() {
	c, stop := start(nil)
	defer stop()
	ctx := context.Background()
	if _, err := c.CreateRoom(ctx, "garden", chat.Command{User: annUser, Fact: chat.RoomCreated{}}); err != nil {
		log.Fatal(err)
	}
	room := c.Room("garden")
	_, _ = room.Add(ctx, annUser, bobUser, chat.Admin)
	_, _ = room.Join(ctx, catUser)

	_, err := room.Ban(ctx, catUser, bobUser, time.Time{})
	fmt.Println(err)
	_, _ = room.Ban(ctx, bobUser, catUser, time.Now().Add(time.Hour))
	_, err = room.Post(ctx, catUser, "But why?")
	fmt.Println(err)
	_, err = room.Remove(ctx, bobUser, annUser)
	fmt.Println(err)
	// Output:
	// forbidden: only an owner or an admin may
	// forbidden: banned from the room
	// forbidden: nobody removes or silences an owner
}

// Replies make a thread, and a mention reaches the user in whatever room.
func ExampleRoom_Thread() {
	c, stop := start(nil)
	defer stop()
	ctx, room := context.Background(), c.Room("general")
	question, _ := room.Post(ctx, annUser, "Lunch?")
	_, _ = room.Reply(ctx, bobUser, question.ID, "Yes!")
	_, _ = room.Do(ctx, chat.Command{User: catUser, Fact: chat.MessagePosted{
		Thread: question.ID, Text: "@Ann at noon", Mentions: []string{annUser.ID},
	}})

	thread, err := room.Thread(ctx, question.ID, chat.HistoryQuery{})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range thread.Messages {
		fmt.Printf("%s: %s\n", m.User.Name, m.Text)
	}
	mentions, err := c.Mentions(ctx, annUser.ID, chat.MentionsQuery{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(mentions.Messages), "mention of Ann")
	// Output:
	// Bob: Yes!
	// Cat: @Ann at noon
	// 1 mention of Ann
}

// Search finds words in any letter case, newest first.
func ExampleRoom_Search() {
	c, stop := start(nil)
	defer stop()
	ctx, room := context.Background(), c.Room("general")
	for _, text := range []string{"The boat leaves at nine.", "No wind today.", "A BOAT without wind?"} {
		_, _ = room.Post(ctx, annUser, text)
	}
	page, err := room.Search(ctx, chat.SearchQuery{Words: "boat"})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range page.Messages {
		fmt.Println(m.Text)
	}
	// Output:
	// A BOAT without wind?
	// The boat leaves at nine.
}

// The room as it was right after some event.
func ExampleRoom_As() {
	c, stop := start(nil)
	defer stop()
	ctx, room := context.Background(), c.Room("general")
	first, _ := room.Post(ctx, annUser, "The meeting is on Monday.")
	_, _ = room.Edit(ctx, annUser, first.ID, "The meeting is on Tuesday.")

	for _, r := range []*chat.Room{room, room.As(first.ID)} {
		m, err := r.Message(ctx, first.ID, "")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Text)
	}
	// Output:
	// The meeting is on Tuesday.
	// The meeting is on Monday.
}

// A hook looks at facts before they are stored.
func ExampleReject() {
	c, stop := start(&chat.Options{
		BeforeAppend: func(_ context.Context, p chat.Proposed) (chat.Fact, error) {
			post, ok := p.Fact.(chat.MessagePosted)
			if !ok {
				return p.Fact, nil
			}
			if strings.Contains(post.Text, "http://") {
				return nil, chat.Reject("no_links", "links are not welcome here")
			}
			post.Text = strings.ReplaceAll(post.Text, "darn", "d**n")
			return post, nil
		},
	})
	defer stop()
	ctx, room := context.Background(), c.Room("general")

	_, err := room.Post(ctx, annUser, "See http://example.com")
	var refused *chat.Error
	fmt.Println(errors.As(err, &refused), refused.Reason)
	e, _ := room.Post(ctx, annUser, "That darn cat.")
	m, _ := room.Message(ctx, e.ID, "")
	fmt.Println(m.Text)
	// Output:
	// true no_links
	// That d**n cat.
}

// A host says what is different from the rules that there are.
func ExamplePolicy() {
	c, stop := start(&chat.Options{Policy: readOnly{}})
	defer stop()
	ctx := context.Background()
	_, err := c.Room("news").Post(ctx, annUser, "Hello.")
	fmt.Println(err)
	_, err = c.Room("news").Do(ctx, chat.Command{
		User: chat.User{ID: "desk", Name: "News desk"}, Host: true, Fact: chat.MessagePosted{Text: "It rains."},
	})
	fmt.Println(err)
	// Output:
	// forbidden: news come from the desk
	// <nil>
}

// readOnly lets nobody post to the room "news".
type readOnly struct{ chat.Rules }

func (p readOnly) Allow(r *chat.Request) error {
	if r.Action == chat.ActPost && r.Room.ID == "news" {
		return errors.New("news come from the desk")
	}
	return p.Rules.Allow(r)
}

// An observer sees every event at least once, in order, and goes on where it
// was when the program starts again.
func ExampleChat_Observe() {
	c, stop := start(nil)
	defer stop()
	ctx, cancel := context.WithCancel(context.Background())
	for _, room := range []string{"general", "random"} {
		_, _ = c.Room(room).Post(ctx, annUser, "Hello, "+room+".")
	}
	err := c.Observe(ctx, chat.Observer{Name: "mailer", Handle: func(_ context.Context, e chat.Event) error {
		fmt.Println(e.Room, e.Type)
		if e.Room == "random" {
			cancel() // or run as long as the program does
		}
		return nil
	}})
	fmt.Println(err)
	// Output:
	// general MessagePosted
	// random MessagePosted
	// context canceled
}
