package store_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
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

var manyIDs = flag.Int("ids", 10_000, "ids that are made under a clock that jumps")

func TestIDs_riseWhateverTheClockDoes(t *testing.T) {
	const batch, life = 100, 30 // ids of a commit, commits between two restarts
	rng := rand.New(rand.NewPCG(1, 2))
	var now atomic.Int64
	now.Store(1_700_000_000_000)
	o := testOptions()
	o.Now = func() time.Time { return time.UnixMilli(now.Load()) }
	s, path := create(t, o)
	var last store.ID
	for i := range *manyIDs / batch {
		switch rng.IntN(4) {
		case 0:
			now.Add(rng.Int64N(3))
		case 1:
			now.Add(-rng.Int64N(1_000_000))
		case 2:
			now.Add(rng.Int64N(1_000_000))
		}
		n := note{room: fmt.Sprint("r", i%3), kind: "Note", user: "ann"}
		res, err := s.Propose(t.Context(), &store.Proposal{Room: n.room, UserID: n.user, Decide: func(store.View, time.Time) (ds []*store.Draft, _ error) {
			for range 1 + rng.IntN(2*batch-1) {
				ds = append(ds, n.draft())
			}
			return ds, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Records {
			if r.ID.Compare(last) <= 0 {
				t.Fatalf("id %s after %s", r.ID, last)
			}
			if r.At.UnixMilli() != now.Load() {
				t.Fatalf("at %v, want the wall clock", r.At)
			}
			last = r.ID
		}
		if i%life == life-1 {
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
