package peers_test

import (
	"context"
	"strings"
	"sync"

	cutters "github.com/roomlog/chat/test/internal/cutter"
)

// tally counts cuts.
type tally struct {
	cuts   int
	inside int // of them within an event or frame, or within the head
	where  [places]int
	how    [manners]int
	held   int // connections that were held up before
}

func (a *tally) add(b tally) {
	a.cuts += b.cuts
	a.inside += b.inside
	a.held += b.held
	for i := range b.where {
		a.where[i] += b.where[i]
	}
	for i := range b.how {
		a.how[i] += b.how[i]
	}
}

// cutter is a proxy that cuts every connection somewhere in what the server sends, as
// long as its context lives. Each reader has its own, with an own port: a browser has
// few connections to one address, and opens sockets to one only one by one.
type cutter struct {
	*cutters.Proxy
	mu    sync.Mutex
	tally tally
}

// cut starts a proxy of a server, which cuts until cutting is done and lives until the
// test ends. first is the plan for its first connection; nil is any.
func (s *server) cut(cutting context.Context, plans *dealer, first *plan) *cutter {
	s.t.Helper()
	c := &cutter{}
	next := func() plan {
		if first != nil {
			p := *first
			first = nil
			return p
		}
		return plans.next()
	}
	c.Proxy = cutters.Start(s.t, strings.TrimPrefix(s.url, "http://"), func() cutters.Treatment {
		p := next()
		if p.lag > 0 {
			c.count(func(a *tally) { a.held++ })
		}
		var seen scan
		return cutters.Treatment{
			How:  p.how,
			Wait: func() { s.log.wait(cutting, p.lag) },
			Keep: func(chunk []byte, down bool) int {
				switch {
				case !down:
					// What is written at that moment is stored while the server looks where
					// the client stands, and about where the replay ends.
					s.pokeAll()
					return len(chunk)
				case cutting.Err() != nil:
					return len(chunk)
				}
				return seen.keep(chunk, &p)
			},
			Cut: func() {
				c.count(func(a *tally) {
					a.cuts++
					a.where[p.where]++
					a.how[p.how]++
					if !atBoundary(seen.passed) {
						a.inside++
					}
				})
			},
		}
	})
	return c
}

func (c *cutter) addr() string { return c.Addr() }

func (c *cutter) count(change func(*tally)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.tally)
}

func (c *cutter) counted() tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tally
}
