package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/roomlog/chat/test/web"
)

// poster posts one message after the other, each one to five times under its key.
type poster struct {
	t      *testing.T
	site   *site
	w      int
	rnd    *rand.Rand
	client *web.Client
	socket *web.Socket // nil if there is none, or the poster calls over HTTP
	number int         // of the server
	acked  []ack       // of post n
	later  []int       // posts to be sent again at the next server
	tally
}

// ack is how a post was answered.
type ack struct {
	id   string
	sum  uint64
	seen int // the number of the server that answered first
}

// overHTTP is for all posters and readers of all servers.
var overHTTP = web.NewHTTP(0)

func newPoster(t *testing.T, s *site, w int, rnd *rand.Rand) *poster {
	return &poster{t: t, site: s, w: w, rnd: rnd, client: &web.Client{Token: web.Token(fmt.Sprint("u", w)), HTTP: overHTTP}}
}

// run posts until last is closed and what is under way has been acknowledged.
func (p *poster) run(ctx context.Context, last <-chan struct{}) {
	defer func() {
		if p.socket != nil {
			p.socket.Close()
		}
	}()
	for n := 0; ; n++ {
		sends := 1 + p.rnd.IntN(5)
		sent, err := p.send(ctx, n)
		for ; err == nil && sent < sends; sent++ {
			if p.rnd.IntN(2) == 0 {
				p.later = append(p.later, n)
			} else {
				_, err = p.send(ctx, n)
			}
		}
		select {
		case <-last:
			for _, n := range p.later {
				if err == nil {
					_, err = p.send(ctx, n)
				}
			}
			if err == nil {
				return
			}
		default:
		}
		if err != nil {
			if ctx.Err() == nil {
				p.t.Errorf("post %s: %v", keyOf(p.w, n), err)
			}
			return
		}
	}
}

// send sends post n until it is answered, and returns how often that was.
func (p *poster) send(ctx context.Context, n int) (sent int, err error) {
	for {
		if p.client.URL == "" {
			if err := p.move(ctx); err != nil {
				return sent, err
			}
		}
		try, cancel := context.WithTimeout(ctx, time.Minute)
		a, err := p.post(try, n)
		cancel()
		switch {
		case err != nil: // no answer: the server was killed
			if ctx.Err() != nil {
				return sent, ctx.Err()
			}
			sent++
			p.unknown++
			p.client.URL = ""
		case a.Code == "shutting_down":
			p.client.URL = ""
		case a.Code == "room_not_found": // the file is new
			if a, err := p.client.Join(ctx, roomOf(p.w, n)); err != nil || a.Code == "shutting_down" {
				p.client.URL = ""
			} else if a.Status != http.StatusCreated && a.Status != http.StatusOK {
				return sent, fmt.Errorf("join: status %d %s", a.Status, a.Code)
			}
		case a.Status == http.StatusCreated || a.Status == http.StatusOK:
			sent++
			p.sends += sent
			return sent, p.note(n, a, sent > 1)
		default:
			return sent, fmt.Errorf("status %d %s", a.Status, a.Code)
		}
	}
}

func (p *poster) post(ctx context.Context, n int) (a web.Answer, err error) {
	key := keyOf(p.w, n)
	if p.w%2 == 0 {
		return p.client.Post(ctx, roomOf(p.w, n), key, textOf(key))
	}
	if p.socket == nil {
		if p.socket, err = p.client.Socket(ctx); err != nil {
			return a, err
		}
	}
	return p.socket.Post(ctx, roomOf(p.w, n), key, textOf(key))
}

// move goes to the next server, and sends there what was to be sent again.
func (p *poster) move(ctx context.Context) (err error) {
	if p.socket != nil {
		p.socket.Close()
		p.socket = nil
	}
	p.client.URL, p.number, err = p.site.after(ctx, p.number)
	again := p.later
	p.later = nil
	for i, n := range again {
		if err != nil {
			return err
		}
		if p.client.URL == "" { // it has gone already
			p.later = append(p.later, again[i:]...)
			return nil
		}
		_, err = p.send(ctx, n)
	}
	return err
}

// note enters an answer: the first one, or one that must be as the first was.
func (p *poster) note(n int, a web.Answer, tried bool) error {
	e, err := web.ParseEvent(a.Body)
	if err != nil {
		return err
	}
	if replayed := a.Status == http.StatusOK; replayed != a.Replayed {
		return fmt.Errorf("status %d and replayed %t", a.Status, a.Replayed)
	}
	if n < len(p.acked) {
		p.again++
		if was := p.acked[n]; !a.Replayed || e.ID != was.id || e.Sum != was.sum {
			return fmt.Errorf("acknowledged as %s by server %d, and as %s, replayed %t, by server %d", was.id, was.seen, e.ID, a.Replayed, p.number)
		}
		return nil
	}
	if a.Replayed && !tried {
		return fmt.Errorf("sent once and answered as one that was there, %s", e.ID)
	}
	if a.Replayed {
		p.found++
	}
	p.acks++
	p.site.acked.Add(1)
	p.acked = append(p.acked, ack{e.ID, e.Sum, p.number})
	return nil
}
