package main

import (
	"context"
	"sync"
	"time"

	"github.com/roomlog/chat/client"
)

// view shows a room until it is stopped.
type view struct {
	a      *app
	room   *client.Room
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	marks  chan client.Cursor // has room for the newest that was shown

	mu      sync.Mutex
	shown   client.ID     // the newest event that was shown
	changed chan struct{} // closed at the next one
	ended   bool
}

func newView(a *app, room *client.Room) *view {
	v := &view{a: a, room: room, marks: make(chan client.Cursor, 1), changed: make(chan struct{})}
	v.ctx, v.cancel = context.WithCancel(a.ctx)
	return v
}

func (v *view) start() {
	v.work.Go(v.follow)
	if v.a.attends {
		v.work.Go(v.listen)
		v.work.Go(v.mark)
	}
}

func (v *view) stop() {
	v.cancel()
	v.work.Wait()
}

// follow shows the history, and what follows it.
func (v *view) follow() {
	defer v.advance("", true)
	for u, err := range v.room.Live(v.ctx, v.a.history) {
		switch {
		case v.ctx.Err() != nil:
			return
		case err != nil:
			v.a.ui.note("* " + cleanLine(v.room.ID()) + " is not shown any more: " + problem(err))
			return
		case u.Page != nil:
			if u.Reset != nil {
				v.a.ui.note("* something was missed; the newest messages once more:")
			}
			for _, m := range u.Page.Messages {
				v.a.ui.show(v.a.message(m))
			}
			v.read(u.Page.Cursor)
			v.a.settle()
		default:
			if line := v.a.event(u.Event); line != "" {
				v.a.ui.show(line)
			}
			v.read(u.Event.Cursor())
			v.a.echoed(u.Event)
		}
	}
}

// read notes up to where the room was shown.
func (v *view) read(at client.Cursor) {
	select {
	case <-v.marks: // an older one is of no use
	default:
	}
	v.marks <- at
	v.advance(at.ID(), false)
}

// mark tells the server what was read, at most once a second.
func (v *view) mark() {
	for {
		select {
		case at := <-v.marks:
			_, _ = v.room.MarkRead(v.ctx, at) // the next one makes up for it
		case <-v.ctx.Done():
			return
		}
		select {
		case <-time.After(time.Second):
		case <-v.ctx.Done():
			return
		}
	}
}

// listen shows who is there, and who is typing.
func (v *view) listen() {
	for s, err := range v.room.Signals(v.ctx) {
		if err != nil || v.ctx.Err() != nil {
			return
		}
		switch s := s.(type) {
		case client.Typing:
			names := v.a.names(s.Users)
			v.a.change(func(now *status) { now.typing = names })
		case client.Presence:
			v.a.change(func(now *status) { now.here = s.Count })
		}
	}
}

func (v *view) advance(to client.ID, ended bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shown, v.ended = max(v.shown, to), v.ended || ended
	close(v.changed)
	v.changed = make(chan struct{})
}

// has reports whether an event was shown.
func (v *view) has(id client.ID) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shown >= id
}

// await waits until an event was shown, or cannot be any more.
func (v *view) await(ctx context.Context, id client.ID) error {
	for {
		v.mu.Lock()
		done, changed := v.ended || v.shown >= id && v.shown != "", v.changed
		v.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
