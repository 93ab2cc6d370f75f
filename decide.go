package chat

import (
	"errors"
	"time"

	"github.com/roomlog/chat/store"
)

// Roles of members, and reasons for leaving.
const (
	roleMember = "member"
	reasonLeft = "left"
)

// decide is the rule of every command: given the state that all earlier ones
// left, it yields the drafts to append, none if nothing is to change, or the
// reason to refuse. It writes nothing and knows no clock but now.
func decide(v store.View, c *command, now time.Time) ([]*store.Draft, error) {
	room, ok := v.Room(c.draft.Room)
	if !ok && c.mustExist {
		return nil, ErrRoomNotFound.because("%s", c.draft.Room)
	}
	var change bool
	var err error
	switch f := c.fact.(type) {
	case MessagePosted, Custom:
		change = true
	case MessageEdited:
		change, err = decideEdit(v, room, c, f)
	case MessageDeleted:
		return decideDelete(v, room, c, f)
	case ReactionAdded:
		change, err = decideReaction(v, room, c, f.Message, f.Emoji, true)
	case ReactionRemoved:
		change, err = decideReaction(v, room, c, f.Message, f.Emoji, false)
	case UserJoined:
		change, err = decideJoin(v, room, c, f)
	case UserLeft:
		change, err = decideLeave(v, room, c, f)
	}
	if err != nil || !change {
		return nil, err
	}
	return c.drafts[:], nil
}

// findMessage returns the record and the state of a message of the room.
func findMessage(v store.View, room store.Room, id ID) (store.Record, messageState, error) {
	if room.Number == 0 || id.Compare(room.Floor) <= 0 {
		return store.Record{}, messageState{}, ErrMessageNotFound.because("%s", id)
	}
	r, err := v.Record(id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return r, messageState{}, ErrMessageNotFound.because("%s", id)
	case err != nil:
		return r, messageState{}, err
	case r.Room != room.ID || r.Type != kindMessagePosted:
		return r, messageState{}, ErrMessageNotFound.because("%s", id)
	}
	return r, getMessageState(v, room.Number, id), nil
}

// mayEdit: the author. mayDelete: the author.
func mayEdit(by string, posted *store.Record) bool   { return posted.UserID == by }
func mayDelete(by string, posted *store.Record) bool { return posted.UserID == by }

func decideEdit(v store.View, room store.Room, c *command, f MessageEdited) (bool, error) {
	posted, state, err := findMessage(v, room, f.Message)
	if err != nil {
		return false, err
	}
	if !mayEdit(c.draft.UserID, &posted) {
		return false, ErrForbidden.because("only the author edits a message")
	}
	if state.deleted {
		return false, ErrMessageDeleted.because("%s", f.Message)
	}
	text, err := currentText(v, &posted, state)
	return text != f.Text, err
}

// currentText returns the text that the newest edit of a message gave it.
func currentText(v store.View, posted *store.Record, state messageState) (string, error) {
	if !state.edited {
		return textOf(posted)
	}
	edit, err := v.Record(state.by)
	if err != nil {
		return "", err
	}
	return textOf(&edit)
}

// decideDelete also names what the same commit erases.
func decideDelete(v store.View, room store.Room, c *command, f MessageDeleted) ([]*store.Draft, error) {
	edits := editsOf(v, room.Number, f.Message)
	posted, state, err := findMessage(v, room, f.Message)
	if errors.Is(err, ErrMessageNotFound) && len(edits) > 0 {
		// Retention took the message, and has not yet come to its edits: they hold
		// its text, and are its author's.
		posted, err = v.Record(edits[0])
	}
	if err != nil {
		return nil, err
	}
	if !mayDelete(c.draft.UserID, &posted) {
		return nil, ErrForbidden.because("only the author deletes a message")
	}
	if state.deleted {
		return nil, nil
	}
	draft := c.draft
	draft.Erase = append([]ID{f.Message}, edits...)
	return []*store.Draft{&draft}, nil
}

func decideReaction(v store.View, room store.Room, c *command, message ID, emoji string, want bool) (bool, error) {
	_, state, err := findMessage(v, room, message)
	if err != nil {
		return false, err
	}
	if state.deleted {
		return false, ErrMessageDeleted.because("%s", message)
	}
	_, has := v.Get(reactionKey(room.Number, message, emoji, c.draft.UserID))
	return has != want, nil
}

func decideJoin(v store.View, room store.Room, c *command, f UserJoined) (bool, error) {
	if f.Member.ID != c.draft.UserID {
		return false, ErrForbidden.because("a user joins for themselves alone")
	}
	if f.Role != roleMember {
		return false, ErrForbidden.because("a user joins as a member, not as %q", f.Role)
	}
	return !isMember(v, room, f.Member.ID), nil
}

func decideLeave(v store.View, room store.Room, c *command, f UserLeft) (bool, error) {
	if f.Member.ID != c.draft.UserID {
		return false, ErrForbidden.because("a user leaves for themselves alone")
	}
	if f.Reason != reasonLeft {
		return false, ErrForbidden.because("a user leaves because they %s, not %q", reasonLeft, f.Reason)
	}
	return isMember(v, room, f.Member.ID), nil
}

func isMember(v store.View, room store.Room, user string) bool {
	_, ok := v.Get(memberKey(room.Number, user))
	return ok
}
