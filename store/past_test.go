package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

// look writes down all that a snapshot shows of a room.
func look(t testing.TB, sn *store.Snapshot, id string) string {
	t.Helper()
	var b strings.Builder
	room, ok := sn.Room(id)
	fmt.Fprintln(&b, ok, room.Number, room.Last, room.Total, room.Tag)
	if !ok {
		return b.String()
	}
	if again, ok := sn.RoomByNumber(room.Number); !ok || again.ID != id {
		t.Errorf("room %d is %q", room.Number, again.ID)
	}
	for lane := range store.Lane(2) {
		for _, back := range []bool{false, true} {
			for id := range sn.Index(room, lane, store.ID{}, store.ID{}, back) {
				r, err := sn.Record(id)
				fmt.Fprintln(&b, lane, id, r.Type, err)
			}
		}
	}
	for _, table := range []string{"n", "u"} {
		var back []string
		from, to := prefixed(table, room.Number), prefixed(table, room.Number+1)
		for k := range sn.Descend(from, to) {
			back = append(back, k)
		}
		for k, v := range sn.Ascend(from, to) {
			fmt.Fprintf(&b, "%x %s\n", k, v)
			if len(back) == 0 || back[len(back)-1] != k {
				t.Errorf("row %x is not met on the way back", k)
				break
			}
			back = back[:len(back)-1]
		}
	}
	if sn.Err() != nil {
		t.Error(sn.Err())
	}
	return b.String()
}

func prefixed(table string, number uint32) string {
	return table + string([]byte{byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number)})
}

