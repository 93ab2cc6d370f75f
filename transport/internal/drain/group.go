// Package drain ends what has left the http.Server: streams and sockets on
// connections that Shutdown knows nothing of.
package drain

import (
	"context"
	"sync"
)

// Member is an open stream or socket. Both methods must return at once and may
// be called more than once, while the Group is locked: neither may call it.
type Member interface {
	comparable
	End() // ends it with a word to its client
	Cut() // closes its connection
}

// Group is what a handler has open. When the chat drains it ends all of it, so
// that no member need wait for that by itself: they would all meet at one
// channel, at every event.
type Group[M Member] struct {
	signal <-chan struct{} // closed when the chat drains
	open   sync.WaitGroup  // all members

	mu       sync.Mutex
	members  map[M]struct{}
	empty    chan struct{} // closed when the last member has gone
	draining bool          // none is taken any more
}

// New returns a group that is ended when signal is closed.
func New[M Member](signal <-chan struct{}) *Group[M] {
	return &Group[M]{signal: signal, members: make(map[M]struct{})}
}

// Add takes a member in, unless the group drains. Remove must follow.
func (g *Group[M]) Add(m M) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isDraining() {
		return false
	}
	if len(g.members) == 0 {
		g.empty = make(chan struct{})
		go g.watch(g.empty)
	}
	g.members[m] = struct{}{}
	g.open.Add(1)
	return true
}

// Draining reports whether members are no longer taken.
func (g *Group[M]) Draining() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isDraining()
}

// isDraining is Draining for a caller that holds mu.
func (g *Group[M]) isDraining() bool {
	select {
	case <-g.signal:
		return true
	default:
		return g.draining
	}
}

// watch waits for the chat to drain, on behalf of all members.
func (g *Group[M]) watch(empty <-chan struct{}) {
	select {
	case <-g.signal:
		g.end()
	case <-empty:
	}
}

// Remove tells that a member has ended.
func (g *Group[M]) Remove(m M) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.members, m)
	if len(g.members) == 0 {
		close(g.empty)
	}
	g.open.Done()
}

// Drain ends all members, takes no new ones and returns when they have gone. If
// ctx ends first they are cut, and its error is returned. It may be called
// again.
func (g *Group[M]) Drain(ctx context.Context) error {
	g.end()
	gone := make(chan struct{})
	go func() {
		g.open.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		g.cut()
		return ctx.Err()
	}
}

func (g *Group[M]) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.draining = true
	for m := range g.members {
		m.End()
	}
}

func (g *Group[M]) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for m := range g.members {
		m.Cut()
	}
}
