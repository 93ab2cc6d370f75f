package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/roomlog/chat/client"
)

// errQuit ends the program.
var errQuit = errors.New("quit")

// maxFound is how many messages a search shows.
const maxFound = 20

// command is what begins with a slash.
type command struct {
	name, help string
	waits      bool // for the messages before it; over a pipe all do
	do         func(a *app, ctx context.Context, rest string) error
}

func commands() []command {
	return []command{
		{"join", "ROOM: join a room and show it", false, (*app).join},
		{"leave", "leave the room that is shown", true, (*app).leave},
		{"who", "who is in the room, and who is away", false, (*app).who},
		{"react", "[#N] EMOJI: react to a message, or take that back", true, (*app).react},
		{"reply", "[#N] TEXT: answer a message", false, (*app).reply},
		{"edit", "[#N] TEXT: give a message of yours another text", true, (*app).edit},
		{"retry", "send again what was refused", false, (*app).retry},
		{"drop", "forget what was refused", false, (*app).drop},
		{"search", "WORDS: the newest messages that have them all", false, (*app).search},
		{"help", "these lines", false, (*app).help},
		{"quit", "end, once all is sent", true, (*app).quit},
	}
}

// handle does what a line says: a command, or a message.
func (a *app) handle(ctx context.Context, line string) error {
	line = strings.TrimRight(line, " \t\r\n")
	switch {
	case line == "":
		return nil
	case strings.HasPrefix(line, "//"):
		return a.post(ctx, line[1:])
	case !strings.HasPrefix(line, "/"):
		return a.post(ctx, line)
	}
	name, rest, _ := strings.Cut(line[1:], " ")
	for _, c := range commands() {
		if c.name == name {
			if c.waits || !a.attends {
				if err := a.written(ctx); err != nil {
					return err
				}
			}
			return c.do(a, ctx, strings.TrimSpace(rest))
		}
	}
	return fmt.Errorf("there is no /%s: see /help; a message that begins with a slash begins with two", name)
}

// seen waits until one's own deed was shown, where nobody looks on: so a pipe has all
// of it before its end.
func (a *app) seen(ctx context.Context, v *view, e client.Event) error {
	if a.attends || e.ID == "" {
		return nil
	}
	return v.await(ctx, e.ID)
}

func (a *app) quit(ctx context.Context, _ string) error {
	if err := a.answered(ctx, ""); err != nil {
		return err
	}
	return errQuit
}

func (a *app) join(ctx context.Context, room string) error {
	if room == "" {
		return errors.New("say which room: /join ROOM")
	}
	return a.enter(ctx, room, true)
}

func (a *app) leave(ctx context.Context, _ string) error {
	v, err := a.current()
	if err != nil {
		return err
	}
	e, err := v.room.Leave(ctx)
	if err != nil {
		return err
	}
	if err := v.await(ctx, e.ID); err != nil { // it is the last to be shown
		return err
	}
	a.exit()
	a.ui.note("* you have left " + cleanLine(v.room.ID()))
	return nil
}

func (a *app) who(ctx context.Context, _ string) error {
	v, err := a.current()
	if err != nil {
		return err
	}
	p, err := v.room.Presence(ctx)
	if err != nil {
		return err
	}
	list := func(users []client.Present) string {
		var names []string
		for _, u := range users {
			name := cleanLine(u.Name)
			if u.Status != "online" && u.Status != "offline" {
				name += " (" + cleanLine(u.Status+" "+u.Text) + ")"
			}
			names = append(names, name)
		}
		return strings.Join(names, ", ")
	}
	a.ui.show(strings.TrimRight(fmt.Sprintf("* %d here: %s", p.Count, list(p.Users)), ": "))
	if len(p.Offline) > 0 {
		a.ui.show("* away: " + list(p.Offline))
	}
	return nil
}

// target is the room that is shown, and the message that a command is about.
func (a *app) target(text string, own bool) (v *view, id client.ID, rest string, err error) {
	if v, err = a.current(); err == nil {
		id, rest, err = a.refs.take(v.room.ID(), text, own)
	}
	if err == nil && rest == "" {
		err = errors.New("something is missing: see /help")
	}
	return v, id, rest, err
}

func (a *app) react(ctx context.Context, text string) error {
	v, id, emoji, err := a.target(text, false)
	if err != nil {
		return err
	}
	do := v.room.React
	if a.refs.has(id, emoji) {
		do = v.room.Unreact
	}
	e, err := do(ctx, id, emoji)
	if err == nil {
		err = a.seen(ctx, v, e)
	}
	return err
}

func (a *app) reply(ctx context.Context, text string) error {
	_, id, text, err := a.target(text, false)
	if err != nil {
		return err
	}
	return a.post(ctx, text, client.ReplyTo(id))
}

func (a *app) edit(ctx context.Context, text string) error {
	v, id, text, err := a.target(text, true)
	if err != nil {
		return err
	}
	e, err := v.room.Edit(ctx, id, text)
	if err == nil {
		err = a.seen(ctx, v, e)
	}
	return err
}

func (a *app) search(ctx context.Context, words string) error {
	v, err := a.current()
	if err != nil {
		return err
	}
	if words == "" {
		return errors.New("say what for: /search WORDS")
	}
	count := 0
	for m, err := range v.room.Search(ctx, words) {
		if err != nil {
			return err
		}
		if count++; count > maxFound {
			a.ui.note(fmt.Sprintf("* and more than these %d", maxFound))
			return nil
		}
		a.ui.show(a.message(m))
	}
	a.ui.note(fmt.Sprintf("* %d found", count))
	return nil
}

func (a *app) help(context.Context, string) error {
	for _, c := range commands() {
		a.ui.show(fmt.Sprintf("  /%-7s %s", c.name, c.help))
	}
	a.ui.show("  Without #N it is the newest message: one's own to edit, of the others to answer.")
	return nil
}
