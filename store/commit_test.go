package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

func TestPropose_storesTheBodyWithIDAndTimeFilledIn(t *testing.T) {
	s, _ := create(t, testOptions())
	r := put(t, s, note{room: "a", text: "hello"})
	want := fmt.Sprintf(`{"id":"%s","room":"a","at":"%s","text":"hello"}`, r.ID, r.At.Format("2006-01-02T15:04:05.000Z"))
	if string(r.Body) != want {
		t.Fatalf("body %s, want %s", r.Body, want)
	}
	es := readRooms(t, s, "a")
	if len(es) != 1 || string(es[0].Body()) != want {
		t.Fatalf("read %d entries", len(es))
	}
}

func TestIDs_riseWhateverTheClockDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var now atomic.Int64
	now.Store(1_700_000_000_000)
	o := testOptions()
	o.Now = func() time.Time { return time.UnixMilli(now.Load()) }
	s, path := create(t, o)
	var last store.ID
	for i := range 300 {
		switch rng.IntN(4) {
		case 0:
			now.Add(rng.Int64N(3))
		case 1:
			now.Add(-rng.Int64N(1_000_000))
		case 2:
			now.Add(rng.Int64N(1_000_000))
		}
		r := put(t, s, note{room: fmt.Sprint("r", i%3)})
		if r.ID.Compare(last) <= 0 {
			t.Fatalf("id %s after %s", r.ID, last)
		}
		if r.At.UnixMilli() != now.Load() {
			t.Fatalf("at %v, want the wall clock", r.At)
		}
		last = r.ID
		if i%100 == 99 {
			closeStore(t, s)
			now.Add(-1_000_000_000)
			s = open(t, path, o)
		}
	}
	verify(t, s)
}

func TestPropose_decidesEachCommandOnWhatTheOnesBeforeLeft(t *testing.T) {
	s, _ := create(t, testOptions())
	const callers = 64
	for round := range 20 {
		room := fmt.Sprint("room", round)
		var won atomic.Int32
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				n := note{room: room, kind: "Note", user: fmt.Sprint("u", c)}
				res, err := s.Propose(context.Background(), &store.Proposal{
					Room: room, UserID: n.user,
					Decide: func(v store.View, _ time.Time) ([]*store.Draft, error) {
						if _, ok := v.Room(room); ok {
							return nil, errTaken
						}
						return []*store.Draft{n.draft()}, nil
					},
				})
				if err == nil && len(res.Records) == 1 {
					won.Add(1)
				} else if !errors.Is(err, errTaken) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d commands took the same room", round, won.Load())
		}
	}
}

var errTaken = errors.New("taken")

