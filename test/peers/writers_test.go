package peers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// writers is how many write at once, pace how long each rests between two
// commands unless it is poked: what they write must get through to many readers on
// a small machine.
const (
	writers = 4
	pace    = 8 * time.Millisecond
)

// pitfalls are what texts are made of: what a careless reader would take for
// the frames around them.
var pitfalls = []string{
	"Hello.", "\n\n", "\ndata: {}\n\n", "\nid: 01ARZ3NDEKTSV4RRFFQ69G5FAV\n", "event: chat.end\n\n", `"}]}`, `\`, "\u2028", "\r\n", "\ufeff",
	"¡Olé!", "👩‍👩‍👧", "<!--", "\t", `{"room":"general","reset":{}}`, "0\n\n",
}

// text is a text of up to some thousand bytes, mostly short.
func text(rng *rand.Rand) string {
	parts := 1 + rng.IntN(12)
	if rng.IntN(20) == 0 {
		parts = 300
	}
	var b strings.Builder
	for range parts {
		b.WriteString(pitfalls[rng.IntN(len(pitfalls))])
		b.WriteByte(' ')
	}
	return "It is said: " + b.String() + "."
}

// write has the writers write to rooms until ctx is done, and then returns. All
// that they have written is then stored.
func (s *server) write(ctx context.Context, rooms []string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: writers}}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			w := writer{s: s, client: client, name: fmt.Sprintf("writer-%d", n), rng: rand.New(rand.NewPCG(uint64(n), 0))}
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for ctx.Err() == nil {
				if err := w.act(rooms[w.rng.IntN(len(rooms))]); err != nil {
					s.t.Error(err)
					return
				}
				select {
				case <-tick.C:
				case <-s.poke:
				}
			}
		})
	}
	wg.Wait()
}

// pokeAll has all writers write now.
func (s *server) pokeAll() {
	for range writers {
		select {
		case s.poke <- struct{}{}:
		default:
		}
	}
}

type writer struct {
	s      *server
	client *http.Client
	name   string
	rng    *rand.Rand

	room, message string // posted last
}

// act posts, or now and then edits or reacts to what was posted last. Nothing is
// deleted: that alone would change bytes which readers already have.
func (w *writer) act(room string) error {
	if w.message != "" {
		path := "/api/rooms/" + w.room + "/messages/" + w.message
		switch w.rng.IntN(10) {
		case 0:
			return w.do("PATCH", path, map[string]string{"text": text(w.rng)}, nil)
		case 1:
			return w.do("PUT", path+"/reactions/"+"%F0%9F%91%8D", nil, nil)
		}
	}
	var posted struct{ ID string }
	err := w.do("POST", "/api/rooms/"+room+"/messages", map[string]string{"text": text(w.rng)}, &posted)
	w.room, w.message = room, posted.ID
	return err
}

func (w *writer) do(method, path string, body map[string]string, answer any) error {
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(w.s.t.Context(), method, w.s.url+path, &b)
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return w.s.call(w.client, r, w.name, answer)
}

// fill makes rooms and puts some events into each.
func (s *server) fill(rooms []string, events int) {
	s.t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range rooms {
		room := s.chat.Room(name)
		if _, err := room.Join(s.t.Context(), user("ann")); err != nil {
			s.t.Fatal(err)
		}
		for range events {
			if _, err := room.Post(s.t.Context(), user("ann"), text(rng)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

func TestWriters_keepWriting(t *testing.T) {
	s := serve(t)
	s.fill([]string{"general"}, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		s.log.wait(t.Context(), 40)
		stop()
	}()
	s.write(ctx, []string{"general"})
	if got := len(s.read("general")); got < 42 {
		t.Errorf("the log has %d events", got)
	}
}
