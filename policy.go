package chat

import (
	"time"

	"github.com/roomlog/chat/store"
)

// Action is what a user asks to do in a room.
type Action string

// The actions that a Policy is asked about.
const (
	ActRead         Action = "read"   // the room, its history, log, members and streams
	ActCreate       Action = "create" // the room
	ActChange       Action = "change" // title, topic, kind and the like; archive, and undo it
	ActDeleteRoom   Action = "delete_room"
	ActPost         Action = "post"
	ActEdit         Action = "edit"
	ActDelete       Action = "delete" // a message
	ActReact        Action = "react"  // and take a reaction back
	ActSignal       Action = "signal" // that one is typing, and what a host tells that is not stored
	ActJoin         Action = "join"
	ActLeave        Action = "leave"
	ActAddMember    Action = "add_member"
	ActRemoveMember Action = "remove_member"
	ActSetRole      Action = "set_role"
	ActBan          Action = "ban"
	ActUnban        Action = "unban"
	ActMute         Action = "mute"
	ActUnmute       Action = "unmute"
	ActCustom       Action = "custom" // a fact of the host's own
)

// Policy says who may do what. It is asked for every command by the committer,
// on the state that all earlier commands left, so that of two commands which
// exclude each other one passes; and for every read, whoever reads on behalf of
// a user. It must be quick, must not block, and must decide by the Request
// alone: it may be asked twice for one command. It may be called concurrently.
// A panic refuses what was asked with ErrInternal.
//
// Rules is the policy of a chat without one. A host that wants other rules wraps
// it, and says only what is different.
type Policy interface {
	// Allow returns nil if the request is granted, or why it is not:
	// ErrRoomNotFound hides the room, every other error that is not an *Error
	// is answered as ErrForbidden.
	Allow(*Request) error
}

// Request is what a Policy is asked. It is good until Allow returns.
type Request struct {
	Action Action
	User   User // who asks
	Room   RoomState
	// Target is whom the action is about: of those with a
	// member. Else it is empty.
	Target string
	Role   Role   // the role that ActAddMember and ActSetRole would give; else empty
	Author string // of ActEdit, ActDelete and ActReact: who wrote the message
	Fact   Fact   // the proposed fact, nil for ActRead
	Now    time.Time

	view   store.View
	number uint32
	rules  rules
}

// RoomState is the room that a Request is about.
type RoomState struct {
	ID       string
	Exists   bool
	Kind     RoomKind
	Archived bool
}

// Member returns the role of a user in the room; ok is false where they are not
// a member.
func (r *Request) Member(user string) (role Role, ok bool) {
	if r.rules.members == 0 {
		return "", false
	}
	m, ok := getMember(r.view, r.number, user)
	return m.role, ok
}

// Banned reports whether a user is banned from the room now.
func (r *Request) Banned(user string) bool {
	return r.rules.banned > 0 && lasts(r.view, banKey(r.number, user), r.Now)
}

// Muted reports whether a user is muted in the room now.
func (r *Request) Muted(user string) bool {
	return r.rules.muted > 0 && lasts(r.view, muteKey(r.number, user), r.Now)
}

// lasts reports whether the row of a ban or of a muting is there and not over.
func lasts(v store.View, key string, now time.Time) bool {
	value, ok := v.Get(key)
	if !ok {
		return false
	}
	until := parseUntil(value)
	return until.IsZero() || now.Before(until)
}

// Rules is the policy of a chat without one:
//
//   - A private or direct room is not there for those who are not members, nor
//     for those who are banned from it. In a public room a banned user may do
//     nothing.
//   - All may create rooms, and join, read and write in public ones. In an
//     archived room nobody posts, edits, reacts or joins.
//   - A muted user neither posts nor edits nor reacts, nor is seen typing.
//   - Authors edit their messages. Authors, admins and owners delete them.
//   - Owners and admins change and archive the room, add, remove, ban and mute.
//     Nobody removes, bans or mutes an owner. Owners give roles, and delete the
//     room.
//   - A direct room keeps its members and what it is.
//
// The chat itself sees to it that the last owner of a room with others in it
// does not leave.
type Rules struct{}

// Allow is Policy.Allow.
func (Rules) Allow(r *Request) error {
	if r.Action == ActCreate {
		return nil
	}
	self, member := Role(""), false
	closed := r.Room.Kind != Public
	if closed || r.Action != ActPost && r.Action != ActRead && r.Action != ActReact && r.Action != ActSignal {
		self, member = r.Member(r.User.ID)
	}
	switch {
	case !r.Room.Exists: // the first fact brings a public room into being
		return nil
	case closed && (!member || r.Banned(r.User.ID)):
		return ErrRoomNotFound.because("%s", r.Room.ID)
	case r.Banned(r.User.ID):
		return ErrForbidden.because("banned from the room")
	}
	leads := self == Owner || self == Admin
	switch r.Action {
	case ActRead, ActLeave:
		// whoever sees it
	case ActPost, ActReact, ActCustom, ActEdit, ActSignal:
		if r.Muted(r.User.ID) {
			return ErrForbidden.because("muted in the room")
		}
		if r.Action == ActEdit && r.Author != r.User.ID {
			return ErrForbidden.because("only the author edits a message")
		}
	case ActDelete:
		if r.Author != r.User.ID && !leads {
			return ErrForbidden.because("only the author, an admin or the owner deletes a message")
		}
	case ActJoin:
		// closed rooms have been refused to strangers, and members have nothing to join
	case ActDeleteRoom:
		if self != Owner {
			return ErrForbidden.because("only the owner deletes the room")
		}
	case ActChange, ActUnban, ActUnmute:
		if !leads {
			return ErrForbidden.because("only an owner or an admin may")
		}
	case ActAddMember, ActSetRole:
		if !leads || r.Role != Ordinary && self != Owner || r.Action == ActSetRole && self != Owner {
			return ErrForbidden.because("only an owner or an admin adds members, and only an owner gives roles")
		}
	case ActRemoveMember, ActBan, ActMute:
		if !leads {
			return ErrForbidden.because("only an owner or an admin may")
		}
		if role, _ := r.Member(r.Target); role == Owner {
			return ErrForbidden.because("nobody removes or silences an owner")
		}
	default:
		return ErrForbidden.because("%s", r.Action)
	}
	return nil
}
