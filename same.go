package chat

import (
	"bytes"

	"github.com/roomlog/chat/store"
)

// same tells whether the record that was stored under a command's key is what
// the command asks for. Of an erased one only the type is left to compare. Where
// a hook rewrites what is proposed, the record may say either.
func (c *command) same(r *store.Record) bool {
	if r.Erased {
		return r.Type == c.draft.Type
	}
	if c.original != nil && saysSame(r, c.original) {
		return true
	}
	return saysSame(r, c.fact)
}

// saysSame tells whether a record is the outcome of a proposed fact.
func saysSame(r *store.Record, proposed Fact) bool {
	stored, err := decode(r.Type, r.Body)
	if err != nil {
		return false
	}
	switch p := proposed.(type) {
	case UserJoined: // the name may have been found, and a role changed instead
		switch s := stored.(type) {
		case UserJoined:
			return s.Member.ID == p.Member.ID && s.Role == p.Role
		case RoleChanged:
			return s.Member.ID == p.Member.ID && s.Role == p.Role
		}
	case UserLeft:
		s, ok := stored.(UserLeft)
		return ok && s.Member.ID == p.Member.ID && s.Reason == p.Reason
	case UserBanned: // a member is removed
		switch s := stored.(type) {
		case UserBanned:
			return s.Member.ID == p.Member.ID && s.Until.Equal(p.Until)
		case UserLeft:
			return s.Member.ID == p.Member.ID && s.Reason == reasonBanned && s.Until.Equal(p.Until)
		}
	case UserUnbanned:
		s, ok := stored.(UserUnbanned)
		return ok && s.Member.ID == p.Member.ID
	case UserMuted:
		s, ok := stored.(UserMuted)
		return ok && s.Member.ID == p.Member.ID && s.Until.Equal(p.Until)
	case UserUnmuted:
		s, ok := stored.(UserUnmuted)
		return ok && s.Member.ID == p.Member.ID
	case RoleChanged:
		s, ok := stored.(RoleChanged)
		return ok && s.Member.ID == p.Member.ID && s.Role == p.Role
	case RoomChanged: // all fields stand in the record
		s, ok := stored.(RoomChanged)
		return ok && s.agrees(p)
	case RoomCreated: // members are told by other facts
		s, ok := stored.(RoomCreated)
		s.Members, p.Members = nil, nil
		return ok && bytes.Equal(appendData(nil, s), appendData(nil, p))
	default:
		return r.Type == proposed.Kind() && bytes.Equal(dataOf(r.Body), appendData(nil, proposed))
	}
	return false
}

// agrees reports whether the room as f describes it has all that a change asked
// for.
func (f RoomChanged) agrees(p RoomChanged) bool {
	return (p.RoomKind == "" || p.RoomKind == f.RoomKind) &&
		(p.History == "" || p.History == f.History) &&
		(p.Title == nil || f.Title != nil && *p.Title == *f.Title) &&
		(p.Topic == nil || f.Topic != nil && *p.Topic == *f.Topic) &&
		(p.SlowMode == nil || f.SlowMode != nil && *p.SlowMode == *f.SlowMode) &&
		(p.Receipts == nil || f.Receipts != nil && *p.Receipts == *f.Receipts) &&
		(p.Archived == nil || f.Archived != nil && *p.Archived == *f.Archived) &&
		(len(p.Meta) == 0 || bytes.Equal(p.Meta, f.Meta))
}
