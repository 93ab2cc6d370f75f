package main

import (
	"errors"
	"fmt"
	"time"
)

// delivery is a measurement of deliveries: so many posters post to so many rooms,
// which so many readers read.
type delivery struct {
	socket         bool
	readers, rooms int
	posters        int
	rate           float64 // posts a second; 0 = at full speed
}

// figures are what a run of a server came to.
type figures struct {
	rate      float64       // deliveries a second, or posts where nobody reads
	posts     float64       // a second
	cpu       float64       // of the server, in nanoseconds, for each that rate counts
	latency   histogram     // from sending a post to reading it
	answer    histogram     // from sending a post to its answer
	delivered int64         // in the measured time
	took      time.Duration // how long that was
}

// run runs a server and measures it. It is an error unless every reader was sent
// all that was posted, once and in one order.
func (l delivery) run(s settings, kind string) (f *figures, err error) {
	srv, err := start(s, order{Kind: kind})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			srv.kill()
			err = fmt.Errorf("%s: %w", kind, err)
		}
	}()
	web := newSite(srv, kind)
	defer web.close()
	if err := web.furnish(l.rooms); err != nil {
		return nil, err
	}
	c, err := gather(door{port: srv.port, kind: kind, socket: l.socket, silent: s.silent}, l.readers, l.rooms)
	if err != nil {
		return nil, err
	}
	defer c.close()
	c.latency = &histogram{}
	if l.rate == 0 && l.readers > 0 {
		if c.gate, err = newGate(c, s.window); err != nil {
			return nil, err
		}
		defer c.gate.close()
	}
	p, err := connectPosters(srv.port, l.posters, l.rooms, c.began, c.gate)
	if err != nil {
		return nil, err
	}
	defer p.close()
	p.rate = l.rate
	go c.read()
	f, err = l.measure(s, srv, web, c, p)
	if late := c.halt(); late != nil {
		err = errors.Join(late, err)
	}
	if err == nil {
		err = c.check(p.posted.Load())
	}
	if err != nil {
		return nil, err
	}
	f.latency, f.answer = *c.latency, p.latency
	c.close()
	c.readers = nil
	return f, srv.stop()
}

// measure lets the posters post, and measures what happens between the warm-up
// and the end.
func (l delivery) measure(s settings, srv *child, web *site, c *crowd, p *posters) (*figures, error) {
	if err := web.prime(c); err != nil {
		return nil, err
	}
	go p.run()
	time.Sleep(s.warm)
	stop, err := srv.profile(s, fmt.Sprintf("%s-%s-%d-%d", web.kind, door{socket: l.socket}.name(), l.readers, l.rooms))
	if err != nil {
		return nil, err
	}
	f := &figures{}
	posted, delivered := p.posted.Load(), c.delivered.Load()
	cpu, err := srv.cpu()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	c.measuring.Store(true)
	p.measuring.Store(true)
	select {
	case <-time.After(s.took):
	case err := <-p.done:
		p.done <- err
		return nil, err
	case err := <-c.done:
		c.done <- err
		return nil, err
	}
	for late := time.Now(); p.posted.Load() == posted || l.readers > 0 && c.delivered.Load() == delivered; time.Sleep(time.Millisecond) {
		if time.Since(late) > patience {
			return nil, errors.New("nothing was delivered")
		}
	}
	c.measuring.Store(false)
	p.measuring.Store(false)
	f.took = time.Since(began)
	f.delivered = c.delivered.Load() - delivered
	posts := p.posted.Load() - posted
	after, err := srv.cpu()
	if err != nil {
		return nil, err
	}
	if err := stop(); err != nil {
		return nil, err
	}
	if err := p.halt(); err != nil {
		return nil, err
	}
	counted := f.delivered
	if l.readers == 0 {
		counted = int64(posts)
	}
	f.rate, f.posts = float64(counted)/f.took.Seconds(), float64(posts)/f.took.Seconds()
	f.cpu = float64(after-cpu) / float64(max(counted, 1))
	for late := time.Now(); !c.complete(p.posted.Load()); time.Sleep(time.Millisecond) {
		if time.Since(late) > patience {
			break // the check tells who misses what
		}
	}
	return f, nil
}
