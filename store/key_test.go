package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

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

// The clock was far ahead for one commit, and is right again.
func TestKey_livesThroughAStepOfTheClock(t *testing.T) {
	o := testOptions()
	o.FlushEvery = 20 * time.Millisecond
	var ahead atomic.Int64
	o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	s, _ := create(t, o)
	ahead.Store(int64(60 * 24 * time.Hour))
	put(t, s, note{room: "a", text: "from the future"})
	ahead.Store(0)
	first := put(t, s, note{room: "a", key: "k", text: "x"})
	flushes := s.Stats().Flushes
	for s.Stats().Flushes < flushes+2 {
		put(t, s, note{room: "b"})
		time.Sleep(10 * time.Millisecond)
	}
	res, err := propose(s, note{room: "a", key: "k", text: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if !res.Replayed || res.Records[0].ID != first.ID {
		t.Fatalf("the same key made a second record: %s and %s", first.ID, res.Records[0].ID)
	}
}

// Clock steps back by a second over the border of two generations.
func TestKey_livesThroughASmallStepBack(t *testing.T) {
	o := testOptions()
	week := 7 * 24 * time.Hour
	border := time.UnixMilli(int64(week/time.Millisecond) * 2900)
	var now atomic.Int64
	o.Now = func() time.Time { return time.UnixMilli(now.Load()) }
	now.Store(border.Add(100 * time.Millisecond).UnixMilli())
	s, _ := create(t, o)
	first := put(t, s, note{room: "a", key: "k", text: "x"})
	now.Store(border.Add(-900 * time.Millisecond).UnixMilli())
	res, err := propose(s, note{room: "a", key: "k", text: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if !res.Replayed || res.Records[0].ID != first.ID {
		t.Fatalf("the same key made a second record: %s and %s", first.ID, res.Records[0].ID)
	}
}

// Keys of trimmed records, after KeyTTL was changed.
func TestKey_ofATrimmedRecordLivesThroughAnotherKeyTTL(t *testing.T) {
	o := testOptions()
	o.Keep, o.FlushEvery, o.KeyTTL = 5, 20*time.Millisecond, 24*time.Hour
	s, path := create(t, o)
	first := put(t, s, note{room: "a", key: "k", text: "x"})
	many(t, s, "a", 50)
	settle(t, s, o.Keep)
	closeStore(t, s)
	o.KeyTTL = 48 * time.Hour
	s = open(t, path, o)
	res, err := propose(s, note{room: "a", key: "k", text: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if !res.Replayed || res.Records[0].ID != first.ID {
		t.Fatalf("the same key made a second record: %s and %s", first.ID, res.Records[0].ID)
	}
}

// Keys of trimmed records, after KeyTTL was changed to a shorter time and a
// longer one: those that still live are known, the others do not stay for ever.
func TestKey_ofTrimmedRecordsExpireUnderAnotherKeyTTL(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o := testOptions()
	o.Keep, o.FlushEvery, o.KeyTTL = 5, 20*time.Millisecond, 48*time.Hour
	o.Now = func() time.Time { return now }
	s, path := create(t, o)
	first := put(t, s, note{room: "a", key: "k", text: "x"})
	many(t, s, "a", 50)
	for _, ttl := range []time.Duration{10 * time.Hour, 100 * time.Hour, time.Hour} {
		settle(t, s, o.Keep)
		closeStore(t, s)
		o.KeyTTL = ttl
		s = open(t, path, o)
		many(t, s, "a", 50)
		settle(t, s, o.Keep)
		withoutViews(t, s, path, o, func(s *store.Store) {
			res, err := propose(s, note{room: "a", key: "k", text: "x"})
			if err != nil || !res.Replayed || res.Records[0].ID != first.ID {
				t.Fatalf("ttl %s: the same key made a second record: %+v %v", ttl, res, err)
			}
		})
	}
	now = now.Add(3 * time.Hour)
	many(t, s, "a", 50)
	settle(t, s, o.Keep)
	if base := baseRows(t, s, path); strings.Contains(base, "k\x00\x00\x00\x00\x01ann") {
		t.Errorf("keys that are over:\n%q", base)
	}
}

// withoutViews calls f with a copy of a store whose views are rebuilt.
func withoutViews(t testing.TB, s *store.Store, path string, o store.Options, f func(s *store.Store)) {
	t.Helper()
	var copied string
	frozen(t, s, func() { copied = crashed(t, path) })
	removeViews(t, copied)
	again := open(t, copied, o)
	f(again)
	closeStore(t, again)
}
