package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/roomlog/chat/client"
)

// ui is where the app shows what happens. Its methods may be called concurrently.
type ui interface {
	show(text string) // what was said and done in the room
	note(text string) // what the program itself has to say
	update(status)    // how things stand
}

// status is how things stand just now.
type status struct {
	room   string // empty: none
	here   int    // how many are in the room
	typing string // names
	unread []unread
	// outgoing are one's own messages that are not shown in their rooms yet, the first
	// of them, and more is how many there are beside these. Of all, so many are being
	// sent; the others have failed.
	outgoing      []outgoingLine
	more, sending int
	offline       string // why there is no connection; empty while there is one
}

// unread is what one has not read of another room.
type unread struct {
	room            string
	count, mentions int
	more            bool
}

// app is the chat behind either way to show it.
type app struct {
	shower
	c       *client.Client
	history int
	ui      ui
	refused func(error) // is called when the server refuses the client for good
	attends bool        // somebody looks on: what is shown is read, and they are told what is so just now

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	sending atomic.Int64 // lines of the user's that are not answered yet

	failed atomic.Bool // a message was refused that nobody will try again

	mu      sync.Mutex // also of the order in which the ui is told
	now     status
	view    *view // nil: in no room
	rooms   []client.RoomInfo
	mine    []*outgoing   // what was sent and is not yet shown, or has failed
	settled chan struct{} // closed when it was looked at again
}

func newApp(c *client.Client, history int) *app {
	a := &app{c: c, history: history, shower: shower{me: c.User().ID, refs: newRefs()}, settled: make(chan struct{})}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// start begins to tell the ui.
func (a *app) start(ctx context.Context, u ui, room string) error {
	a.ui = u
	a.track(a.c.Outbox()...) // what was left the last time
	a.work.Go(a.watchState)
	a.work.Go(a.watchOutbox)
	if a.attends {
		a.work.Go(a.watchRooms)
	}
	return a.enter(ctx, room, a.attends)
}

// close ends everything but the client, and waits for it.
func (a *app) close() {
	a.cancel()
	a.work.Wait()
}

// change changes how things stand, and tells it.
func (a *app) change(how func(*status)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	how(&a.now)
	a.ui.update(a.now)
}

// enter joins a room and shows that one from then on, with a word that it does.
func (a *app) enter(ctx context.Context, room string, word bool) error {
	if _, err := a.c.Room(room).Join(ctx); err != nil {
		return err
	}
	a.exit()
	v := newView(a, a.c.Room(room))
	a.mu.Lock()
	a.view = v
	a.mu.Unlock()
	a.change(func(s *status) { s.room, s.here, s.typing = room, 0, "" })
	a.countUnread()
	if word {
		a.ui.note("* this is " + cleanLine(room))
	}
	v.start()
	return v.await(ctx, "0") // the history comes before what is done next
}

// exit ends to show the room.
func (a *app) exit() {
	a.mu.Lock()
	v := a.view
	a.view = nil
	a.mu.Unlock()
	if v != nil {
		v.stop()
	}
	a.settle() // what was sent there is not going to be shown
	a.change(func(s *status) { s.room, s.here, s.typing = "", 0, "" })
	a.countUnread()
}

// current returns what is shown.
func (a *app) current() (*view, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.view == nil {
		return nil, errors.New("you are in no room: /join one")
	}
	return a.view, nil
}

// typing tells the others of the room; it is not worth an error.
func (a *app) typing() {
	if v, err := a.current(); err == nil {
		_ = v.room.Typing(a.ctx)
	}
}

// watchState tells of lost connections, once each.
func (a *app) watchState() {
	lost := false
	for s := range a.c.States(a.ctx) {
		switch {
		case s.Phase == client.Closed && a.ctx.Err() == nil:
			a.refused(fmt.Errorf("the server has refused the connection: %s", problem(s.Reason)))
		case s.Phase == client.Reconnecting:
			if !lost {
				a.ui.note("* the connection is lost (" + problem(s.Reason) + "); what you write is sent when it is back")
			}
			lost = true
			a.change(func(now *status) {
				now.here, now.typing, now.offline = 0, "", "offline" // it is not known any more
				if !s.Next.IsZero() {
					now.offline += ", next attempt at " + s.Next.Local().Format("15:04:05")
				}
			})
		case s.Phase == client.Connected && lost:
			lost = false
			a.ui.note("* connected again")
			a.change(func(now *status) { now.offline = "" })
		}
	}
}

func (a *app) watchRooms() {
	for rooms, err := range a.c.WatchRooms(a.ctx) {
		if err != nil {
			return // it is told by watchState, or wanted
		}
		a.mu.Lock()
		a.rooms = rooms
		a.mu.Unlock()
		a.countUnread()
	}
}

// countUnread tells what is unread in the other rooms.
func (a *app) countUnread() {
	a.change(func(s *status) {
		s.unread = nil
		for _, r := range a.rooms {
			if r.Unread > 0 && r.ID != s.room {
				s.unread = append(s.unread, unread{r.ID, r.Unread, r.Mentions, r.UnreadMore})
			}
		}
	})
}

// problem is an error, in words for people.
func problem(err error) string {
	var p *client.Problem
	switch {
	case err == nil:
		return "for no known reason"
	case errors.As(err, &p) && p.Detail != "":
		return cleanLine(p.Title + ": " + p.Detail)
	case errors.As(err, &p) && p.Title != "":
		return cleanLine(p.Title)
	}
	return strings.TrimPrefix(strings.TrimPrefix(cleanLine(err.Error()), "client: "), "connection lost: ")
}

// String is how unread messages stand in the prompt: "ops 3", with "!" where one is
// mentioned.
func (u unread) String() string {
	text := fmt.Sprint(cleanLine(u.room), " ", u.count)
	if u.more {
		text += "+"
	}
	if u.mentions > 0 {
		text += "!"
	}
	return text
}
