package order_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/roomlog/chat/test/web"
)

const (
	clients = 8
	rooms   = 3
	length  = 900 // calls of a history: a room has less than 200 posts, one page of history
)

// history is one run of the clients.
type history struct {
	t     *testing.T
	db    string
	rooms []string
	kills int // to come and done

	mu     sync.Mutex
	left   int           // calls that may still be made
	url    string        // of the server
	number int           // of the server
	moved  chan struct{} // closed at the next one
	killAt []int         // when so many calls are left
	kill   chan struct{}
}

// may takes one call from those that are left.
func (h *history) may() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left == 0 {
		return false
	}
	h.left--
	if len(h.killAt) > 0 && h.left <= h.killAt[0] {
		h.killAt = h.killAt[1:]
		h.kill <- struct{}{}
	}
	return true
}

// site waits for a server with that number or a later one.
func (h *history) site(ctx context.Context, number int) (string, int, error) {
	for {
		h.mu.Lock()
		url, now, moved := h.url, h.number, h.moved
		h.mu.Unlock()
		if now >= number {
			return url, now, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return "", 0, ctx.Err()
		}
	}
}

func (h *history) publish(p *web.Process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.url = p.URL()
	h.number++
	close(h.moved)
	h.moved = make(chan struct{})
}

// result is what a history was.
type result struct {
	operations                   []porcupine.Operation
	kills, open, closed, dropped int
	byWay                        [ways]int
}

// record runs the clients over new rooms of the server p, and kills it as often
// as it falls. It returns the server that is left.
func record(t *testing.T, p *web.Process, db string, n int, rnd *rand.Rand) (result, *web.Process) {
	t.Helper()
	h := &history{t: t, db: db, left: length, kills: rnd.IntN(3), moved: make(chan struct{})}
	for range h.kills {
		h.killAt = append(h.killAt, 50+rnd.IntN(length-100))
	}
	h.killAt = descending(h.killAt)
	h.kill = make(chan struct{}, h.kills)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	over := web.NewHTTP(0)
	defer over.CloseIdleConnections()
	for r := range rooms {
		h.rooms = append(h.rooms, fmt.Sprintf("h%d-%d", n, r))
		maker := web.Client{URL: p.URL(), Token: web.Token("maker"), HTTP: over}
		if a, err := maker.Join(ctx, h.rooms[r]); err != nil || a.Status != 201 {
			t.Fatal(a, err)
		}
	}
	h.publish(p)
	all := make([]*client, clients)
	var working sync.WaitGroup
	for i := range all {
		c := &client{history: h, number: i, rnd: rand.New(rand.NewPCG(rnd.Uint64(), uint64(i))), ids: map[string]string{}}
		c.web = web.Client{Token: web.Token(fmt.Sprint("client", i)), HTTP: over}
		c.server = 1
		all[i] = c
		working.Go(func() {
			if err := c.run(ctx); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	for range h.kills {
		select {
		case <-h.kill:
		case <-ctx.Done():
			t.Fatal("a history takes longer than a minute")
		}
		p.Kill()
		<-p.Gone
		p = web.Start(t, db, "127.0.0.1:0")
		if !p.Ready(t) {
			t.Fatal(p.Said())
		}
		h.publish(p)
	}
	working.Wait()
	for _, room := range h.rooms { // what is not there now never will be
		if err := all[0].connect(ctx, h.number); err != nil {
			t.Fatal(err)
		}
		if err := all[0].read(ctx, room, byLog); err != nil {
			t.Fatal(err)
		}
	}
	r := result{kills: h.kills}
	ids := map[string]string{}
	for _, c := range all {
		r.operations = append(r.operations, c.done...)
		r.open += c.open
		r.closed += c.closed
		r.dropped += c.dropped
		for w, n := range c.byWay {
			r.byWay[w] += n
		}
		for text, id := range c.ids {
			if was, ok := ids[text]; ok && was != id {
				t.Errorf("%s is %s to one client and %s to another", text, was, id)
			}
			ids[text] = id
		}
	}
	r.operations = settled(r.operations, ids)
	return r, p
}

// settled gives posts without an answer the ids that reads have shown, and leaves
// out those that no read has shown, not even the last one: what was never there
// has no place. Else porcupine would try all of them everywhere.
func settled(operations []porcupine.Operation, ids map[string]string) []porcupine.Operation {
	kept := operations[:0]
	for _, o := range operations {
		if p, ok := o.Input.(post); ok && o.Output.(posted).id == "" {
			id := ids[p.text]
			if id == "" {
				continue
			}
			o.Output = posted{id}
		}
		kept = append(kept, o)
	}
	return kept
}
