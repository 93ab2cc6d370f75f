package chat

import (
	"context"

	"github.com/roomlog/chat/store"
)

// maxUnread is up to how many messages are counted as unread. Beyond it there are
// more.
const maxUnread = 1000

// ReadState is how far a user has read a room, and what they have not.
type ReadState struct {
	// UpTo is the marker: what is at or below it has been read. It is where the
	// user marked last, or their join, whichever is later; nil for somebody who has
	// done neither, and who has nothing unread.
	UpTo *ID `json:"up_to"`
	// Unread counts the messages behind the marker that others have posted and
	// that are not deleted: exactly up to 1,000. More says that there are more.
	Unread int  `json:"unread"`
	More   bool `json:"unread_more,omitempty"`
	// Mentions counts those among them that mention the user, up to 1,000 as well.
	Mentions int `json:"mentions"`
}

// MarkRead moves a user's marker in the room forward to a cursor, such as the ID
// of the newest message that they have seen; End stands for
// all there is. It returns when that is durable,
// with how things stand then: a marker does not go back, and an earlier cursor
// changes nothing. It takes who may read the room, and writes nothing to the log.
//
// ErrCursorAhead for a cursor beyond the newest event of the store, which would
// be no message that anybody can have read; ErrRoomNotFound; ErrForbidden.
func (r *Room) MarkRead(ctx context.Context, user string, upTo ID) (ReadState, error) {
	if r.past {
		return ReadState{}, ErrInvalidField.because("the past cannot be marked")
	}
	if err := checkUserID(user); err != nil {
		return ReadState{}, err
	}
	head := r.chat.Head()
	if upTo == End {
		upTo = head
	}
	var before ID
	var reader receipt
	err := r.read(ctx, user, func(s *sight) error {
		before, _ = s.marker(user)
		reader = s.receiptOf(user)
		return nil
	})
	switch {
	case err != nil: // such as that the room is not there, before all that speaks against the cursor
		return ReadState{}, err
	case upTo.Compare(head) > 0:
		return ReadState{}, ErrCursorAhead.because("%s is beyond %s", upTo, head)
	case upTo.Compare(before) <= 0:
		return r.Unread(ctx, user)
	}
	now, moved, err := r.chat.store.Mark(ctx, r.id, user, upTo)
	if err != nil {
		return ReadState{}, wrap(err)
	}
	if moved {
		reader.UpTo = now
		r.chat.signals.marked(r.id, user, reader)
	}
	return r.Unread(ctx, user)
}

// Unread tells how far a user has read the room, and what they have not. It costs
// at most some thousand rows, however long the log is. Errors are as for Info.
func (r *Room) Unread(ctx context.Context, user string) (ReadState, error) {
	if err := checkUserID(user); err != nil {
		return ReadState{}, err
	}
	var state ReadState
	err := r.read(ctx, user, func(s *sight) error {
		state = s.readState()
		return nil
	})
	return state, err
}

// readState tells how far the viewer has read.
func (s *sight) readState() ReadState {
	var state ReadState
	upTo, ok := s.marker(s.viewer)
	if !ok {
		return state
	}
	state.UpTo = &upTo
	after := upTo
	if after.Compare(s.from) < 0 {
		after = s.from
	}
	state.Unread = s.view.CountOthers(s.room, after, s.viewer, maxUnread+1)
	if state.Unread > maxUnread {
		state.Unread, state.More = maxUnread, true
	}
	state.Mentions = s.mentionsAfter(after)
	return state
}

// marker returns how far a user has read; ok is false where nothing says so.
func (s *sight) marker(user string) (upTo ID, ok bool) {
	upTo, ok = s.view.Marker(s.room.ID, user)
	if s.rules.members > 0 {
		if m, in := getMember(s.view, s.room.Number, user); in && m.since.Compare(upTo) > 0 {
			return m.since, true
		}
	}
	return upTo, ok
}

// mentionsAfter counts the messages of others behind an id that mention the
// viewer.
func (s *sight) mentionsAfter(after ID) int {
	n := 0
	from := mentionInRoomKey(s.viewer, s.room.Number, successor(after))
	to := mentionInRoomKey(s.viewer, s.room.Number, End) + "\x00"
	for range s.view.Ascend(from, to) {
		if n++; n == maxUnread {
			break
		}
	}
	return n
}

var _ snapshot = (*store.Snapshot)(nil)
