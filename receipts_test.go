package chat_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// Others see how far somebody has read only where the room says so.
func TestReceipts_areShownWhereTheRoomSaysSo(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		do(t, room, ann, chat.RoomCreated{})
		first := do(t, room, bob, chat.UserJoined{})
		one, two := post(t, room, ann, "one"), post(t, room, ann, "two")
		a := attend(t, room, ann)
		a.expect("read 0/0; all 1: ann online")
		mark(t, room, "bob", one.ID)
		a.expect("")
		if _, err := room.Receipts(t.Context(), "ann"); !errors.Is(err, chat.ErrForbidden) {
			t.Errorf("receipts that are not shown: %v", err)
		}

		on := true
		if e := do(t, room, ann, chat.RoomChanged{Receipts: &on}); e.ID == chat.Start {
			t.Error("nothing was changed")
		}
		if info, err := room.Info(t.Context(), "bob"); err != nil || !info.Receipts {
			t.Errorf("info is %+v, %v", info, err)
		}
		list, err := room.Receipts(t.Context(), "ann")
		if err != nil || len(list) != 2 || list[0].User != ann || list[1] != (chat.Receipt{User: bob, UpTo: one.ID}) {
			t.Errorf("receipts are %+v, %v", list, err)
		}
		if list[0].UpTo.Compare(first.ID) >= 0 {
			t.Errorf("ann has read up to %s, want her join", list[0].UpTo)
		}
		mark(t, room, "cat", one.ID) // who is no member
		a.expect("")
		mark(t, room, "bob", two.ID)
		a.expect(fmt.Sprint("receipt of Bob ", two.ID))
		mark(t, room, "bob", one.ID)
		a.expect("")
		mark(t, room, "ann", two.ID)
		a.expect(fmt.Sprint("read 0/0; receipt of Ann ", two.ID))
		pass(time.Minute)
		a.expect("") // it holds, and is not taken back

		off := false
		do(t, room, ann, chat.RoomChanged{Receipts: &off})
		mark(t, room, "bob", post(t, room, ann, "three").ID)
		a.expect("")
		if _, err := room.Receipts(t.Context(), "ann"); !errors.Is(err, chat.ErrForbidden) {
			t.Errorf("receipts that are no longer shown: %v", err)
		}
	})
}

// Each user's newest receipt is told, and none of those before it.
func TestReceipts_newestWins(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("general")
		do(t, room, ann, chat.RoomCreated{Receipts: true, Members: []chat.User{bob, cat}})
		a := attend(t, room, ann)
		a.expect("read 0/0; all 1: ann online")
		var last chat.ID
		for range 20 {
			last = post(t, room, ann, "Hello.").ID
			mark(t, room, "bob", last)
		}
		mark(t, room, "cat", last)
		a.expect(fmt.Sprintf("receipt of Bob %s; receipt of Cat %s", last, last))
	})
}

func TestReceipts_areForThoseWhoMayRead(t *testing.T) {
	room := open(t, nil).Room("general")
	do(t, room, ann, chat.RoomCreated{RoomKind: chat.Private, Receipts: true})
	if _, err := room.Receipts(within(t), "bob"); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("of a stranger: %v", err)
	}
	if list, err := room.Receipts(within(t), ""); err != nil || len(list) != 1 {
		t.Errorf("of the host: %+v, %v", list, err)
	}
}
