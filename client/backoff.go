package client

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff counts attempts that came to nothing.
type backoff struct {
	least, most time.Duration
	tries       int
}

func (c *Client) newBackoff() backoff {
	return backoff{least: c.options.MinDelay, most: c.options.MaxDelay}
}

// next returns how long to wait before the next attempt: full jitter over a bound
// that doubles, and not less than the server advises.
func (b *backoff) next(advised time.Duration) time.Duration {
	bound := b.most
	if b.tries < 30 && b.least<<b.tries < b.most {
		bound = b.least << b.tries
	}
	b.tries++
	return max(advised, rand.N(bound+1))
}

// succeed forgets the attempts.
func (b *backoff) succeed() { b.tries = 0 }

// pause waits for d. It returns early, with why, when ctx ends or the client is
// closed.
func (c *Client) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}
