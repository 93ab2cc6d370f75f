package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

func end(room string) note { return note{room: room, kind: "End", ends: true, lane: store.Others} }

// ended returns a store with a room of n notes that has just ended, whose
// removal does not begin by itself.
func ended(t testing.TB, n int) (s *store.Store, notes []store.Record, last store.Record) {
	o := testOptions()
	o.FlushEvery = time.Hour
	s, _ = create(t, o)
	for i := range n {
		notes = append(notes, put(t, s, note{room: "a", key: fmt.Sprint("k", i), text: fmt.Sprint("secret", i)}))
		put(t, s, note{room: "b"})
	}
	return s, notes, put(t, s, end("a"))
}

func TestEnds_hidesEarlierRecordsAtOnce(t *testing.T) {
	s, notes, last := ended(t, 10)
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	room, _ := sn.Room("a")
	if room.Floor != notes[9].ID || room.Events != 1 || room.Total != 11 || room.Last != last.ID {
		t.Errorf("room %+v", room)
	}
	for lane := range store.Lane(2) {
		for _, back := range []bool{false, true} {
			for id := range sn.Index(room, lane, store.ID{}, store.ID{}, back) {
				if id != last.ID {
					t.Errorf("index yields %s", id)
				}
			}
		}
	}
	for _, n := range notes {
		if _, err := sn.Record(n.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("record below the floor: %v", err)
		}
	}
	if r, err := sn.Record(last.ID); err != nil || !r.Ends {
		t.Errorf("the ending record: %+v, %v", r, err)
	}
	if es := readRooms(t, s, "a"); len(es) != 1 || es[0].ID != last.ID || !es[0].Record().Ends {
		t.Errorf("read %s", ids(es))
	}
	var inDecide error
	inDecision(t, s, "a", func(v store.View) { _, inDecide = v.Record(notes[3].ID) })
	if !errors.Is(inDecide, store.ErrNotFound) {
		t.Errorf("record below the floor, in a decision: %v", inDecide)
	}
	res, err := propose(s, note{room: "a", key: "k3", text: "secret3"})
	if err != nil || res.Replayed {
		t.Errorf("the key of a record of the room that ended: %+v %v", res, err)
	}
}

