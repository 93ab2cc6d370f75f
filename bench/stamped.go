package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/roomlog/chat"
)

// makeStamped makes an archive of so many events over so many rooms, of which
// those of the first room, wanted in number and evenly among the others, are
// stamped with numbers from 0.
func makeStamped(s settings, events, rooms, wanted int) (a archive, err error) {
	a.rooms = rooms
	if a.dir, err = os.MkdirTemp(s.dir, "bench-*"); err != nil {
		return a, err
	}
	c, err := chat.Create(a.path(), nil)
	if err != nil {
		return a, err
	}
	every := max(1, events/wanted)
	if rooms == 1 {
		events, every = wanted, 1
	}
	const callers = 1024
	var errs [callers]error
	var wg sync.WaitGroup
	for n := range callers {
		user := chat.User{ID: fmt.Sprintf("user-%06d", n), Name: "Somebody"}
		wg.Go(func() {
			for i := n; i < events && errs[n] == nil; i += callers {
				room, text := c.Room(roomName(0)), []byte(stampedText())
				if i%every == 0 && i/every < wanted {
					putStamp(text[1:], uint64(i/every), 0)
				} else {
					room = c.Room(roomName(1 + i%max(1, rooms-1)))
				}
				_, errs[n] = room.Post(context.Background(), user, string(text))
			}
		})
	}
	wg.Wait()
	return a, errors.Join(errors.Join(errs[:]...), c.Close())
}

// before returns the cursor behind which the first room has so many events.
func (a archive) before(events int) (cursor chat.ID, err error) {
	c, err := chat.Open(a.path(), nil)
	if err != nil {
		return cursor, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for e, err := range c.Room(roomName(0)).Backward(context.Background(), chat.End) {
		if err != nil {
			return cursor, err
		}
		if events == 0 {
			return e.ID, nil
		}
		events--
	}
	return chat.Start, nil
}

// frames returns the last events of the first room, or all if last is 0, as a
// stream has them.
func (a archive) frames(last int) (all []byte, err error) {
	c, err := chat.Open(a.path(), nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	var events []chat.Event
	for e, err := range c.Room(roomName(0)).Backward(context.Background(), chat.End) {
		if err != nil {
			return nil, err
		}
		if events = append(events, e); len(events) == last {
			break
		}
	}
	for _, e := range slices.Backward(events) {
		all = appendStream(all, e.JSON(), []byte(e.ID.String()))
	}
	return all, nil
}

// draw reads the events of the first room behind a cursor through a door, which
// must be n in number, and returns how long that took, from the request on.
func (d door) draw(n int) (time.Duration, error) {
	began := time.Now()
	r, err := d.enter(0, 0)
	if err != nil {
		return 0, err
	}
	defer r.close()
	buf := make([]byte, keep+256<<10)
	for int(r.count) < n {
		if err := r.more(buf, 0, nil); err != nil {
			return 0, fmt.Errorf("after %d of %d events: %w", r.count, n, err)
		}
	}
	took := time.Since(began)
	if want := ofRoom(uint64(n), 0, 1); r.count != want.count || r.sum != want.sum {
		return 0, fmt.Errorf("%d events whose numbers come to %d, want %d and %d", r.count, r.sum, want.count, want.sum)
	}
	return took, nil
}