func TestPropose_panicFailsThatCommandAlone(t *testing.T) {
	s, _ := create(t, testOptions())
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			n := note{room: "a", kind: "Note", user: "u", text: fmt.Sprint(i)}
			_, err := s.Propose(context.Background(), &store.Proposal{Room: "a", UserID: "u", Decide: func(store.View, time.Time) ([]*store.Draft, error) {
				if i%10 == 0 {
					panic("oh")
				}
				return []*store.Draft{n.draft()}, nil
			}})
			if got := errors.Is(err, store.ErrPanic); got != (i%10 == 0) {
				t.Errorf("command %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if n := len(readRooms(t, s, "a")); n != 180 {
		t.Fatalf("%d records, want 180", n)
	}
	verify(t, s)
	same(t, s)
}

// same checks that the views of an open, idle store equal those that are
// rebuilt from its log, and those that are folded from its last checkpoint.
func same(t testing.TB, s *store.Store) {
	t.Helper()
	want := dump(t, s)
	kept := crashed(t, s.Path())
	again := open(t, kept, testOptions())
	if got := dump(t, again); got != want {
		t.Fatalf("views after a crash differ:\n%s", diff(want, got))
	}
	verify(t, again)
	closeStore(t, again)
	removeViews(t, kept)
	again = open(t, kept, testOptions())
	if got := dump(t, again); got != want {
		t.Fatalf("rebuilt views differ:\n%s", diff(want, got))
	}
	closeStore(t, again)
}

func diff(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	inB := map[string]bool{}
	for _, l := range bs {
		inB[l] = true
	}
	var out strings.Builder
	for _, l := range as {
		if !inB[l] {
			fmt.Fprintf(&out, "- %.200s\n", l)
		}
		delete(inB, l)
	}
	for _, l := range bs {
		if inB[l] {
			fmt.Fprintf(&out, "+ %.200s\n", l)
		}
	}
	return out.String()
}

func TestKey_isAnsweredWithTheFirstRecord(t *testing.T) {
	s, path := create(t, testOptions())
	first := put(t, s, note{room: "a", key: "k", text: "one"})
	again := func() {
		t.Helper()
		res, err := propose(s, note{room: "a", key: "k", text: "one"})
		if err != nil || !res.Replayed || res.Records[0].ID != first.ID || string(res.Records[0].Body) != string(first.Body) {
			t.Fatalf("retry: %+v, %v", res, err)
		}
		if _, err := propose(s, note{room: "a", key: "k", text: "two"}); !errors.Is(err, store.ErrKeyReused) {
			t.Fatalf("other content: %v", err)
		}
	}
	again()
	if res, err := propose(s, note{room: "b", key: "k", text: "one"}); err != nil || res.Replayed {
		t.Fatal("a key is of its room", res, err)
	}
	if res, err := propose(s, note{room: "a", user: "bob", key: "k", text: "one"}); err != nil || res.Replayed {
		t.Fatal("a key is of its user", res, err)
	}
	s = open(t, crashed(t, path), testOptions())
	again()
	closeStore(t, s)
	s = open(t, s.Path(), testOptions())
	again()
}

func TestKey_expires(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o := testOptions()
	o.KeyTTL = time.Hour
	o.Now = func() time.Time { return now }
	s, _ := create(t, o)
	for i := range 100 {
		first := put(t, s, note{room: "a", key: "k", text: "x"})
		now = now.Add(time.Hour - time.Millisecond)
		if res, err := propose(s, note{room: "a", key: "k", text: "x"}); err != nil || !res.Replayed || res.Records[0].ID != first.ID {
			t.Fatalf("round %d: the key died early: %+v %v", i, res, err)
		}
		now = now.Add(time.Millisecond)
	}
}

func TestKey_ofManyCallersAtOnceMakesOneRecord(t *testing.T) {
	s, _ := create(t, testOptions())
	for round := range 20 {
		var wg sync.WaitGroup
		var fresh atomic.Int32
		for range 50 {
			wg.Go(func() {
				res, err := propose(s, note{room: "a", key: fmt.Sprint("key", round), text: "same"})
				if err != nil {
					t.Error(err)
				} else if !res.Replayed {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		if fresh.Load() != 1 {
			t.Fatalf("%d records of one key", fresh.Load())
		}
	}
	if n := len(readRooms(t, s, "a")); n != 20 {
		t.Fatalf("%d records, want 20", n)
	}
}

func TestErase_overwritesTheBodyAndKeepsTheRest(t *testing.T) {
	s, path := create(t, testOptions())
	var all []store.Record
	for i := range 10 {
		all = append(all, put(t, s, note{room: "a", key: fmt.Sprint("k", i), text: fmt.Sprint("secret", i)}))
	}
	r := s.Read([]string{"a"}, store.ID{}, nil) // its tail is made now, and must not serve the text
	defer r.Close()
	last := put(t, s, note{room: "a", text: "secret10"})
	put(t, s, note{room: "a", kind: "Gone", erase: []store.ID{all[3].ID, last.ID}})
	for _, e := range read(t, r) {
		r := e.Record()
		gone := e.ID == all[3].ID || e.ID == last.ID
		if r.Type == "Note" && r.Erased != gone || strings.Contains(string(r.Body), "secret") && gone {
			t.Fatalf("record %s: erased %v, body %s", e.ID, r.Erased, r.Body)
		}
	}
	res, err := propose(s, note{room: "a", key: "k3", text: "anything"})
	if err != nil || !res.Replayed || !res.Records[0].Erased || res.Records[0].ID != all[3].ID {
		t.Fatalf("the key of an erased record: %+v %v", res, err)
	}
	verify(t, s)
	same(t, s)
	_ = path
}

func TestPropose_withdrawsACommandWhoseContextEnded(t *testing.T) {
	s, _ := create(t, testOptions())
	hold, held := make(chan struct{}), make(chan struct{})
	go s.Propose(context.Background(), &store.Proposal{Room: "a", UserID: "u", Decide: func(store.View, time.Time) ([]*store.Draft, error) {
		close(held)
		<-hold
		return nil, errTaken
	}})
	<-held
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := s.Propose(ctx, &store.Proposal{Room: "a", UserID: "u", Decide: func(store.View, time.Time) ([]*store.Draft, error) {
			return []*store.Draft{note{room: "a", kind: "Note", user: "u"}.draft()}, nil
		}})
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(hold)
	put(t, s, note{room: "b"})
	if n := len(readRooms(t, s, "a")); n != 0 {
		t.Fatalf("%d records of a command that was withdrawn", n)
	}
}

func TestClose_endsProposals(t *testing.T) {
	s, _ := create(t, testOptions())
	closeStore(t, s)
	closeStore(t, s)
	if _, err := propose(s, note{room: "a"}); !errors.Is(err, store.ErrClosed) {
		t.Fatal(err)
	}
	if _, err := s.Snapshot(); !errors.Is(err, store.ErrClosed) {
		t.Fatal(err)
	}
}
