package chattest

import (
	"sync"
	"time"
)

// Clock is a clock that moves when it is told to. Its methods may be called
// concurrently.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time that it is.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock by d, backward if d is less than zero, and returns the time
// that it is then. What goes by the clock is looked at when it matters: a
// mute that is over is over for the next post, and the stream of a token that has
// expired ends at its next event or heartbeat.
func (c *Clock) Add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}
