package chat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/roomlog/chat"
)

// done is the last fact that writers put into a room.
var done = chat.Custom{Type: "x.done"}

// Writers post at full speed, and then one post at a time that waits for all
// followers to have it, so that a wake-up that is missed is not made good by
// the next. The followers, of one room or of several, break off and resume at
// random points and moments. Each one's record must be the log.
func TestFollow_hasNoSeam(t *testing.T) {
	const writers, followers, posts, single = 4, 6, 500, 200
	rooms := []string{"a", "b", "c"}
	var empty []string // makes a read take long enough for a commit to fall into it
	for i := range 300 {
		empty = append(empty, fmt.Sprint("empty-", i))
	}
	// A small tail makes followers cross between memory and file.
	for _, tail := range []int64{0, 16 << 10} {
		t.Run(fmt.Sprint("tail=", tail), func(t *testing.T) {
			c := open(t, &chat.Options{TailBytes: tail})
			ctx := within(t)
			reached := newProgress(ctx, followers)
			var following sync.WaitGroup
			records := make([][]chat.Event, followers)
			for i := range followers {
				following.Go(func() {
					p := &piecer{chat: c, rooms: rooms[:1+i%len(rooms)], seen: func(id chat.ID) { reached.set(i, id) }}
					if p.left = len(p.rooms); i == 0 {
						p.rooms = append(empty, p.rooms...)
					}
					if err := p.followInPieces(ctx, rand.New(rand.NewPCG(uint64(i), 7))); err != nil {
						t.Error(err)
					}
					records[i] = p.record
				})
			}
			var writing sync.WaitGroup
			for w := range writers {
				writing.Go(func() {
					for range posts {
						if _, err := c.Room(rooms[rand.IntN(len(rooms))]).Post(ctx, ann, fmt.Sprint("from ", w)); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			writing.Wait()
			for i := 0; i < single && !t.Failed(); i++ {
				post(t, c.Room("unread"), ann, "for all to read past")
				if !reached.wait(post(t, c.Room("a"), ann, "all follow this room").ID) {
					t.Errorf("a follower was not woken by single post %d", i)
				}
			}
			for _, id := range rooms {
				do(t, c.Room(id), ann, done)
			}
			following.Wait()
			for i, got := range records {
				var want []chat.Event
				for _, id := range rooms[:1+i%len(rooms)] {
					want = append(want, logOf(t, c.Room(id))...)
				}
				slices.SortFunc(want, func(a, b chat.Event) int { return a.ID.Compare(b.ID) })
				if !slices.Equal(lines(got), lines(want)) {
					t.Errorf("follower %d has %d events, the log %d: %s", i, len(got), len(want), firstDifference(got, want))
				}
			}
		})
	}
}

// progress is how far followers have come.
type progress struct {
	mu      sync.Mutex
	moved   sync.Cond
	reached []chat.ID
	ctx     context.Context
}

func newProgress(ctx context.Context, followers int) *progress {
	p := &progress{reached: make([]chat.ID, followers), ctx: ctx}
	p.moved.L = &p.mu
	context.AfterFunc(ctx, p.moved.Broadcast)
	return p
}

func (p *progress) set(follower int, id chat.ID) {
	p.mu.Lock()
	p.reached[follower] = id
	p.mu.Unlock()
	p.moved.Broadcast()
}

// wait waits until all followers have reached the event.
func (p *progress) wait(id chat.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for slices.ContainsFunc(p.reached, func(at chat.ID) bool { return at.Compare(id) < 0 }) {
		if p.ctx.Err() != nil {
			return false
		}
		p.moved.Wait()
	}
	return true
}

// A piecer is a follower that breaks off and resumes.
type piecer struct {
	chat   *chat.Chat
	rooms  []string
	left   int // rooms whose last fact has not come
	seen   func(chat.ID)
	record []chat.Event
	cursor chat.ID
}

// followInPieces follows the rooms until their last facts, breaking off in
// every way there is and resuming from the last event it saw.
func (p *piecer) followInPieces(ctx context.Context, rnd *rand.Rand) error {
	for p.left > 0 {
		for range rnd.IntN(2000) { // at any moment of a commit
			runtime.Gosched()
		}
		var err error
		if n := 1 + rnd.IntN(1+rnd.IntN(20)); rnd.IntN(2) == 0 {
			err = p.follow(ctx, n, rnd.IntN(2) == 0)
		} else {
			err = p.poll(ctx, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *piecer) take(e chat.Event) {
	p.record, p.cursor = append(p.record, e), e.ID
	if e.Type == done.Type {
		p.left--
	}
	p.seen(e.ID)
}

// follow takes n events and leaves the loop, or ends the context and takes
// what comes until that is noticed.
func (p *piecer) follow(ctx context.Context, n int, byContext bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for e, err := range p.chat.Follow(ctx, p.cursor, p.rooms...) {
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err != nil {
			return err
		}
		p.take(e)
		if n--; n == 0 && byContext {
			cancel()
		}
		if n <= 0 && !byContext || p.left == 0 {
			return nil
		}
	}
	return errors.New("follow ended without an error")
}

// poll takes n batches.
func (p *piecer) poll(ctx context.Context, n int) error {
	s, err := p.chat.Subscribe(p.cursor, nil, p.rooms...)
	if err != nil {
		return err
	}
	defer s.Close()
	for ; n > 0 && p.left > 0; n-- {
		events, err := s.Next(ctx)
		if err != nil {
			return err
		}
		for _, e := range events {
			p.take(e)
		}
	}
	return nil
}

func firstDifference(got, want []chat.Event) string {
	for i := range min(len(got), len(want)) {
		if got[i].ID != want[i].ID {
			return fmt.Sprintf("event %d is %s, want %s", i, got[i].JSON(), want[i].JSON())
		}
	}
	return "one ends early"
}
