package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

// fill stores n events of all lanes, in two rooms by turns, and returns those
// of the first.
func fill(t *testing.T, c *chat.Chat, n int) (room *chat.Room, events []chat.Event) {
	t.Helper()
	room = c.Room("general")
	for i := range n {
		var e chat.Event
		if i%3 == 0 {
			e = do(t, room, ann, chat.Custom{Type: "x.note"})
		} else {
			e = post(t, room, ann, fmt.Sprint("message ", i))
		}
		events = append(events, e)
		if i%2 == 0 {
			post(t, c.Room("other"), ann, "elsewhere")
		}
	}
	return room, events
}

func TestReplay_yieldsTheLogInOrderAndEnds(t *testing.T) {
	t.Parallel()
	room, want := fill(t, open(t, nil), 700)
	for _, from := range []int{0, 1, 255, 256, 257, 699, 700} {
		after := chat.Start
		if from > 0 {
			after = want[from-1].ID
		}
		if got := collect(t, room.Replay(within(t), after)); !slices.Equal(lines(got), lines(want[from:])) {
			t.Errorf("after event %d: %d events, want %d", from, len(got), len(want)-from)
		}
	}
	if got := collect(t, room.Replay(within(t), chat.End)); len(got) != 0 {
		t.Errorf("after the end: %d events", len(got))
	}
}

func TestReplay_endsWhileWritersGoOn(t *testing.T) {
	room, want := fill(t, open(t, nil), 10)
	events := room.Replay(within(t), chat.Start)
	post(t, room, ann, "after the call")
	var got []chat.Event
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
		post(t, room, ann, "and another")
	}
	if !slices.Equal(lines(got), lines(want)) {
		t.Errorf("got %d events, %d were stored at the call", len(got), len(want))
	}
}

func TestReplay_ofARoomWithoutEventsIsEmpty(t *testing.T) {
	room := open(t, nil).Room("general")
	if got := collect(t, room.Replay(within(t), chat.Start)); len(got) != 0 {
		t.Errorf("replay: %d events", len(got))
	}
	if got := collect(t, room.Backward(within(t), chat.End)); len(got) != 0 {
		t.Errorf("backward: %d events", len(got))
	}
}

func TestReplay_endsWithItsContext(t *testing.T) {
	room, _ := fill(t, open(t, nil), 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, events := range map[string]func(func(chat.Event, error) bool){
		"replay": room.Replay(ctx, chat.Start), "backward": room.Backward(ctx, chat.End),
	} {
		for _, err := range events {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestBackward_isReplayInReverse(t *testing.T) {
	t.Parallel()
	room, want := fill(t, open(t, nil), 700)
	slices.Reverse(want)
	for _, from := range []int{0, 1, 256, 699, 700} {
		before := chat.End
		if from > 0 {
			before = want[from-1].ID
		}
		if got := collect(t, room.Backward(within(t), before)); !slices.Equal(lines(got), lines(want[from:])) {
			t.Errorf("before event %d: %d events, want %d", from, len(got), len(want)-from)
		}
	}
	if got := collect(t, room.Backward(within(t), chat.Start)); len(got) != 0 {
		t.Errorf("before the start: %d events", len(got))
	}
}

func TestLog_pagesThroughTheWholeLog(t *testing.T) {
	c := open(t, nil)
	room, want := fill(t, c, 250)
	for _, limit := range []int{0, 1, 7, 250, 1000, 5000} {
		var got []chat.Event
		for after := chat.Start; ; {
			page, err := room.Log(within(t), "", after, limit)
			if err != nil {
				t.Fatal(err)
			}
			if page.Head != want[len(want)-1].ID || page.Floor != chat.Start {
				t.Errorf("head %s, floor %s", page.Head, page.Floor)
			}
			if len(page.Events) == 0 {
				if page.Next != c.Head() {
					t.Errorf("the page at the end goes on from %s, want %s", page.Next, c.Head())
				}
				break
			}
			if most := max(limit, 1); limit > 0 && len(page.Events) > most || limit == 0 && len(page.Events) > 100 {
				t.Errorf("limit %d gave %d events", limit, len(page.Events))
			}
			got, after = append(got, page.Events...), page.Next
		}
		if !slices.Equal(lines(got), lines(want)) {
			t.Errorf("limit %d: %d events, want %d", limit, len(got), len(want))
		}
	}
}

func TestLog_pageIsBoundedInBytes(t *testing.T) {
	room := open(t, nil).Room("general")
	for range 100 {
		post(t, room, ann, strings.Repeat("😀", 4000))
	}
	page, err := room.Log(within(t), "", chat.Start, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(page.Events); n == 0 || n > 70 {
		t.Errorf("page has %d events of 16 kB", n)
	}
}

func TestLog_judgesTheCursor(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	if _, err := room.Log(within(t), "", chat.Start, 0); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("of no room: %v", err)
	}
	e := post(t, room, ann, "Hello.")
	ahead := e.ID
	ahead[0]++
	if _, err := room.Log(within(t), "", ahead, 0); !errors.Is(err, chat.ErrCursorAhead) {
		t.Errorf("ahead: %v", err)
	}
	if _, err := room.Log(within(t), "", chat.Start, -1); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("limit -1: %v", err)
	}
	page, err := room.Log(within(t), "", chat.End, 0)
	if err != nil || len(page.Events) != 0 || page.Next != e.ID {
		t.Errorf("from the end: %+v, %v", page, err)
	}
	b, err := json.Marshal(page)
	if want := `{"events":[],"next":"` + e.ID.String() + `","head":"` + e.ID.String() + `","floor":"00000000000000000000000000"}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v", b, err)
	}
}
