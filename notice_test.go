package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

func signal(t testing.TB, room *chat.Room, user chat.User, kind, data string) {
	t.Helper()
	if err := room.Signal(within(t), user, kind, json.RawMessage(data)); err != nil {
		t.Fatal(err)
	}
}

// Of each user and kind the newest holds, and a late reader gets no other.
func TestSignal_newestWins(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a := attend(t, room, ann)
		a.expect("all 1: ann online")
		signal(t, room, bob, "x.cursor", `[1]`)
		a.expect("x.cursor of bob [1]")
		for i := range 1000 {
			signal(t, room, bob, "x.cursor", fmt.Sprint(i))
			signal(t, room, cat, "x.cursor", fmt.Sprint(-i))
		}
		signal(t, room, bob, "x.calls", `{"b": 1, "a": 2}`)
		signal(t, room, bob, "x.cursor", `"last"`)
		a.expect(`x.cursor of cat -999; x.calls of bob {"b":1,"a":2}; x.cursor of bob "last"`)
		a.expect("")
		attend(t, room, ann).expect(`all 1: ann online; x.cursor of cat -999; x.calls of bob {"b":1,"a":2}; x.cursor of bob "last"`)
	})
}

func TestSignal_lastsThirtySeconds(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a := attend(t, room, ann)
		a.hear()
		signal(t, room, bob, "x.calls", "1")
		signal(t, room, cat, "x.calls", "1")
		a.expect("x.calls of bob 1; x.calls of cat 1")
		pass(20 * time.Second)
		signal(t, room, cat, "x.calls", "2")
		a.expect("x.calls of cat 2")
		pass(10*time.Second - 1)
		a.expect("")
		pass(1)
		a.expect("x.calls of bob null")
		attend(t, room, ann).expect("all 1: ann online; x.calls of cat 2") // and nothing of what is over
		pass(20*time.Second - 1)
		a.expect("")
		pass(1)
		a.expect("x.calls of cat null")
	})
}

func TestSignal_endsWithNull(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a := attend(t, room, ann)
		a.hear()
		signal(t, room, bob, "x.calls", "null") // there is none
		a.expect("")
		for _, null := range []string{"null", " null ", ""} {
			signal(t, room, bob, "x.calls", "1")
			a.expect("x.calls of bob 1")
			signal(t, room, bob, "x.calls", null)
			a.expect("x.calls of bob null")
		}
		pass(time.Minute)
		a.expect("")
	})
}

func TestSignal_endsWithTheLastSession(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a, tab, phone := attend(t, room, ann), attend(t, room, bob), attend(t, room, bob)
		elsewhere := attend(t, c.Room("other"), bob)
		signal(t, room, bob, "x.calls", "1")
		signal(t, room, cat, "x.calls", "1")
		signal(t, room, bob, "x.cursor", "1")
		a.expect("all 2: ann online bob online; x.calls of bob 1; x.calls of cat 1; x.cursor of bob 1")
		phone.Close()
		elsewhere.Close()
		a.expect("")
		tab.Close()
		a.expect("x.calls of bob null; x.cursor of bob null")
	})
}

// A reader who is so late that something that is over was forgotten is told to
// forget all, and gets what holds.
func TestSignal_clearsWhatALateReaderKnows(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		a, b := attend(t, room, ann), attend(t, room, bob)
		signal(t, room, bob, "x.calls", "1")
		signal(t, room, cat, "x.calls", "1")
		const both = "all 2: ann online bob online; x.calls of bob 1; x.calls of cat 1"
		a.expect(both)
		b.expect(both)
		signal(t, room, bob, "x.calls", "null")
		b.expect("x.calls of bob null")
		kinds := 0
		flood := func(n int) (err error) {
			for ; n > 0 && err == nil; n-- {
				kinds++
				err = room.Signal(t.Context(), ann, fmt.Sprint("x.k", kinds), json.RawMessage("1"))
			}
			return err
		}
		if err := flood(4095); err != nil { // in place of what is over
			t.Fatal(err)
		}
		if err := flood(1); !errors.Is(err, chat.ErrRateLimited) {
			t.Fatalf("the 4,097th signal: %v", err)
		}
		signal(t, room, cat, "x.calls", "2") // one that is there
		got := a.hear()
		if !strings.HasPrefix(got, "cleared; x.k1 of ann 1; x.k2 of ann 1;") || strings.Count(got, ";") != 4096 ||
			!strings.HasSuffix(got, "x.calls of cat 2") || strings.Contains(got, "null") {
			t.Errorf("told %.100q, %d signals", got, strings.Count(got, ";"))
		}
		if got := b.hear(); strings.Contains(got, "cleared") || strings.Count(got, ";") != 4095 {
			t.Errorf("who has missed nothing is told %.100q, %d signals", got, strings.Count(got, ";"))
		}
		signal(t, room, cat, "x.calls", "null")
		if err := flood(1); err != nil {
			t.Errorf("when one is over: %v", err)
		}
	})
}

// A reader who takes in much that holds is told to forget it only for what was
// forgotten since they began with it.
func TestSignal_isToldOnceHoweverMuchHolds(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		post(t, room, cat, "Hello.")
		late := attend(t, room, cat)
		late.hear()
		const holding = 200
		for i := range holding {
			signal(t, room, ann, fmt.Sprint("x.k", i), "1")
		}
		for i := range 4096 - holding + 1 { // all that is over is newer, and the first of it is forgotten
			kind := fmt.Sprint("x.o", i)
			signal(t, room, ann, kind, "1")
			if i == 0 {
				late.hear()
			}
			signal(t, room, ann, kind, "null")
		}
		for who, s := range map[string]*session{"who comes": attend(t, room, bob), "who is late": late} {
			told := map[string]int{}
			for polls := 0; s.Pending(); polls++ {
				if polls == 200 {
					t.Fatalf("%s is told of x.k0 %d times, and still has something to get", who, told["x.k0"])
				}
				news, _, err := s.Poll(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range news {
					told[n.Name]++
				}
			}
			for i := range holding {
				if n := told[fmt.Sprint("x.k", i)]; n != 1 {
					t.Fatalf("%s is told of x.k%d %d times", who, i, n)
				}
			}
			if n, want := told["cleared"], map[string]int{"who is late": 1}[who]; n != want {
				t.Errorf("%s is told to forget %d times, want %d", who, n, want)
			}
		}
	})
}

func TestSignal_refuses(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	post(t, room, cat, "Hello.")
	long := `"` + strings.Repeat("x", 1022) + `"`
	for _, s := range []struct {
		kind, data string
		want       error
	}{
		{"x.a", long, nil},
		{"x.a", "{}", nil},
		{"x.a", long[:1023] + `x"`, chat.ErrInvalidField},
		{"x.a", "{", chat.ErrInvalidField},
		{"x.", "1", chat.ErrInvalidField},
		{"typing", "1", chat.ErrInvalidField},
		{"", "1", chat.ErrInvalidField},
	} {
		err := room.Signal(within(t), ann, s.kind, json.RawMessage(s.data))
		var refused *chat.Error
		if s.want == nil && err != nil || s.want != nil && !errors.As(err, &refused) {
			t.Errorf("%s %.20s: %v, want %v", s.kind, s.data, err, s.want)
		}
	}
}
