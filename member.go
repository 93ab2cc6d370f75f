package chat

import (
	"context"
	"slices"

	"github.com/roomlog/chat/store"
)

// Member is a user who has joined a room, under the name of that moment.
type Member struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"` // "member"
}

// Members returns the members of the room in the order of their ids, and the
// position of the log that this was read at: a follow after it misses no join
// and no leave. ErrRoomNotFound where the room has no event.
func (r *Room) Members(ctx context.Context) ([]Member, ID, error) {
	var list []Member
	var cursor ID
	err := r.read(ctx, func(snap *store.Snapshot, room store.Room) error {
		list = slices.AppendSeq([]Member{}, members(snap, room.Number))
		cursor = snap.Head()
		return nil
	})
	if err != nil {
		return nil, ID{}, err
	}
	return list, cursor, nil
}
