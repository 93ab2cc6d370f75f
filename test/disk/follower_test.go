package disk_test

import (
	"context"
	"sync"
	"time"

	"github.com/roomlog/chat/test/web"
)

// follower reads the room through all that happens.
type follower struct {
	b       *book
	cancel  context.CancelFunc
	reading sync.WaitGroup

	mu     sync.Mutex
	cursor string
	seen   map[string]string // ids by key
}

// start follows a server behind what was seen of the ones before.
func (f *follower) start(url string) {
	f.stop()
	ctx, cancel := context.WithCancel(f.b.t.Context())
	f.cancel = cancel
	client := web.Client{URL: url, Token: web.Token("follower"), HTTP: web.NewHTTP(0)}
	f.reading.Go(func() {
		f.mu.Lock()
		after := f.cursor
		f.mu.Unlock()
		_ = client.Stream(ctx, []string{room}, after, f.take) // until the server is gone
	})
}

func (f *follower) stop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.reading.Wait()
}

func (f *follower) take(frame web.Frame) error {
	if frame.Verdict != "" && frame.Verdict != "resumed" {
		f.b.t.Errorf("the verdict on %s is %s", f.cursor, frame.Verdict)
	}
	if frame.Event == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cursor != "earliest" && frame.Event.ID <= f.cursor {
		f.b.t.Errorf("event %s behind the cursor %s", frame.Event.ID, f.cursor)
	}
	f.cursor = frame.Event.ID
	if f.seen == nil {
		f.seen = map[string]string{}
	}
	if frame.Event.Key != "" {
		f.seen[frame.Event.Key] = frame.Event.ID
	}
	return nil
}

// reach waits until all that was acknowledged was seen, and holds that nothing
// was seen that was refused.
func (f *follower) reach(b *book) {
	b.t.Helper()
	newest := ""
	b.mu.Lock()
	for _, id := range b.ids {
		newest = max(newest, id)
	}
	b.mu.Unlock()
	late := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		f.mu.Lock()
		there := f.cursor != "earliest" && f.cursor >= newest
		f.mu.Unlock()
		if there || time.Now().After(late) {
			break
		}
		<-tick.C
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b.check(f.seen, "followed")
}
