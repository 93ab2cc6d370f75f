package chat_test

import (
	"errors"
	"testing"

	"github.com/roomlog/chat"
)

// Who makes a room under the id of a deleted one reads nothing of that, and its
// keys are not taken.
func TestDeleteRoom_aRoomMadeAnewKnowsNothingOfTheOldOne(t *testing.T) {
	c := open(t, nil)
	ctx, room := t.Context(), c.Room("club")
	create := chat.Command{User: ann, Fact: chat.RoomCreated{RoomKind: chat.Private, Title: "Old"}}
	post := chat.Command{User: bob, Key: "k", Fact: chat.MessagePosted{Text: "Hello."}, MustExist: true}
	if _, err := c.CreateRoom(ctx, "club", create); err != nil {
		t.Fatal(err)
	}
	if _, err := room.Add(ctx, ann, bob, chat.Ordinary); err != nil {
		t.Fatal(err)
	}
	if _, err := room.Do(ctx, post); err != nil {
		t.Fatal(err)
	}
	if _, err := room.DeleteRoom(ctx, ann); err != nil {
		t.Fatal(err)
	}
	if _, err := room.Do(ctx, post); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("a retry in the deleted room: %v", err)
	}
	made, err := c.CreateRoom(ctx, "club", chat.Command{User: bob, Fact: chat.RoomCreated{}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := room.Do(ctx, post)
	if err != nil || !again.Changed {
		t.Errorf("the old key in the new room: %+v, %v", again, err)
	}
	page, err := room.Log(ctx, bob.ID, chat.Start, 0)
	if err != nil {
		t.Fatal(err)
	}
	if page.Events[0].ID != made.Event.ID {
		t.Errorf("the log begins with a %s", page.Events[0].Type)
	}
	if access, err := room.Access(ctx, bob.ID); err != nil || access.From.Compare(made.Event.ID) >= 0 {
		t.Errorf("access is %+v, %v", access, err)
	}
}
