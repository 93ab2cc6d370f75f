package crash_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/roomlog/chat/test/web"
)

// reader follows rooms over all servers, each time behind its cursor.
type reader struct {
	t       *testing.T
	site    *site
	r       int
	socket  bool
	cursors map[string]string // of each room; a stream has one for all, under ""
	rooms   []string
	client  *web.Client
	resumes int

	mu    sync.Mutex
	got   []web.Event
	at    int           // the number of the server where it has joined its rooms
	moved chan struct{} // closed when one of them changes
}

// newReader makes a reader: every second one of a stream, the others of a socket;
// of each five one reads all rooms.
func newReader(t *testing.T, s *site, r int) *reader {
	rooms := []string{roomID(r / 2)}
	if r%5 == 0 {
		rooms = allRooms()
	}
	read := &reader{
		t: t, site: s, r: r, rooms: rooms, socket: r%2 == 1, cursors: map[string]string{},
		client: &web.Client{Token: web.Token(fmt.Sprint("reader", r)), HTTP: overHTTP},
		moved:  make(chan struct{}),
	}
	for _, room := range rooms {
		read.cursors[read.line(room)] = "earliest"
	}
	return read
}

// line is the name of the cursor that moves on with events of a room.
func (r *reader) line(room string) string {
	if r.socket {
		return room
	}
	return ""
}

func (r *reader) run(ctx context.Context) {
	number := 0
	for {
		url, now, err := r.site.after(ctx, number)
		if err != nil {
			if ctx.Err() == nil {
				r.t.Errorf("reader %d: %v", r.r, err)
			}
			return
		}
		number, r.client.URL = now, url
		if !r.roomsAreThere(ctx) {
			continue
		}
		r.resumes++
		r.change(func() { r.at = number })
		switch err := r.follow(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil: // the server was killed, or said that it goes
		}
	}
}

// roomsAreThere joins the rooms: one that is not there yet cannot be followed.
func (r *reader) roomsAreThere(ctx context.Context) bool {
	for _, room := range r.rooms {
		if a, err := r.client.Join(ctx, room); err != nil || a.Status >= 300 {
			return false
		}
	}
	return true
}

func (r *reader) follow(ctx context.Context) error {
	if !r.socket {
		return r.client.Stream(ctx, r.rooms, r.cursors[""], r.take)
	}
	s, err := r.client.Socket(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Follow(ctx, maps.Clone(r.cursors), r.take)
}

func (r *reader) take(f web.Frame) error {
	if f.Verdict != "" && f.Verdict != "resumed" {
		r.t.Errorf("reader %d: the verdict on %v is %s", r.r, r.cursors, f.Verdict)
	}
	if f.Event == nil {
		return nil
	}
	line := r.line(f.Event.Room)
	if at := r.cursors[line]; at != "earliest" && f.Event.ID <= at {
		r.t.Errorf("reader %d: event %s behind the cursor %s", r.r, f.Event.ID, at)
	}
	r.cursors[line] = f.Event.ID
	r.change(func() { r.got = append(r.got, *f.Event) })
	return nil
}

func (r *reader) change(what func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	what()
	close(r.moved)
	r.moved = make(chan struct{})
}

// await waits for something to be so, at most until ctx ends.
func (r *reader) await(ctx context.Context, so func() bool) bool {
	for {
		r.mu.Lock()
		yes, moved := so(), r.moved
		r.mu.Unlock()
		if yes {
			return true
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false
		}
	}
}

// caughtUp waits until the reader has as many events as there are, and returns
// them, as they came or, of several rooms on a socket, one room after the other.
func (r *reader) caughtUp(ctx context.Context, n int) []web.Event {
	r.await(ctx, func() bool { return len(r.got) >= n })
	r.mu.Lock()
	defer r.mu.Unlock()
	got := slices.Clone(r.got)
	if r.socket {
		slices.SortStableFunc(got, func(a, b web.Event) int {
			return slices.Index(r.rooms, a.Room) - slices.Index(r.rooms, b.Room)
		})
	}
	return got
}
