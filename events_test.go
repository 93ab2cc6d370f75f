package chat_test

import (
	"testing"

	"github.com/roomlog/chat"
)

// Two readers of a tail share the frame that is made of an event, and a frame
// that is there is found without an allocation.
func TestFrame_isMadeOnceForAllReaders(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	var subs [2]*chat.Subscription
	for i := range subs {
		s, err := c.Subscribe(chat.End, nil, "general")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		subs[i] = s
	}
	want := post(t, room, ann, "Hello.")
	owner, other, made := new(int), new(string), 0
	encode := func(e chat.Event) []byte { made++; return append([]byte("data: "), e.JSON()...) }
	var frames [][]byte
	for _, s := range subs {
		events, _, err := s.Poll()
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		e := events[0]
		frames = append(frames, e.Frame(owner, encode))
		if n := testing.AllocsPerRun(100, func() { e.Frame(owner, encode) }); n != 0 {
			t.Errorf("finding a frame takes %v allocations", n)
		}
	}
	if &frames[0][0] != &frames[1][0] || made != 1 {
		t.Errorf("two readers have frames of their own, made %d times", made)
	}
	if string(frames[0]) != "data: "+string(want.JSON()) {
		t.Errorf("frame is %q", frames[0])
	}
	// Another owner has its own, and so has an event that no readers share.
	if want.Frame(other, encode); made != 2 {
		t.Errorf("made %d times", made)
	}
}
