package transport

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rates is a token bucket for each of many names. However many names there are,
// it holds a bounded number of buckets: a name that has none has a full one.
type rates struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

const (
	// maxBuckets is how many names a rates remembers: some 16 MiB.
	maxBuckets = 1 << 16
	// sampled is how many buckets are looked at to make room for another one.
	sampled = 8
)

// take takes a token of the name's bucket, or returns how long to wait for one.
func (rs *rates) take(name string, now time.Time) time.Duration {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	res := rs.bucket(name, now).ReserveN(now, 1)
	wait := res.DelayFrom(now)
	if wait > 0 {
		res.CancelAt(now)
	}
	return wait
}

// charge takes tokens of the name's bucket, also those that it does not have.
func (rs *rates) charge(name string, tokens int, now time.Time) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	b := rs.bucket(name, now)
	for tokens > 0 {
		n := min(tokens, rs.burst) // more than a burst is refused at once
		b.ReserveN(now, n)
		tokens -= n
	}
}

// debt returns how long it takes until the name's bucket lacks no tokens.
func (rs *rates) debt(name string, now time.Time) time.Duration {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	b := rs.buckets[name]
	if b == nil {
		return 0
	}
	tokens := b.TokensAt(now)
	if tokens >= 0 {
		return 0
	}
	return time.Duration(-tokens/float64(rs.rate)*float64(time.Second)) + 1
}

// bucket returns the bucket of a name.
func (rs *rates) bucket(name string, now time.Time) *rate.Limiter {
	b := rs.buckets[name]
	if b == nil {
		if rs.buckets == nil {
			rs.buckets = make(map[string]*rate.Limiter)
		}
		rs.makeRoom(now)
		b = rate.NewLimiter(rs.rate, rs.burst)
		rs.buckets[name] = b
	}
	return b
}

// makeRoom looks at a few buckets, whichever come first, and forgets those that
// are full: a new one would be the same. If there are too many all the same, it
// forgets the fullest of the few. Whoever has used up a bucket is remembered
// before those who have not; with more names at once than are remembered, bounds
// on each of them are no bound on all.
func (rs *rates) makeRoom(now time.Time) {
	var fullest string
	most, looked := 0.0, 0
	for name, b := range rs.buckets {
		if tokens := b.TokensAt(now); tokens >= float64(rs.burst) {
			delete(rs.buckets, name)
		} else if looked == 0 || tokens > most {
			fullest, most = name, tokens
		}
		if looked++; looked == sampled {
			break
		}
	}
	if len(rs.buckets) >= maxBuckets {
		delete(rs.buckets, fullest)
	}
}
