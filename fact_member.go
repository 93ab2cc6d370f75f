package chat

import "time"

// Role is what a member is in a room.
type Role string

// The roles. The creator of a room is its owner.
const (
	Owner    Role = "owner"  // everything; hands the room on, and deletes it
	Admin    Role = "admin"  // changes the room, adds, removes, bans and mutes, deletes messages
	Ordinary Role = "member" // reads and writes
)

// Reasons for leaving.
const (
	reasonLeft    = "left"
	reasonRemoved = "removed"
	reasonBanned  = "banned"
)

// UserJoined says that Member became a member of the room: by joining, or
// added by somebody else. It lifts a ban.
type UserJoined struct {
	Member User `json:"member"` // as a command, empty stands for the actor
	Role   Role `json:"role"`   // as a command, empty stands for Ordinary
}

// UserLeft says that Member is no longer a member of the room: for whoever
// reads on their behalf it is the room's last event, unless they may read the
// room without being a member.
type UserLeft struct {
	Member User `json:"member"` // as a command, empty stands for the actor
	// Reason is "left", "removed" or "banned". As a command, empty stands for
	// "left" or, of another one, "removed".
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"` // when a ban ends; zero is never
}

// UserBanned says that Member, who is not a member, may neither join nor read
// the room. As a command it also stands for the removal and ban of a member,
// which is a UserLeft.
type UserBanned struct {
	Member User      `json:"member"`
	Until  time.Time `json:"until,omitzero"` // when it ends, in whole milliseconds; zero is never
}

// UserUnbanned says that Member is no longer banned.
type UserUnbanned struct {
	Member User `json:"member"`
}

// UserMuted says that Member, who need not be a member, may not write.
type UserMuted struct {
	Member User      `json:"member"`
	Until  time.Time `json:"until,omitzero"` // when it ends, in whole milliseconds; zero is never
}

// UserUnmuted says that Member may write again.
type UserUnmuted struct {
	Member User `json:"member"`
}

// RoleChanged says that Member has another role.
type RoleChanged struct {
	Member User `json:"member"`
	Role   Role `json:"role"`
}

// Kind returns "UserJoined".
func (UserJoined) Kind() string { return kindUserJoined }

// Kind returns "UserLeft".
func (UserLeft) Kind() string { return kindUserLeft }

// Kind returns "UserBanned".
func (UserBanned) Kind() string { return kindUserBanned }

// Kind returns "UserUnbanned".
func (UserUnbanned) Kind() string { return kindUserUnbanned }

// Kind returns "UserMuted".
func (UserMuted) Kind() string { return kindUserMuted }

// Kind returns "UserUnmuted".
func (UserUnmuted) Kind() string { return kindUserUnmuted }

// Kind returns "RoleChanged".
func (RoleChanged) Kind() string { return kindRoleChanged }
