package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"

	"github.com/roomlog/chat/store"
)

// CreateRoom makes a room, and is Room.Do for a RoomCreated. Where id is empty
// it gives the room one that cannot be guessed: that of a private room should
// be such, since a chosen one can be probed by creating and joining. The Event
// of the result tells it.
//
// Of the same members there is one direct room: where there is one already, the
// result has its first event, or none where retention has taken that, and
// Changed is false. The id of a direct room is always given.
//
// ErrRoomExists; ErrInvalidRoomID, also for an id with a direct room.
func (c *Chat) CreateRoom(ctx context.Context, id string, cmd Command) (Result, error) {
	f, ok := cmd.Fact.(RoomCreated)
	if !ok {
		return Result{}, ErrInvalidField.because("fact is a %T, not a RoomCreated", cmd.Fact)
	}
	switch {
	case id == "":
		id = c.mintRoomID(cmd)
	case f.RoomKind == Direct:
		return Result{}, ErrInvalidRoomID.because("that of a direct room cannot be chosen")
	}
	res, err := c.Room(id).Do(ctx, cmd)
	if there, ok := errors.AsType[*directExists](err); ok {
		return c.firstOf(ctx, there.room)
	}
	return res, err
}

// mintRoomID returns an id of 26 letters and digits. Under a key it is always
// the same: a retry must find the room.
func (c *Chat) mintRoomID(cmd Command) string {
	if cmd.Key == "" {
		return strings.ToLower(rand.Text())
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{"room", c.StoreID(), cmd.User.ID, cmd.Key}, "\x00")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}

// firstOf answers with the first event of a room that is there already.
func (c *Chat) firstOf(ctx context.Context, id string) (Result, error) {
	var res Result
	err := c.Room(id).read(ctx, "", func(s *sight) error {
		for first := range s.index(store.Others, Start, Start, false) {
			r, err := s.view.Record(first)
			if err == nil && r.Type == kindRoomCreated {
				res.Event = eventOf(&r)
			}
			return err
		}
		return nil
	})
	return res, err
}