// inDecision looks at what a decision sees.
func inDecision(t testing.TB, s *store.Store, room string, look func(v store.View)) {
	t.Helper()
	_, err := s.Propose(t.Context(), &store.Proposal{Room: room, UserID: "ann", Decide: func(v store.View, _ time.Time) ([]*store.Draft, error) {
		look(v)
		return nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEnds_readersGoOnFromTheRecordBefore(t *testing.T) {
	o := testOptions()
	o.FlushEvery = time.Hour
	for _, tail := range []bool{true, false} {
		s, _ := create(t, o)
		var first, before store.Record
		var behind, level, merging *store.Reader
		if tail { // the room is live from before its first record
			defer s.Read([]string{"a"}, store.ID{}, nil).Close()
		}
		first = put(t, s, note{room: "a", text: "1"})
		put(t, s, note{room: "a", text: "2"})
		before = put(t, s, note{room: "a", text: "3"})
		behind = s.Read([]string{"a"}, first.ID, nil)
		level = s.Read([]string{"a"}, before.ID, nil)
		merging = s.Read([]string{"a", "b"}, first.ID, nil)
		put(t, s, note{room: "b"})
		last := put(t, s, end("a"))
		if _, _, err := behind.Poll(); !errors.Is(err, store.ErrExpired) {
			t.Errorf("tail %v: behind: %v", tail, err)
		}
		if _, _, err := merging.Poll(); !errors.Is(err, store.ErrExpired) {
			t.Errorf("tail %v: merging: %v", tail, err)
		}
		if es := read(t, level); len(es) != 1 || es[0].ID != last.ID {
			t.Errorf("tail %v: level: %s", tail, ids(es))
		}
		again := put(t, s, note{room: "a", text: "anew"})
		if es := read(t, level); len(es) != 1 || es[0].ID != again.ID {
			t.Errorf("tail %v: after the end: %s", tail, ids(es))
		}
		for _, r := range []*store.Reader{behind, level, merging} {
			r.Close()
		}
	}
}

// What a merging reader has read and not yet returned.
func TestEnds_dropsWhatReadersHaveBuffered(t *testing.T) {
	t.Parallel()
	s, _ := create(t, testOptions())
	for range 300 {
		put(t, s, note{room: "b"})
		put(t, s, note{room: "a"})
	}
	r := s.Read([]string{"a", "b"}, store.ID{}, nil)
	defer r.Close()
	if es, _, err := r.Poll(); err != nil || len(es) == 0 {
		t.Fatal(err)
	}
	put(t, s, end("a"))
	if es, _, err := r.Poll(); !errors.Is(err, store.ErrExpired) {
		t.Errorf("%d entries, %v", len(es), err)
	}
}

// A room is removed while others are written, and goes on with its number.
func TestEnds_removesWithinSecondsAndTheRoomGoesOn(t *testing.T) {
	o := testOptions()
	o.FlushEvery = 50 * time.Millisecond
	s, path := create(t, o)
	many(t, s, "a", 6000)
	before, err := snapshotRoom(t, s, "a")
	if err != nil {
		t.Fatal(err)
	}
	last := put(t, s, end("a"))
	start := time.Now()
	for i := range 20 {
		put(t, s, note{room: "a", text: "anew"})
		put(t, s, note{room: fmt.Sprint("other", i)})
	}
	settle(t, s, 0)
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("took %s", took)
	}
	after, _ := snapshotRoom(t, s, "a")
	if after.Number != before.Number || after.Floor != before.Last || after.Events != 21 || after.Total != 6021 {
		t.Errorf("room %+v", after)
	}
	if es := readRooms(t, s, "a"); len(es) != 21 || es[0].ID != last.ID {
		t.Errorf("%d records are read", len(es))
	}
	verify(t, s)
	same(t, s)
	closeStore(t, s)
	if n := inLog(t, path); n != 21+20 {
		t.Errorf("%d records in the log", n)
	}
}

// A removal that a kill or Close has cut short goes on at the next open.
func TestEnds_removalGoesOnAfterReopening(t *testing.T) {
	t.Parallel()
	for _, kill := range []bool{true, false} {
		o := testOptions()
		o.FlushEvery = 50 * time.Millisecond
		o.Steps(10, 10)
		s, path := create(t, o)
		many(t, s, "a", 2000)
		put(t, s, end("a"))
		waitFor(t, func() bool { // it has begun
			e, err := snapshotRoom(t, s, "a")
			return err == nil && e.Events == 1 && s.Stats().Flushes > 0 && countIndex(t, s) < 1990
		})
		if kill {
			frozen(t, s, func() { path = crashed(t, path) })
		}
		closeStore(t, s)
		if n := inLog(t, path); n <= 1 {
			t.Fatalf("void: %d records are left", n)
		}
		o.Steps(0, 0)
		s = open(t, path, o)
		settle(t, s, 0)
		verify(t, s)
		same(t, s)
		closeStore(t, s)
		if n := inLog(t, path); n != 1 {
			t.Errorf("kill %v: %d records in the log", kill, n)
		}
	}
}

// countIndex counts the rows of room indexes.
func countIndex(t testing.TB, s *store.Store) int {
	return strings.Count("\n"+dump(t, s), "\n02")
}

// Retention has folded a room before it ends, and goes on with it after.
func TestEnds_takesWhatRetentionHasFolded(t *testing.T) {
	o := testOptions()
	o.Keep, o.FlushEvery = 10, 20*time.Millisecond
	s, path := create(t, o)
	for i := range 50 {
		put(t, s, note{room: "a", user: "gone", key: fmt.Sprint("secretkey", i)})
		put(t, s, note{room: "b", key: fmt.Sprint("kept", i)})
	}
	settle(t, s, 10)
	put(t, s, end("a"))
	settle(t, s, 10)
	base := baseRows(t, s, path)
	if strings.Contains(base, "secretkey") || strings.Contains(base, "gone") || !strings.Contains(base, "kept") {
		t.Errorf("base:\n%q", base)
	}
	for i := range 50 {
		put(t, s, note{room: "a", user: "anew", key: fmt.Sprint("later", i)})
	}
	settle(t, s, 10)
	if base := baseRows(t, s, path); !strings.Contains(base, "later") {
		t.Error("retention has stopped")
	}
	if res, err := propose(s, note{room: "a", user: "anew", key: "later3"}); err != nil || !res.Replayed {
		t.Error(res, err)
	}
	put(t, s, end("a"))
	settle(t, s, 10)
	if base := baseRows(t, s, path); strings.Contains(base, "later") || strings.Contains(base, "anew") {
		t.Errorf("base after the second end:\n%q", base)
	}
	verify(t, s)
	same(t, s)
}

func TestEnds_aBackupMeanwhileOpensToTheSame(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.FlushEvery = 20 * time.Millisecond
	o.Steps(20, 20)
	s, path := create(t, o)
	many(t, s, "a", 9000) // more than a page of the copy
	many(t, s, "b", 100)
	put(t, s, end("a"))
	copied := path + ".copy"
	begun := false
	err := s.Backup(t.Context(), copied, func(store.Progress) {
		if !begun {
			begun = true
			n := countIndex(t, s)
			waitFor(t, func() bool { return countIndex(t, s) < n })
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Steps(0, 0)
	b := open(t, copied, o)
	settle(t, b, 0)
	settle(t, s, 0)
	verify(t, b)
	same(t, b)
	if want, got := dump(t, s), dump(t, b); got != want {
		t.Error(diff(want, got))
	}
}

func TestPropose_refusesAKeyOnASecondDraft(t *testing.T) {
	s, _ := create(t, testOptions())
	two := func(second string) (store.Result, error) {
		return s.Propose(t.Context(), &store.Proposal{Room: "a", UserID: "ann", Key: "k", Decide: func(store.View, time.Time) ([]*store.Draft, error) {
			return []*store.Draft{
				note{room: "a", kind: "Note", user: "ann", key: "k", text: "1"}.draft(),
				note{room: "a", kind: "Note", user: "ann", key: second, text: "2"}.draft(),
			}, nil
		}})
	}
	if _, err := two("k2"); err == nil || errors.Is(err, store.ErrPanic) {
		t.Fatalf("two keys: %v", err)
	}
	first, err := two("")
	if err != nil || len(first.Records) != 2 {
		t.Fatal(first, err)
	}
	again, err := two("")
	if err != nil || !again.Replayed || len(again.Records) != 1 || again.Records[0].ID != first.Records[0].ID {
		t.Fatal(again, err)
	}
	if n := len(readRooms(t, s, "a")); n != 2 {
		t.Fatalf("%d records", n)
	}
}

// The views file must know the end before anything goes: else a kill would
// leave views whose checkpoint is not in the log any more.
func TestEnds_removalWaitsForTheViewsFile(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := testOptions()
	o.FlushEvery, o.FlushRows = time.Hour, 60
	for i := range 10 {
		s, path := create(t, o)
		for s.Stats().Flushes == 0 && s.Stats().Rows < o.FlushRows {
			room := "b"
			if s.Stats().Rows > 50 {
				room = "a" // few: the removal itself must not bring about the next flush
			}
			put(t, s, note{room: room})
		}
		put(t, s, end("a")) // while what came before is on its way to the views file, or soon after
		waitFor(t, func() bool { return s.Stats().Flushes > 0 })
		put(t, s, note{room: "b"}) // the committer meets the end of the flush
		frozen(t, s, func() { path = crashed(t, path) })
		closeStore(t, s)
		with := o
		with.Logger = slog.New(slog.NewTextHandler(&log, nil))
		closeStore(t, open(t, path, with))
		if log.Len() > 0 {
			t.Fatalf("round %d: %s", i, log.String())
		}
	}
}

// Rooms that have outgrown Keep again before they are removed.
func TestEnds_retentionWaitsForTheRemoval(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := testOptions()
	o.Keep, o.FlushEvery = 5, 20*time.Millisecond
	o.Steps(3, 3)
	s, path := create(t, o)
	closeStore(t, s)
	o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	s = open(t, path, o)
	for i := range 100 { // keys in the base, so that it takes a while to look through them
		put(t, s, note{room: "b", key: fmt.Sprint("k", i)})
	}
	for range 3 {
		many(t, s, "a", 300)
		put(t, s, end("a"))
		many(t, s, "a", 50)
	}
	settle(t, s, 5)
	verify(t, s)
	same(t, s)
	closeStore(t, s)
	if n := inLog(t, path); n != 5+5 {
		t.Errorf("%d records in the log", n)
	}
	if log.Len() > 0 {
		t.Error(log.String())
	}
}

// A key that a command has used again in the room that came after the end is that
// command's, also once the first one's record is removed.
func TestEnds_leaveAKeyToWhoUsedItAgain(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.FlushEvery = 50 * time.Millisecond
	s, _ := create(t, o)
	put(t, s, note{room: "a", key: "k", text: "one"})
	put(t, s, end("a"))
	again := put(t, s, note{room: "a", key: "k", text: "two"})
	settle(t, s, 0)
	res, err := propose(s, note{room: "a", key: "k", text: "two"})
	if err != nil || !res.Replayed || res.Records[0].ID != again.ID {
		t.Errorf("the key is answered with %v, %v, want %s again", res.Records, err, again.ID)
	}
	same(t, s)
}
