package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat/client"
)

// goClient drives package client.
type goClient struct {
	t     *testing.T
	ctx   context.Context
	end   context.CancelFunc
	work  sync.WaitGroup
	lines chan line
	acts  chan map[string]any
	c     *client.Client
	sends map[string]chan func() // by room: one after the other
}

func dialGo(transport string) func(t *testing.T, url string, tokens []string) driver {
	as := map[string]client.Transport{"socket": client.WebSocket, "stream": client.Streams}[transport]
	return func(t *testing.T, url string, tokens []string) driver {
		g := &goClient{t: t, lines: make(chan line, 10_000), acts: make(chan map[string]any, 100), sends: map[string]chan func(){}}
		g.ctx, g.end = context.WithCancel(context.Background())
		var given atomic.Int64
		o := &client.Options{
			Transport: as, MinDelay: 4 * time.Millisecond, MaxDelay: 40 * time.Millisecond,
			Token: func(context.Context) (string, error) {
				token := tokens[min(int(given.Add(1)), len(tokens))-1]
				g.say("tokens", line{Token: token})
				return token, nil
			},
		}
		g.work.Go(func() {
			var err error
			if g.c, err = client.Dial(g.ctx, url, o); err != nil {
				g.say("state", line{State: "closed", Reason: code(err)})
				return
			}
			g.work.Go(g.states)
			for {
				select {
				case act := <-g.acts:
					g.act(act)
				case <-g.ctx.Done():
					_ = g.c.Close()
					return
				}
			}
		})
		t.Cleanup(g.stop)
		return g
	}
}

func (g *goClient) say(of string, l line) {
	l.Of = of
	g.lines <- l
}

func (g *goClient) do(act map[string]any) { g.acts <- act }

func (g *goClient) next(within time.Duration) (line, bool) {
	select {
	case l, ok := <-g.lines:
		return l, ok
	case <-time.After(within):
		return line{}, false
	}
}

func (g *goClient) stop() { g.end(); g.work.Wait() }

func (g *goClient) close() {
	g.stop()
	close(g.lines)
}

// code is the code of a refusal, and nothing of what passes.
func code(err error) string {
	var p *client.Problem
	var ended *client.Ended
	switch {
	case errors.As(err, &p):
		return p.Code
	case errors.As(err, &ended):
		return ended.Reason
	}
	return ""
}

func (g *goClient) states() {
	for s := range g.c.States(g.ctx) {
		l := line{State: string(s.Phase), Reason: code(s.Reason)}
		switch s.Phase {
		case client.Connected:
			l.State = "open"
		case client.Reconnecting:
			l.State, l.Wait = "waiting", float64(time.Until(s.Next)/time.Millisecond)
		}
		g.say("state", l)
	}
}

// act does what the user does.
func (g *goClient) act(act map[string]any) {
	word := func(name string) string { text, _ := act[name].(string); return text }
	room := g.c.Room(word("room"))
	message := client.ID(word("message"))
	switch act["do"] {
	case "follow":
		for _, id := range act["rooms"].([]string) {
			g.work.Go(func() { g.follow(g.c.Room(id), word("after")) })
		}
	case "signals":
		g.work.Go(func() { g.signals(room) })
	case "rooms":
		g.work.Go(g.rooms)
	case "send":
		g.command(room, word("name"), func() (client.Event, error) { return room.Post(g.ctx, word("text")) })
	case "edit":
		g.command(room, word("name"), func() (client.Event, error) { return room.Edit(g.ctx, message, word("text")) })
	case "delete":
		g.command(room, word("name"), func() (client.Event, error) { return room.Delete(g.ctx, message) })
	case "react":
		g.command(room, word("name"), func() (client.Event, error) { return room.React(g.ctx, message, word("text")) })
	case "typing":
		g.work.Go(func() { _ = room.Typing(g.ctx) })
	case "signal":
		g.work.Go(func() { _ = room.Signal(g.ctx, word("kind"), act["data"].(json.RawMessage)) })
	case "read":
		g.work.Go(func() { _, _ = room.MarkRead(g.ctx, client.Cursor(word("upTo"))) })
	}
}

// command queues a command behind those of the same room: Post keeps the order of one
// goroutine.
func (g *goClient) command(room *client.Room, name string, send func() (client.Event, error)) {
	queue := g.sends[room.ID()]
	if queue == nil {
		queue = make(chan func(), 100)
		g.sends[room.ID()] = queue
		g.work.Go(func() {
			for {
				select {
				case send := <-queue:
					send()
				case <-g.ctx.Done():
					return
				}
			}
		})
	}
	queue <- func() {
		e, err := send()
		switch {
		case g.ctx.Err() != nil:
		case err != nil:
			g.say("sends", line{Failed: name, Code: code(err)})
		default:
			g.say("sends", line{Sent: name, ID: string(e.ID)})
		}
	}
}

// follow shows a room: what follows a cursor, or the newest page and what follows
// that. After a reset it is the page in any case.
func (g *goClient) follow(room *client.Room, after string) {
	event := func(e client.Event) { g.say(room.ID(), line{Event: e.JSON()}) }
	ended := func(err error) {
		if g.ctx.Err() == nil && !errors.Is(err, client.ErrClosed) { // that is the client's end
			g.say(room.ID(), line{End: code(err)})
		}
	}
	var lost *client.Reset
	if after != "" {
		for e, err := range room.Follow(g.ctx, client.Cursor(after)) {
			if errors.As(err, &lost) {
				break
			}
			if err != nil {
				ended(err)
				return
			}
			event(e)
		}
	}
	for u, err := range room.Live(g.ctx, 0) {
		switch {
		case err != nil:
			ended(err)
			return
		case u.Page == nil:
			event(u.Event)
		default:
			texts := []string{}
			for _, m := range u.Page.Messages {
				texts = append(texts, m.Text)
			}
			g.say(room.ID(), line{Page: texts})
			if u.Reset != nil {
				lost = u.Reset
			}
			if lost != nil {
				g.say(room.ID(), line{Reset: lost.Reason})
				lost = nil
			}
		}
	}
}

func (g *goClient) signals(room *client.Room) {
	for s, err := range room.Signals(g.ctx) {
		if err != nil {
			return
		}
		said := ""
		switch s := s.(type) {
		case client.Typing:
			said = "typing"
			for _, u := range s.Users {
				if u.ID != "ann" {
					said += " " + u.ID
				}
			}
		case client.Presence:
			said = fmt.Sprintf("present %d", s.Count)
			for _, u := range s.Users {
				said += " " + u.ID + "/" + u.Status
			}
		case client.ReadState:
			said = fmt.Sprintf("read %s %d %d", s.UpTo, s.Unread, s.Mentions)
		case client.Receipts:
			said = "receipts"
			for _, one := range s.List {
				said += fmt.Sprintf(" %s %s", one.User.ID, one.UpTo)
			}
		case client.CustomSignal:
			data := string(s.Data)
			if data == "" {
				data = "null"
			}
			said = fmt.Sprintf("%s %s %s", s.Kind, s.User.ID, data)
		case client.Cleared:
			said = "cleared"
		}
		g.say("now "+room.ID(), line{Now: said})
	}
}

func (g *goClient) rooms() {
	for list, err := range g.c.WatchRooms(g.ctx) {
		if err != nil {
			return
		}
		var all []string
		for _, room := range list {
			all = append(all, fmt.Sprintf("%s/%d", room.ID, room.Unread))
		}
		g.say("rooms", line{Now: "rooms " + strings.Join(all, " ")})
	}
}
