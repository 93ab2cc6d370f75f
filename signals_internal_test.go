package chat

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// When all have left and what they said is over nothing is kept of a room.
func TestSignals_keepNothingOfAnEmptyRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c, room := openSignals(t, path)
		defer c.Close()
		for range 3 {
			a, b := room.Attend(ann, NewBell()), room.Attend(bob, NewBell())
			list := c.WatchRooms("ann", NewBell())
			if _, _, ok, err := list.Poll(t.Context()); !ok || err != nil {
				t.Fatal(ok, err)
			}
			say(t, room, ann)
			say(t, room, cat) // who has no session there
			e, err := room.Post(t.Context(), bob, "Hello.")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := room.MarkRead(t.Context(), "ann", e.ID); err != nil {
				t.Fatal(err)
			}
			if len(c.signals.lobbies) != 1 {
				t.Fatalf("%d lobbies", len(c.signals.lobbies))
			}
			a.Close()
			list.Close()
			time.Sleep(time.Minute)
			b.Close()
			if err := room.Typing(t.Context(), bob); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := len(c.signals.lobbies); n != 0 {
				t.Errorf("%d lobbies are left", n)
			}
			if n, m := c.signals.typists.Load(), c.signals.lists.Load(); n != 0 || m != 0 {
				t.Errorf("%d are typing, %d lists are open", n, m)
			}
			for id, p := range c.signals.people {
				if !p.absent() {
					t.Errorf("%s is still held: %+v", id, p)
				}
			}
		}
	})
}

func TestClose_stopsAllTimers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c, room := openSignals(t, path)
		a := room.Attend(ann, NewBell())
		list := c.WatchRooms("ann", NewBell())
		if _, _, _, err := list.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		say(t, room, ann)
		if _, err := room.Post(t.Context(), bob, "Hello."); err != nil { // lists pause
			t.Fatal(err)
		}
		var crowd []*Attendance
		for i := range 101 { // bells pause
			crowd = append(crowd, room.Attend(User{ID: fmt.Sprint("u", i), Name: "U"}, NewBell()))
		}
		for _, b := range crowd {
			b.Close()
		}
		l := c.signals.lobbies["general"]
		timers := []*time.Timer{
			l.present["u0"].leaving, l.typists[0].expires, l.order.Back().Value.(*notice).expires,
			l.rests.timer, l.activity.timer,
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		for i, timer := range timers {
			if timer == nil || timer.Stop() {
				t.Errorf("timer %d runs on: %v", i, timer)
			}
		}
		if l.rests.timer != nil || l.activity.timer != nil {
			t.Error("there are pauses after Close")
		}
		for i := range 102 { // nobody begins one
			room.Attend(User{ID: fmt.Sprint("v", i), Name: "V"}, NewBell())
		}
		if l.rests.timer != nil {
			t.Error("a pause has begun after Close")
		}
		a.Close()
		list.Close()
	})
}

// A grace time that has just run out when somebody comes and goes again is not
// the one that counts.
func TestPresence_anOldGraceTimeEndsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c, room := openSignals(t, path)
		defer c.Close()
		room.Attend(bob, NewBell()).Close()
		s := c.signals
		s.mu.Lock()
		time.Sleep(s.grace) // the timer fires, and waits for the mutex
		l := s.lobbies["general"]
		l.enter(bob)
		l.exit("bob", false)
		s.mu.Unlock()
		synctest.Wait()
		if c.Seen("bob").Status != Online {
			t.Error("the grace time was cut short")
		}
		time.Sleep(s.grace)
		synctest.Wait()
		if c.Seen("bob").Status != Offline {
			t.Error("the grace time does not end")
		}
	})
}

// Two marks of one user: the later one may be told first.
func TestMarked_doesNotGoBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c, room := openSignals(t, path)
		defer c.Close()
		a := room.Attend(ann, NewBell())
		defer a.Close()
		earlier, later := ID{15: 1}, ID{15: 2}
		for _, at := range []ID{later, earlier} {
			c.signals.marked("general", "bob", receipt{Receipt{bob, at}, true})
		}
		news, _, err := a.Poll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		last := news[len(news)-1]
		var told struct{ Receipts []Receipt }
		if err := json.Unmarshal(last.Data, &told); err != nil || len(told.Receipts) != 1 || told.Receipts[0].UpTo != later {
			t.Errorf("told %s %s, %v", last.Name, last.Data, err)
		}
	})
}

func openSignals(t *testing.T, path string) (*Chat, *Room) {
	t.Helper()
	c, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	room := c.Room("general")
	cmd := Command{User: ann, Fact: RoomCreated{Receipts: true}}
	if _, err := room.Do(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
	return c, room
}

// say is typing, and a signal of the host's own.
func say(t *testing.T, room *Room, user User) {
	t.Helper()
	if err := room.Typing(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if err := room.Signal(t.Context(), user, "x.calls", json.RawMessage("true")); err != nil {
		t.Fatal(err)
	}
}
