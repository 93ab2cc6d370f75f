package transporttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// cuts is how often the reader of noSeam is cut off.
const cuts = 160

func noSeam(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{chat: chat.Options{MaxText: bigText}, options: transport.Options{NoLimits: true}})

	// What is stored while a long replay is under way comes behind it.
	s.numbered("long", bigEvents, strings.Repeat("x", bigText-8))
	long := s.openWith(dialer{buffer: steadyBuffer}, ask(ann, "earliest", "long"))
	all := s.log("long", chat.Start)
	long.wantEvents(all[0]) // and no buffer holds the others
	during := s.post("long", "two", "three")
	long.wantEvents(all[1:]...)
	long.want(Live)
	long.wantEvents(during...)
	long.wantEvents(s.post("long", "four")...)

	first := s.post(room, "first")[0]

	// While each reader is opened, and a little after, some events are written.
	tokens, done := make(chan struct{}, 8*cuts), make(chan error, 4)
	stop := sync.OnceFunc(func() { close(tokens) })
	t.Cleanup(stop)
	for i := range cap(done) {
		go func() {
			for range tokens {
				if _, err := s.chat.Room(room).Post(context.Background(), author, fmt.Sprint("writer ", i)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	random := rand.New(rand.NewPCG(1, 2)) // the same cuts each time
	cursor := first.ID.String()
	var got []string
	for i := range cuts {
		for range random.IntN(8) {
			tokens <- struct{}{}
		}
		q, d, most := ask(ann, cursor), dialer{}, i%8
		if i%3 == 0 { // cut anywhere: in the handshake, in a frame, in an event
			d.cutAt, most = 1+random.Int64N(2500), cap(tokens)
		}
		l, err := s.try(d, q)
		if d.cutAt > 0 && err != nil {
			continue
		} else if err != nil {
			t.Fatalf("coming back after %s: %v", cursor, err)
		}
		events, err := l.readSome(most)
		if errors.Is(err, errContract) || err != nil && d.cutAt == 0 {
			t.Fatalf("reading on after %s: %v", cursor, err)
		}
		_ = l.line.Close()
		_ = l.reader.Close()
		got, cursor = append(got, events...), l.cursor
	}
	stop()
	for range cap(done) {
		if err := <-done; err != nil {
			t.Fatalf("posting: %v", err)
		}
	}
	l := s.openWith(dialer{}, ask(ann, cursor))
	events, err := l.readSome(4 * cuts)
	if err != nil {
		t.Fatalf("reading the rest: %v", err)
	}
	got = append(got, events...)
	if err := equal(got, texts(s.log(room, first.ID))); err != nil {
		t.Fatalf("read in pieces: %v", err)
	}
}

// readSome reads at most n events: less where the reader is live and has all
// there is by then.
func (l *listener) readSome(n int) (events []string, err error) {
	for !l.live || len(events) < n && l.cursor != l.chat.Head().String() {
		f, err := l.read()
		switch {
		case err != nil:
			return events, err
		case f.Kind == Event:
			events = append(events, string(f.JSON))
		case f.Kind == Reset || f.Kind == End:
			return events, fmt.Errorf("%w: %v comes after a cursor that is good", errContract, f)
		}
		if len(events) == n && n > 0 {
			break
		}
	}
	return events, nil
}

// equal tells where what was read differs from what is stored.
func equal(got, want []string) error {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Errorf("event %d of %d is\n%.300s\nand not\n%.300s", i+1, len(want), got[i], want[i])
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("there are %d events, and not %d", len(got), len(want))
	}
	return nil
}

// Readers and writers of manyReaders, and what each writes.
const (
	readers = 50
	writers = 4
	writes  = 50

	lastText = "the last of all"
)

func manyReaders(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	old := s.post(room, "one", "two", "three")
	type result struct {
		events []string
		from   int // how many events stand before its cursor
		err    error
	}
	results := make(chan result, readers)
	for i := range readers {
		from := []int{0, 1, 3}[i%3]
		after := []string{"earliest", old[0].ID.String(), "", old[2].ID.String()}[from]
		go func() {
			r := result{from: from}
			l, err := s.try(dialer{}, ask(fmt.Sprint("reader", i), after))
			if r.err = err; err == nil {
				r.events, r.err = l.readUpTo(lastText)
			}
			results <- r
		}()
	}
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for j := range writes {
				if _, err := s.chat.Room(room).Post(context.Background(), author, fmt.Sprint("writer ", i, " ", j)); err != nil {
					t.Errorf("posting: %v", err)
				}
			}
		})
	}
	all.Wait()
	s.post(room, lastText)
	log := texts(s.log(room, chat.Start))
	for range readers {
		r := <-results
		if r.err == nil {
			r.err = equal(r.events, log[r.from:])
		}
		if r.err != nil {
			t.Errorf("a reader, after %d events: %v", len(r.events), r.err)
		}
	}
}

// readUpTo reads up to the event whose text holds last.
func (l *listener) readUpTo(last string) (events []string, err error) {
	for len(events) == 0 || !strings.Contains(events[len(events)-1], last) {
		f, err := l.read()
		switch {
		case err != nil:
			return events, err
		case f.Kind == Event:
			events = append(events, string(f.JSON))
		case f.Kind == Reset || f.Kind == End:
			return events, fmt.Errorf("in its midst comes %v", f)
		}
	}
	return events, nil
}
