package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestDigits_readsWhatPutDigitsWrites(t *testing.T) {
	for range 1000 {
		for _, width := range []int{numberWidth, timeWidth} {
			v := rand.Uint64N(uint64(1e10))
			b := make([]byte, width)
			putDigits(b, v)
			if want := fmt.Sprintf("%0*d", width, v); string(b) != want {
				t.Fatalf("%d is written %s, want %s", v, b, want)
			}
			if got := digits(b); got != v {
				t.Fatalf("%s is read as %d", b, got)
			}
		}
	}
}

// However what is sent is cut into reads, and however long what is between the
// stamps is, every stamp is found once, in order, with its time.
func TestScanner_findsEveryStampOfAnyReads(t *testing.T) {
	for round := range 5000 {
		var sent []byte
		var want tally
		posts := rand.IntN(60)
		for n := range posts {
			if rand.IntN(4) == 0 {
				sent = append(sent, make([]byte, rand.IntN(300))...)
			}
			event, id := appendEvent(nil, "room-0", "poster-000001", stampedText())
			at := len(event) - len(stampedText()) - len(`"}}`)
			putStamp(event[at+1:], uint64(n), time.Millisecond)
			if round%2 == 0 {
				sent = appendStream(sent, event, event[id:][:len(blank)])
			} else {
				sent = appendMessage(appendFrame(sent, len(event)), event, "room-0")
			}
			want.add(uint64(n))
		}
		var s scanner
		var h histogram
		buf := make([]byte, keep+4<<10)
		for rest := sent; len(rest) > 0; {
			n := copy(buf[keep:], rest[:min(len(rest), 1+rand.IntN(1+rand.IntN(3000)))])
			rest = rest[n:]
			s.scan(buf[:keep+n], 3*time.Millisecond, &h)
		}
		if s.tally != want || h.n != int64(posts) {
			t.Fatalf("got %+v and %d times, want %+v of\n%s", s.tally, h.n, want, sent)
		}
		if at := h.at(50); posts > 0 && (at < 1900*time.Microsecond || at > 2100*time.Microsecond) {
			t.Fatalf("the time is %v, want 2 ms", at)
		}
	}
}

func TestTally_tellsOrderAndWhatIsMissing(t *testing.T) {
	of := func(numbers ...uint64) (t tally) {
		for _, n := range numbers {
			t.add(n)
		}
		return t
	}
	whole := of(0, 1, 2, 3)
	if whole.count != 4 || whole.sum != 6 {
		t.Errorf("count and sum are %+v", whole)
	}
	for _, other := range []tally{of(0, 1, 3, 2), of(1, 0, 2, 3), of(0, 1, 2), of(0, 1, 2, 3, 3), of(0, 1, 2, 4), of(0, 2, 2, 2)} {
		if other == whole {
			t.Errorf("%+v is not told apart", other)
		}
	}
}

func TestOfRoom_countsWhatEachRoomIsPosted(t *testing.T) {
	for rooms := range uint64(7) {
		rooms++
		for posts := range uint64(40) {
			for room := range rooms {
				var want tally
				for n := room; n < posts; n += rooms {
					want.count++
					want.sum += n
				}
				if got := ofRoom(posts, room, rooms); got != want {
					t.Fatalf("%d posts, room %d of %d: %+v, want %+v", posts, room, rooms, got, want)
				}
			}
		}
	}
}
