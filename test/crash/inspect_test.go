package crash_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/roomlog/chat"
)

// inspection is a chat that was opened after a kill, read whole.
type inspection struct {
	t    *testing.T
	l    *ledger
	chat *chat.Chat
	keys map[string]chat.ID
	ids  map[chat.ID]string   // event to the sum of its bytes
	room map[string][]chat.ID // posts of a room, oldest first
	all  []chat.ID            // events of the followed rooms
}

// inspect opens the chat after a kill, holds what is in it against the ledger,
// tries again what was not acknowledged, and closes it.
func (l *ledger) inspect(t *testing.T) {
	t.Helper()
	c, err := chat.Open(l.Path, nil)
	if err != nil {
		t.Fatalf("open after a kill: %v", err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	in := &inspection{t: t, l: l, chat: c, keys: map[string]chat.ID{}, ids: map[chat.ID]string{}, room: map[string][]chat.ID{}}
	if err := c.Verify(context.Background(), nil); err != nil {
		t.Errorf("verify after a kill: %v", err)
	}
	for _, id := range append(allRooms(), eraserRoom) {
		in.readRoom(id)
	}
	in.checkPosted()
	in.checkSeen()
	in.checkErased()
	in.checkHistory()
	in.tryAgain()
}

// readRoom reads the log of a room: ids rise, keys are there once.
func (in *inspection) readRoom(room string) {
	last := chat.Start
	for e, err := range in.chat.Room(room).Replay(context.Background(), chat.Start) {
		if err != nil {
			in.t.Fatalf("replay %s: %v", room, err)
		}
		if e.ID.Compare(last) <= 0 {
			in.t.Errorf("%s: %s after %s", room, e.ID, last)
		}
		last = e.ID
		if _, twice := in.ids[e.ID]; twice {
			in.t.Errorf("event %s is there twice", e.ID)
		}
		in.ids[e.ID] = sum(e.JSON())
		if e.Key != "" {
			if was, twice := in.keys[e.Key]; twice {
				in.t.Errorf("key %s is there twice: %s and %s", e.Key, was, e.ID)
			}
			in.keys[e.Key] = e.ID
			in.checkText(e)
			in.room[room] = append(in.room[room], e.ID)
		}
		if room != eraserRoom {
			in.all = append(in.all, e.ID)
		}
	}
	if in.chat.Head().Compare(last) < 0 {
		in.t.Errorf("%s: newest event %s is beyond the head %s", room, last, in.chat.Head())
	}
}

func (in *inspection) checkText(e chat.Event) {
	fact, err := e.Fact()
	if err != nil {
		in.t.Errorf("event %s: %v", e.ID, err)
		return
	}
	p, ok := fact.(chat.MessagePosted)
	want := textOf(e.Key)
	if e.Erased {
		want = ""
	}
	if !ok || p.Text != want {
		in.t.Errorf("event %s, erased %t: %#v, want text %q", e.ID, e.Erased, fact, want)
	}
	if e.Erased && e.Room != eraserRoom {
		in.t.Errorf("event %s is erased", e.ID)
	}
	if in.l.erased[e.ID] && !e.Erased {
		in.t.Errorf("event %s is not erased, as was acknowledged", e.ID)
	}
}

// checkPosted: what was acknowledged is there with the id that was answered,
// and of what was not, at most the one post that each writer had under way.
func (in *inspection) checkPosted() {
	for key, id := range in.l.posted {
		if got, ok := in.keys[key]; !ok {
			in.t.Errorf("post %s was acknowledged as %s and is lost", key, id)
		} else if got != id {
			in.t.Errorf("post %s was acknowledged as %s and is %s", key, id, got)
		}
	}
	want := len(in.l.posted)
	for w, n := range in.l.Next {
		if _, ok := in.keys[keyOf(w, n)]; ok {
			want++
		}
	}
	got := len(in.keys) - len(in.room[eraserRoom])
	if got != want {
		in.t.Errorf("%d posts are there, %d were made", got, want)
	}
}

// checkSeen: what a reader saw is there, with the same bytes, and a reader saw
// all that is there up to its cursor.
func (in *inspection) checkSeen() {
	for id, hash := range in.l.seen {
		if got, ok := in.ids[id]; !ok {
			in.t.Errorf("event %s was seen by a reader and is lost", id)
		} else if got != hash {
			in.t.Errorf("event %s has other bytes than a reader saw", id)
		}
	}
	slices.SortFunc(in.all, chat.ID.Compare)
	for f, order := range in.l.order {
		there := in.all
		if f > 0 {
			there = in.room[roomID(f)]
		}
		if len(order) > len(there) {
			in.t.Errorf("follower %d saw %d events of %d", f, len(order), len(there))
		} else if !slices.Equal(order, there[:len(order)]) {
			in.t.Errorf("follower %d did not see the first %d events of %d in their order", f, len(order), len(there))
		}
	}
}

func (in *inspection) checkErased() {
	for id := range in.l.erased {
		if _, ok := in.ids[id]; !ok {
			in.t.Errorf("event %s was erased and is lost", id)
		}
	}
}

// checkHistory: the newest page of each room is what its log ends with.
func (in *inspection) checkHistory() {
	for room, posts := range in.room {
		page, err := in.chat.Room(room).History(context.Background(), chat.HistoryQuery{Limit: 50})
		if err != nil {
			in.t.Errorf("history of %s: %v", room, err)
			continue
		}
		var got []chat.ID
		for _, m := range page.Messages {
			got = append(got, m.ID)
		}
		if want := posts[max(0, len(posts)-50):]; !slices.Equal(got, want) {
			in.t.Errorf("history of %s ends with %v, its log with %v", room, got, want)
		}
	}
}

// tryAgain posts what was not acknowledged once more, under its key.
func (in *inspection) tryAgain() {
	for w, n := range in.l.Next {
		key := keyOf(w, n)
		cmd := chat.Command{User: user(fmt.Sprint("u", w)), Key: key, Fact: post(key)}
		res, err := in.chat.Room(roomOf(w, n)).Do(context.Background(), cmd)
		if err != nil {
			in.t.Errorf("try %s again: %v", key, err)
			continue
		}
		if id, was := in.keys[key]; was != res.Replayed || was && id != res.Event.ID {
			in.t.Errorf("%s tried again: replayed %t as %s; it was there: %t as %s", key, res.Replayed, res.Event.ID, was, id)
		}
		if err := in.l.notePosted(w, n, res.Event.ID); err != nil {
			in.t.Error(err)
		}
	}
}
