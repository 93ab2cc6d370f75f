package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/chattest"
	"github.com/roomlog/chat/client"
)

// observed runs the bot beside each chat.
func observed(ctx context.Context, c *chat.Chat) error { return c.Observe(ctx, bot(c)) }

// answerTo matches the bot's answer to a message.
func answerTo(id client.ID) func(client.Event) bool {
	return func(e client.Event) bool {
		fact, _ := e.Fact()
		posted, ok := fact.(client.MessagePosted)
		return ok && e.User.ID == self.ID && posted.ReplyTo == id
	}
}

func TestBot_answersThoseWhoMentionIt(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, &chattest.Options{Run: observed})
	ann, bob, log := s.User("Ann").Join("general", "garden"), s.User("Bob").Join("general"), s.Record("general", "garden")
	for _, text := range []string{
		"Hello.", "bot", "mail@bot", "@bots", "@bot-2", "@robot", "@@bot",
	} {
		ann.Post("general", text)
	}
	var want []client.ID
	for _, text := range []string{"@bot hello", "hello, @Bot!", "(@BOT)", "one\n@bot"} {
		want = append(want, ann.Post("general", text).ID)
	}
	e, err := bob.Room("general").Post(t.Context(), "You there", client.Mention("bot"))
	if err != nil {
		t.Fatal(err)
	}
	mirror := s.User("@bot").Join("general") // whom it greets with its own name
	want = append(want, e.ID, mirror.Post("general", "hello @bot").ID, ann.Post("garden", "@bot here too").ID)
	last := log.WaitFor(answerTo(want[len(want)-1]))
	if got := answered(log); !slices.Equal(got, want) {
		t.Errorf("it has answered %v and not %v", got, want)
	}
	if fact, _ := last.Fact(); fact.(client.MessagePosted).Text != "Hello, Ann." || last.Room != "garden" {
		t.Errorf("its answer is %s", last.JSON())
	}
}

// answered returns the messages that the bot has answered, in its order.
func answered(log *chattest.Recorder) (ids []client.ID) {
	for _, e := range log.Events() {
		if fact, _ := e.Fact(); e.User.ID == self.ID {
			ids = append(ids, fact.(client.MessagePosted).ReplyTo)
		}
	}
	return ids
}

// The process dies when the answer is stored and the place of the observer is not.
func TestBot_answersOnceOverACrash(t *testing.T) {
	t.Parallel()
	handled := make(chan chat.ID, 9) // each message that was answered, each time
	stuck := make(chan struct{})
	run := func(ctx context.Context, c *chat.Chat) error {
		o := bot(c)
		inner := o.Handle
		o.Handle = func(ctx context.Context, e chat.Event) error {
			err := inner(ctx, e)
			if err != nil || e.Type != "MessagePosted" || e.User.ID == self.ID {
				return err
			}
			handled <- e.ID
			select {
			case <-stuck: // from the second time on
				return nil
			default:
				close(stuck)
				<-ctx.Done() // the place is not kept: it does not return
				return ctx.Err()
			}
		}
		return c.Observe(ctx, o)
	}
	s := chattest.New(t, &chattest.Options{Run: run})
	ann, log := s.User("Ann").Join("general"), s.Record("general")
	first := ann.Post("general", "@bot hello")
	log.WaitFor(answerTo(first.ID))
	<-stuck
	s.Kill()
	second := ann.Post("general", "@bot are you still there?")
	log.WaitFor(answerTo(second.ID))
	if got, want := answered(log), []client.ID{first.ID, second.ID}; !slices.Equal(got, want) {
		t.Errorf("it has answered %v and not %v", got, want)
	}
	if a, b := <-handled, <-handled; a != b || a.String() != string(first.ID) {
		t.Errorf("after the crash it was not asked again: %s, %s", a, b)
	}
}

func TestBot_answersWhatWasAskedWhileItWasAway(t *testing.T) {
	t.Parallel()
	come := make(chan struct{})
	s := chattest.New(t, &chattest.Options{Run: func(ctx context.Context, c *chat.Chat) error {
		select {
		case <-come:
			return observed(ctx, c)
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	ann, log := s.User("Ann").Join("general"), s.Record("general")
	first, taken, last := ann.Post("general", "@bot one"), ann.Post("general", "@bot two"), ann.Post("general", "@bot three")
	if _, err := ann.Room("general").Delete(t.Context(), taken.ID); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	close(come)
	log.WaitFor(answerTo(last.ID))
	if got, want := answered(log), []client.ID{first.ID, last.ID}; !slices.Equal(got, want) {
		t.Errorf("it has answered %v and not %v", got, want)
	}
}

// A message may be gone between the moment that the bot reads it and its answer.
func TestBot_goesOnWhereNothingIsLeftToAnswer(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, nil)
	c, ctx, ann := s.Chat(), t.Context(), chat.User{ID: "ann", Name: "Ann"}
	for room, facts := range map[string][]chat.Fact{
		"archived": {chat.RoomArchived{}},
		"deleted":  {chat.RoomDeleted{}},
		"anew":     {chat.RoomDeleted{}, chat.MessagePosted{Text: "Another room of that name."}},
	} {
		e, err := c.Room(room).Post(ctx, ann, "@bot hello")
		if err != nil {
			t.Fatal(err)
		}
		for _, fact := range facts {
			if _, err := c.Room(room).Do(ctx, chat.Command{User: ann, Fact: fact, Host: true}); err != nil {
				t.Fatal(err)
			}
		}
		if err := bot(c).Handle(ctx, e); err != nil {
			t.Errorf("%s: %v", room, err)
		}
	}
	e, err := c.Room("late").Post(ctx, ann, "@bot hello")
	if err != nil {
		t.Fatal(err)
	}
	s.Restart()
	if err := bot(c).Handle(ctx, e); !errors.Is(err, chat.ErrShuttingDown) { // else it would never be answered
		t.Errorf("in a chat that is closed: %v", err)
	}
}

// The program itself: it is ended as a terminal ends it, and started again.
func TestRun_servesAndEndsInOrder(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "bot.db")
	for round := range 2 {
		in, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		over := make(chan error, 1)
		go func() { over <- run(ctx, in, db) }()
		url := "http://" + in.Addr().String() + "/api"
		_, token, err := client.Guest(ctx, url, "Ann")
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.Dial(ctx, url, &client.Options{Token: client.Token(token)})
		if err != nil {
			t.Fatal(err)
		}
		room := c.Room("general")
		if _, err := room.Join(ctx); err != nil {
			t.Fatal(err)
		}
		asked, err := room.Post(ctx, "@bot hello")
		if err != nil {
			t.Fatal(err)
		}
		answers := 0
		for e, err := range room.Follow(ctx, client.Earliest) {
			if err != nil {
				t.Fatal(err)
			}
			if e.User.ID == self.ID {
				answers++
			}
			if answerTo(asked.ID)(e) {
				break
			}
		}
		if answers != round+1 {
			t.Errorf("run %d: it has answered %d times", round, answers)
		}
		stop()
		if err := <-over; err != nil {
			t.Errorf("run %d: %v", round, err)
		}
		_ = c.Close()
	}
}
