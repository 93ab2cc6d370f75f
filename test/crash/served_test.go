package crash_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/test/web"
)

var kills = flag.Int("kills", 20, "how often a server is killed under its writers and readers")

const (
	servedReaders = 50
	servedEra     = 20 // kills on one file
	// leastServed is how many posts a kill must have been acknowledged on average,
	// below which nothing was shown.
	leastServed = 100
)

// A server with 64 writers, over HTTP and sockets, and 50 readers, over streams
// and sockets, is killed again and again: while it serves, opens, makes its files
// or shuts down, and at a system call that writes. Each post is sent one to five
// times under its key, before and after a kill. In the end each is there once, as
// it was answered, and each reader has the log: no gap, nothing twice, nothing
// that it saw has gone or has changed its place.
func TestKill_ofAServerLosesAndDoublesNothing(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rnd := rand.New(rand.NewPCG(*seed, 1))
	var all tally
	for all.kills() < *kills && !t.Failed() {
		dir := t.TempDir()
		e := &served{t: t, rnd: rnd, site: newSite(), db: filepath.Join(dir, "chat.db"), cut: min(servedEra, *kills-all.kills())}
		all.add(e.run())
		if err := os.RemoveAll(dir); err != nil { // many of them are much
			t.Error(err)
		}
	}
	t.Log(&all)
	if all.acks < all.kills()*leastServed || all.again == 0 || all.unknown == 0 {
		t.Fatal("void: too little was done to show anything")
	}
	for how, n := range all.by {
		if n == 0 && *kills >= 5*servedEra {
			t.Errorf("void: no kill %s", manners[how])
		}
	}
}

// tally counts what was done.
type tally struct {
	by      [len(manners)]int // kills
	missed  int               // servers that ended before they were killed
	acks    int               // posts that were acknowledged
	sends   int
	again   int // sends of what had been acknowledged
	unknown int // sends without an answer
	found   int // of posts without an answer: had been stored
	events  int // that readers took in, all together
	resumes int // of readers
}

func (a *tally) kills() (n int) {
	for _, by := range a.by {
		n += by
	}
	return n
}

func (a *tally) add(b tally) {
	for i, n := range b.by {
		a.by[i] += n
	}
	a.missed += b.missed
	a.acks += b.acks
	a.sends += b.sends
	a.again += b.again
	a.unknown += b.unknown
	a.found += b.found
	a.events += b.events
	a.resumes += b.resumes
}

func (a *tally) String() string {
	s := fmt.Sprintf("%d kills:", a.kills())
	for how, n := range a.by {
		s += fmt.Sprintf(" %d %s,", n, manners[how])
	}
	return s + fmt.Sprintf(" (%d ended before); %d posts acknowledged in %d sends, %d of them sent again, %d without an answer, of which %d were found stored; %d events read over %d resumes",
		a.missed, a.acks, a.sends, a.again, a.unknown, a.found, a.events, a.resumes)
}

// served is one file, the servers on it, and their clients.
type served struct {
	t    *testing.T
	rnd  *rand.Rand
	site *site
	db   string
	cut  int // kills to do
	tally
}

func (e *served) run() tally {
	ctx, cancel := context.WithCancel(e.t.Context())
	defer cancel()
	var writing, reading sync.WaitGroup
	var posters []*poster
	var readers []*reader
	last := make(chan struct{}) // closed before the server that is not killed
	for w := range writers {
		p := newPoster(e.t, e.site, w, rand.New(rand.NewPCG(e.rnd.Uint64(), uint64(w))))
		posters = append(posters, p)
		writing.Go(func() { p.run(ctx, last) })
	}
	for r := range servedReaders {
		r := newReader(e.t, e.site, r)
		readers = append(readers, r)
		reading.Go(func() { r.run(ctx) })
	}
	for e.kills() < e.cut && !e.t.Failed() {
		e.kill()
	}

	p := web.Start(e.t, e.db, "127.0.0.1:0")
	if !p.Ready(e.t) {
		e.t.Fatalf("the server ended: %s", p.Said())
	}
	close(last)
	e.site.publish(p.URL())
	writing.Wait()
	if e.t.Failed() {
		return e.tally
	}
	found := e.inspect(p.URL(), posters, readers)
	cancel()
	reading.Wait()
	p.Stop()
	if err := p.End(e.t); err != nil {
		e.t.Errorf("the server ended with %v: %s", err, p.Said())
	}
	for _, p := range posters {
		e.add(p.tally)
	}
	for _, r := range readers {
		e.events += len(r.got)
		e.resumes += r.resumes
	}
	e.verify(found)
	return e.tally
}

// verify opens the file without a server.
func (e *served) verify(events int) {
	c, err := chat.Open(e.db, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	defer c.Close()
	if err := c.Verify(e.t.Context(), nil); err != nil {
		e.t.Error(err)
	}
	n := 0
	for _, room := range allRooms() {
		for _, err := range c.Room(room).Replay(e.t.Context(), chat.Start) {
			if err != nil {
				e.t.Fatal(err)
			}
			n++
		}
	}
	if n != events {
		e.t.Errorf("%d events in the file, %d were served", n, events)
	}
}
