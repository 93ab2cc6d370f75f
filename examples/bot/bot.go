package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/roomlog/chat"
)

// self is who the bot is. Guests have random ids: none is called so.
var self = chat.User{ID: "bot", Name: "bot"}

// called finds the bot's name in a text.
var called = regexp.MustCompile(`(?i)(^|[^\pL\pN_@])@bot($|[^\pL\pN_-])`)

// bot returns an observer of the chat that answers each message which mentions the bot:
// once, over restarts and crashes. It begins at the start of the chat, so that one who
// asks while it is not yet running is answered too.
func bot(c *chat.Chat) chat.Observer {
	return chat.Observer{Name: "bot", After: chat.Start, Handle: func(ctx context.Context, e chat.Event) error {
		fact, err := e.Fact()
		if err != nil {
			return err
		}
		asked, ok := fact.(chat.MessagePosted)
		if !ok || e.Erased || e.User.ID == self.ID || !mentions(asked) {
			return nil
		}
		_, err = c.Room(e.Room).Do(ctx, chat.Command{
			User: self,
			// An observer whose process dies before its place is kept gets the event
			// again. The answer has the same key then, and is not stored again.
			Key:  "answer-" + e.ID.String(),
			Fact: chat.MessagePosted{Text: answer(e.User), ReplyTo: e.ID, Mentions: []string{e.User.ID}},
			Host: true, // the bot is a member of no room, and may speak in each
		})
		if gone(err) {
			return nil
		}
		return err // it ends the observer, which gets the event again when it is run anew
	}}
}

// mentions reports whether a message speaks to the bot.
func mentions(m chat.MessagePosted) bool {
	return slices.Contains(m.Mentions, self.ID) || called.MatchString(m.Text)
}

// answer is what the bot says. It is the same each time: a key belongs to one text.
func answer(to chat.User) string { return fmt.Sprintf("Hello, %s.", to.Name) }

// gone reports whether there is nothing to answer any more: the message is gone, maybe
// with its room, or the room is closed.
func gone(err error) bool {
	return errors.Is(err, chat.ErrMessageNotFound) || errors.Is(err, chat.ErrRoomArchived)
}