// What was looked at after each record is what At shows of it later, but for
// what is gone; after flushes, with retention, after ends.
func TestAt_showsARoomAsItWas(t *testing.T) {
	t.Parallel()
	for _, keep := range []int{0, 30} {
		for _, ends := range []bool{false, true} {
			t.Run(fmt.Sprint(keep, ends), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				o := testOptions()
				o.FlushEvery, o.FlushRows = 10*time.Millisecond, 30
				s, path := create(t, o)
				type sight struct {
					room   string
					cursor store.ID
					seen   string
				}
				var sights []sight
				var known []store.Record
				for range 250 {
					n := note{room: fmt.Sprint("r", rng.IntN(3)), user: fmt.Sprint("u", rng.IntN(4)), key: fmt.Sprint(rng.IntN(1e9))}
					if target := pick(rng, known, n.room); target != nil && rng.IntN(2) == 0 {
						n.kind, n.name, n.lane = "Mark", target.ID.String(), store.Others
					}
					if ends && rng.IntN(60) == 0 {
						n = end(n.room)
					}
					known = append(known, put(t, s, n))
					sn, err := s.Snapshot()
					if err != nil {
						t.Fatal(err)
					}
					sights = append(sights, sight{n.room, sn.Head(), look(t, sn, n.room)})
					sn.Close()
				}
				if keep > 0 { // the rows of what is kept are the same but for notes that are gone: look again below the floor
					closeStore(t, s)
					o.Keep = keep
					s = open(t, path, o)
				}
				settle(t, s, keep)
				shown := 0
				for _, was := range sights {
					now, err := snapshotRoom(t, s, was.room)
					if err != nil {
						t.Fatal(err)
					}
					sn, err := s.At(t.Context(), was.room, was.cursor)
					if was.cursor.Compare(now.Floor) < 0 {
						if !errors.Is(err, store.ErrExpired) {
							t.Fatalf("below the floor: %v", err)
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					if ends && was.cursor == now.Floor { // an end leaves nothing
						sn.Close()
						continue
					}
					got, want := look(t, sn, was.room), was.seen
					if sn.Head() != was.cursor {
						t.Errorf("head %s, want %s", sn.Head(), was.cursor)
					}
					if _, ok := sn.Room("r9"); ok {
						t.Error("another room is shown")
					}
					sn.Close()
					if keep > 0 || ends {
						got, want = above(got, now.Floor), above(want, now.Floor)
					}
					if got != want {
						t.Fatalf("at %s:\n%s", was.cursor, diff(want, got))
					}
					shown++
				}
				if shown < 30 {
					t.Errorf("void: %d sights", shown)
				}
			})
		}
	}
}

// above leaves out of a sight what speaks of records at or below a floor.
func above(sight string, floor store.ID) string {
	var b strings.Builder
	hex := fmt.Sprintf("%x", floor[:])
	for _, line := range strings.Split(sight, "\n") {
		f := strings.Fields(line)
		if len(f) == 4 && len(f[1]) == 26 && f[1] <= floor.String() {
			continue
		}
		if len(f) == 2 && strings.HasPrefix(f[0], "6e") && f[0][10:] <= hex {
			continue
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// A room that has ended, and whose records are still there.
func TestAt_showsNothingBelowAnEnd(t *testing.T) {
	s, notes, last := ended(t, 10)
	for _, n := range notes[:9] {
		if _, err := s.At(t.Context(), "a", n.ID); !errors.Is(err, store.ErrExpired) {
			t.Errorf("below the floor: %v", err)
		}
	}
	anew := put(t, s, note{room: "a", text: "anew"})
	put(t, s, note{room: "a", text: "anew"})
	for i, cursor := range []store.ID{notes[9].ID, last.ID, anew.ID, s.Head(), {0xff}} {
		sn, err := s.At(t.Context(), "a", cursor)
		if err != nil {
			t.Fatal(err)
		}
		room, _ := sn.Room("a")
		if want := uint64(min(i, 3)); room.Events != want || room.Total != 10+want {
			t.Errorf("%s: room %+v", cursor, room)
		}
		for _, n := range notes {
			if _, err := sn.Record(n.ID); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("a record below the floor: %v", err)
			}
		}
		if _, err := sn.Record(anew.ID); (err == nil) != (i >= 2) {
			t.Errorf("%s: a record of then: %v", cursor, err)
		}
		sn.Close()
	}
}

func TestAt_beforeTheBeginningAndOfNoRoom(t *testing.T) {
	s, _ := create(t, testOptions())
	b := put(t, s, note{room: "b"})
	put(t, s, note{room: "a"})
	if _, err := s.At(t.Context(), "none", b.ID); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	sn, err := s.At(t.Context(), "a", b.ID)
	if err != nil {
		t.Fatal(err)
	}
	if room, ok := sn.Room("a"); ok {
		t.Errorf("room %+v", room)
	}
	if _, err := sn.Record(b.ID); !errors.Is(err, store.ErrNotFound) {
		t.Error("a record of another room", err)
	}
	sn.Close()
	if sn, err = s.At(t.Context(), "a", s.Head()); err != nil {
		t.Fatal(err)
	}
	if room, ok := sn.Room("b"); ok {
		t.Errorf("another room: %+v", room)
	}
	for room := range sn.Rooms("") {
		if room.ID != "a" {
			t.Errorf("another room: %+v", room)
		}
	}
	sn.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.At(ctx, "a", b.ID); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func BenchmarkAt(b *testing.B) {
	s, _ := create(b, testOptions())
	var last store.Record
	for i := range 2000 {
		last = put(b, s, note{room: "a", text: fmt.Sprint(i)})
	}
	put(b, s, note{room: "a"})
	b.ResetTimer()
	for range b.N {
		sn, err := s.At(b.Context(), "a", last.ID)
		if err != nil {
			b.Fatal(err)
		}
		sn.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/record")
}

// What retention has folded of a room is in the file for a while after its end.
func TestAt_showsNothingOfWhatRetentionHasFoldedBelowAnEnd(t *testing.T) {
	o := testOptions()
	o.FlushEvery, o.Keep = 10*time.Millisecond, 5
	s, path := create(t, o)
	for range 50 {
		put(t, s, note{room: "a", user: "gone"})
	}
	settle(t, s, 5)
	closeStore(t, s)
	o.FlushEvery = time.Hour
	s = open(t, path, o)
	last := put(t, s, end("a"))
	anew := put(t, s, note{room: "a", user: "anew"})
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	want := look(t, sn, "a")
	sn.Close()
	put(t, s, note{room: "a", user: "later"})
	if sn, err = s.At(t.Context(), "a", last.Prev); err != nil {
		t.Fatal(err)
	}
	if room, _ := sn.Room("a"); room.Events != 0 || strings.Count(look(t, sn, "a"), "\n") != 1 {
		t.Errorf("at the floor: %+v\n%s", room, look(t, sn, "a"))
	}
	sn.Close()
	if sn, err = s.At(t.Context(), "a", anew.ID); err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	if got := look(t, sn, "a"); got != want {
		t.Error(diff(want, got))
	}
}
