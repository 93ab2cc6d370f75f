package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Every server sends every reader all that is posted while it is measured, or
// the run is an error.
func TestDelivery_everyServerSendsEverythingToAll(t *testing.T) {
	type run struct {
		kind   string
		socket bool
		rooms  int
	}
	var runs []run
	for _, kind := range []string{"chat", "tail", "alone"} {
		for _, rooms := range []int{1, 5} {
			runs = append(runs, run{kind, true, rooms}, run{kind, false, rooms})
		}
	}
	for _, kind := range []string{"gorilla", "melody", "gws", "coder"} {
		runs = append(runs, run{kind, true, 1})
	}
	runs = append(runs, run{"go-sse", false, 1})
	for _, r := range runs {
		t.Run(fmt.Sprintf("%s/%s/%d", r.kind, door{socket: r.socket}.name(), r.rooms), func(t *testing.T) {
			s := tiny(t)
			f, err := delivery{socket: r.socket, readers: 20, rooms: r.rooms, posters: 8}.run(s, r.kind)
			if err != nil {
				t.Fatal(err)
			}
			if f.delivered == 0 || f.posts == 0 {
				t.Errorf("%d deliveries, %.0f posts a second", f.delivered, f.posts)
			}
		})
	}
}

// With a rate, posts are made no faster, and each latency is noted.
func TestPosters_keepTheirRate(t *testing.T) {
	srv, err := start(tiny(t), order{Kind: "commit"})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.kill()
	p, err := connectPosters(srv.port, 2, 1, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	p.rate = 20
	p.measuring.Store(true)
	go p.run()
	for tick := time.Tick(time.Millisecond); p.posted.Load() < 8; {
		select {
		case err := <-p.done:
			t.Fatal(err)
		case <-tick:
		}
	}
	if err := p.halt(); err != nil {
		t.Fatal(err)
	}
	posted := p.posted.Load()
	if most := 1 + time.Since(p.start).Seconds()*p.rate; float64(posted) > most {
		t.Errorf("%d posts, want at most %.1f", posted, most)
	}
	if p.latency.n != int64(posted) {
		t.Errorf("%d latencies of %d posts", p.latency.n, posted)
	}
	if err := srv.stop(); err != nil {
		t.Error(err)
	}
}

// A reader that misses a post, has one twice or has two in another order is
// found.
func TestCrowd_findsWhoWasSentSomethingElse(t *testing.T) {
	for name, numbers := range map[string][]uint64{
		"missing": {0, 2, 4}, "twice": {0, 2, 4, 6, 6}, "another order": {0, 4, 2, 6}, "of another room": {0, 2, 5, 6},
	} {
		c := &crowd{rooms: 2}
		for range 3 {
			r := &reader{}
			for _, n := range []uint64{0, 2, 4, 6} {
				r.add(n)
			}
			c.readers = append(c.readers, r)
		}
		if err := c.check(7); err != nil {
			t.Fatal(err)
		}
		c.readers[1].tally = tally{}
		for _, n := range numbers {
			c.readers[1].add(n)
		}
		if err := c.check(7); err == nil || !strings.Contains(err.Error(), "1 of 3 readers") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The gate moves with the last reader, and no further ahead of it than the
// window.
func TestGate_movesWithTheLastReader(t *testing.T) {
	c := &crowd{rooms: 1, readers: []*reader{{}, {}, {}}}
	g, err := newGate(c, 16)
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	take := func(r *reader, n int) {
		for range n {
			before := r.count
			r.add(before)
			g.passed(c, before, r.count)
		}
	}
	take(c.readers[0], 40)
	take(c.readers[1], 7)
	if got := g.allowed.Load(); got != 16 {
		t.Errorf("with a reader at 0, %d posts are allowed", got)
	}
	take(c.readers[2], 5)
	if got := g.allowed.Load(); got <= 16 || got > 5+16 {
		t.Errorf("with the last reader at 5, %d posts are allowed", got)
	}
	take(c.readers[2], 35)
	if got := g.allowed.Load(); got > 7+16 {
		t.Errorf("with the last reader at 7, %d posts are allowed", got)
	}
}
