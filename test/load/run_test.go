//go:build linux

package load_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// plan is what a run is made of.
type plan struct {
	streams      int // half of them sockets; every tenth of both is not live
	other        kind
	alone        bool // without those that are not live
	silent       bool // all ask for no signals, and are not present
	rate, size   int  // of posts a second and bytes of a text
	length       time.Duration
	writeTimeout time.Duration
}

// result is what a run has shown.
type result struct {
	plan
	name                string
	p50, p99, most      time.Duration
	before, open, after level
	peak                int64         // of the server's memory, in bytes
	server, own, others time.Duration // processor time of the server, the test and the rest of the machine while it was posted
	took                time.Duration // to post
	fates               map[*reader]*fate
	readers             []*reader // those that have fates
	log                 []int     // the numbers of the posts as they are stored
}

// every is how often a run looks at connections.
func (p plan) every() time.Duration { return min(p.writeTimeout/20, 250*time.Millisecond) }

// inTime is how long after its last movement a connection may be open. The
// server looks four times in a write timeout, but at least once a second, at
// what has moved: it may see a movement, and that there was none for that long,
// one such step late. A window that is full is probed, too (RFC 9293, 3.8.6.1).
func (p plan) inTime() time.Duration {
	step := min(p.writeTimeout/4, time.Second)
	return p.writeTimeout + 3*step + 2*p.every() + time.Second
}

// run makes a run with a server of its own. What holds of every run is checked
// here: the live readers get every post once and in order, and the server keeps
// nothing of any reader that has gone.
func (p plan) run(t *testing.T, name string) *result {
	t.Helper()
	res := &result{plan: p, name: name}
	var path string
	if *profile != "" {
		path = filepath.Join(*profile, name+".pprof")
	}
	srv := start(t, order{WriteTimeout: p.writeTimeout, Profile: path})
	res.before = srv.level()
	posts := int(p.length.Seconds() * float64(p.rate))
	c, err := gather(srv.port, p.streams, posts, p.other, p.alone, p.silent)
	if err != nil {
		t.Fatal(err)
	}
	res.fates = make(map[*reader]*fate)
	for _, r := range c.readers {
		if r.kind != live {
			res.readers = append(res.readers, r)
			res.fates[r] = &fate{}
		}
	}
	res.open = srv.level()
	cpu, own := srv.cpu(), srv.own()
	c.began = time.Now()
	site := newSite(srv.port)
	go c.read()
	sipped, watched, gone := make(chan struct{}), make(chan error, 1), make(chan struct{})
	go func() { c.sip(); close(sipped) }()
	go func() { watched <- watch(srv.port, c.began, p.every(), res.fates, gone, c.stop) }()
	res.took, err = site.post(t.Context(), c.began, posts, p.rate, p.size)
	if err != nil {
		t.Errorf("posting: %v", err)
	}
	select {
	case <-c.done:
	case <-time.After(patience):
		t.Errorf("after %s not all live readers have all", patience)
	}
	res.took = max(res.took, time.Since(c.began))
	now := srv.cpu()
	res.server, res.own = now.server-cpu.server, srv.own()-own
	res.others = max(0, now.all-cpu.all-res.server-res.own)
	if p.other == frozen && !p.alone {
		select {
		case <-gone:
		case <-time.After(p.inTime()): // those that are left are seen in their fates
		}
	}
	close(c.stop)
	<-c.done
	<-sipped
	if err := <-watched; err != nil {
		t.Error(err)
	}
	if res.log, err = site.log(t.Context()); err != nil {
		t.Error(err)
	}
	c.close()
	site.client.CloseIdleConnections()
	res.after = srv.settle(res.before)
	_, res.peak = srv.memory()
	srv.stop()
	res.compare(t, c)
	t.Logf("%s: longest delay of each second's posts: %v", name, rounded(c.worst))
	slices.Sort(c.delays)
	if n := len(c.delays); n > 0 {
		res.p50, res.p99, res.most = c.delays[n/2], c.delays[n*99/100], c.delays[n-1]
	}
	return res
}

// compare holds what the readers got against the log.
func (res *result) compare(t *testing.T, c *crowd) {
	t.Helper()
	if len(res.log) != c.posts {
		t.Errorf("%d posts of %d are in the log", len(res.log), c.posts)
	}
	wrong := 0
	for i, r := range c.readers {
		var err error
		switch {
		case r.kind == live && r.err != nil:
			err = r.err
		case r.kind == live && !slices.Equal(r.got, res.log):
			err = fmt.Errorf("%d events of %d, or in another order", len(r.got), len(res.log))
		case r.kind == slow && !slices.Equal(r.got, res.log[:min(len(r.got), len(res.log))]):
			err = fmt.Errorf("%d events are not the first of the log", len(r.got))
		}
		if err == nil {
			continue
		}
		if wrong++; wrong <= 5 {
			t.Errorf("reader %d (socket %v): %v", i, r.socket, err)
		}
	}
	if wrong > 5 {
		t.Errorf("and so %d more readers", wrong-5)
	}
}
