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

func TestRead_mergesRoomsInTheOrderOfTheLog(t *testing.T) {
	t.Parallel()
	s, _ := create(t, testOptions())
	rng := rand.New(rand.NewPCG(3, 4))
	var want []store.ID
	for range 2000 {
		room := fmt.Sprint("r", rng.IntN(5))
		n := note{room: room, lane: store.Lane(rng.IntN(2))}
		r := put(t, s, n)
		if room != "r4" {
			want = append(want, r.ID)
		}
	}
	es := readRooms(t, s, "r0", "r1", "r2", "r3", "missing")
	if len(es) != len(want) {
		t.Fatalf("%d entries, want %d", len(es), len(want))
	}
	for i, e := range es {
		if e.ID != want[i] {
			t.Fatalf("entry %d is %s, want %s", i, e.ID, want[i])
		}
	}
}

// Followers break off and come back with their cursor while writers go on;
// tails are tiny, so that they go to the file and back again and again. Each
// must have seen the log, whole and in order. Seen to fail with the bells
// registered after the first Poll in Read.
func TestRead_hasNoSeam(t *testing.T) {
	o := testOptions()
	o.TailBytes = 20_000
	o.FlushRows = 300
	s, _ := create(t, o)
	const writers, perWriter, followers = 8, 1200, 6
	rooms := []string{"a", "b", "c"}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range perWriter {
				put(t, s, note{room: rooms[(w+i)%len(rooms)], text: fmt.Sprint(w, "-", i), lane: store.Lane(i % 2)})
			}
		})
	}
	var ended atomic.Bool
	go func() { writing.Wait(); ended.Store(true) }()
	var following sync.WaitGroup
	seen := make([][]*store.Entry, followers)
	for f := range followers {
		mine := rooms[:1+f%len(rooms)]
		following.Go(func() {
			rng := rand.New(rand.NewPCG(5, uint64(f)))
			var cursor store.ID
			total := 0
			for _, room := range mine {
				for w := range writers {
					for i := range perWriter {
						if rooms[(w+i)%len(rooms)] == room {
							total++
						}
					}
				}
			}
			for len(seen[f]) < total {
				r := s.Read(mine, cursor, nil)
				for stay := rng.IntN(400); stay > 0 && len(seen[f]) < total; stay-- {
					es, _, err := r.Poll()
					if err != nil {
						t.Error(err)
						return
					}
					if len(es) == 0 {
						select {
						case <-r.Bell().C:
							continue
						case <-ctx.Done():
							t.Errorf("follower %d starved at %d of %d", f, len(seen[f]), total)
							return
						}
					}
					take := len(es)
					if rng.IntN(3) == 0 {
						take = rng.IntN(len(es) + 1)
						stay = 1 // break off in the middle of a batch
					}
					seen[f] = append(seen[f], es[:take]...)
					if take > 0 {
						cursor = es[take-1].ID
					}
				}
				r.Close()
			}
		})
	}
	following.Wait()
	writing.Wait()
	for f := range followers {
		if want, got := ids(readRooms(t, s, rooms[:1+f%len(rooms)]...)), ids(seen[f]); want != got {
			t.Fatalf("follower %d saw another log than there is", f)
		}
	}
	verify(t, s)
}

func TestFrame_isMadeOnceForAllReaders(t *testing.T) {
	s, _ := create(t, testOptions())
	var readers []*store.Reader
	for range 5 {
		readers = append(readers, s.Read([]string{"a"}, store.ID{}, nil))
	}
	put(t, s, note{room: "a"})
	made := 0
	owner := new(int)
	for _, r := range readers {
		es := read(t, r)
		if len(es) != 1 {
			t.Fatalf("%d entries", len(es))
		}
		f := es[0].Frame(owner, func(e *store.Entry) []byte { made++; return append([]byte("frame "), e.Body()...) })
		if string(f) != "frame "+string(es[0].Body()) {
			t.Fatalf("frame %s", f)
		}
		r.Close()
	}
	if made != 1 {
		t.Fatalf("frame made %d times", made)
	}
}

func TestRead_fromTheEndYieldsOnlyWhatComes(t *testing.T) {
	s, _ := create(t, testOptions())
	put(t, s, note{room: "a"})
	r := s.Read([]string{"a"}, store.ID{0xff}, nil)
	defer r.Close()
	if es := read(t, r); len(es) != 0 || r.Cursor() != s.Head() {
		t.Fatal(ids(es))
	}
	rec := put(t, s, note{room: "a"})
	<-r.Bell().C
	if !r.Pending() {
		t.Fatal("nothing pending")
	}
	if es := read(t, r); len(es) != 1 || es[0].ID != rec.ID {
		t.Fatal(ids(es))
	}
	if r.Pending() {
		t.Fatal("pending after it caught up")
	}
	r.Close()
	r.Close()
	if _, _, err := r.Poll(); !errors.Is(err, store.ErrClosed) {
		t.Fatal(err)
	}
}

func TestSnapshot_showsOnePosition(t *testing.T) {
	o := testOptions()
	o.FlushRows = 50
	s, _ := create(t, o)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				put(t, s, note{room: fmt.Sprint("r", i%3), user: fmt.Sprint("u", w)})
			}
		})
	}
	for range 300 {
		sn, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		var newest store.ID
		for room := range sn.Rooms("") {
			n := uint64(0)
			var last store.ID
			for id := range sn.Index(room, store.Messages, store.ID{}, store.ID{}, false) {
				n, last = n+1, id
			}
			if n != room.Events || last != room.Last {
				t.Fatalf("room %s: index has %d records up to %s, row says %d up to %s", room.ID, n, last, room.Events, room.Last)
			}
			if room.Last.Compare(newest) > 0 {
				newest = room.Last
			}
		}
		if newest != sn.Head() {
			t.Fatalf("rows end at %s, head is %s", newest, sn.Head())
		}
		if sn.Err() != nil {
			t.Fatal(sn.Err())
		}
		sn.Close()
	}
	stop.Store(true)
	wg.Wait()
}

// A reader of two rooms is overtaken by retention in the middle of a batch.
func TestRead_ofSeveralRoomsLosesNothingBeforeAnError(t *testing.T) {
	o := testOptions()
	s, path := create(t, o)
	big := strings.Repeat("x", 100<<10)
	for range 15 {
		put(t, s, note{room: "a", text: big})
	}
	put(t, s, note{room: "b"})
	closeStore(t, s)
	bad := readIDs(t, path)[12]
	damage(t, path, bad) // stands for any error at the second page of room a
	s = open(t, path, o)
	r := s.Read([]string{"a", "b"}, store.ID{}, nil)
	defer r.Close()
	n := 0
	for range 3 {
		es, _, err := r.Poll()
		if n += len(es); err != nil {
			break
		}
	}
	if n != 10 {
		t.Fatalf("%d records came before the error", n)
	}
}
