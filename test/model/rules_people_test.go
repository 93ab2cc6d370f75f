package model_test

import (
	"time"

	"github.com/roomlog/chat"
)

// The rules about people.

func (d *deed) join(f chat.UserJoined) string {
	r, user := d.room, f.Member.ID
	self := user == d.by && !d.host
	if m := r.members[user]; m != nil {
		switch {
		case !self && m.role != f.Role:
			return d.setRole(user, f.Role)
		case !self && !d.leads():
			return "forbidden"
		}
		return nothing
	}
	switch {
	case !self && (!d.leads() || f.Role != chat.Ordinary && !d.is(chat.Owner)), r.kind == chat.Direct:
		return "forbidden"
	case r.archived:
		return "room_archived"
	}
	delete(r.bans, user)
	r.members[user] = &member{f.Role, d.step}
	return changed
}

func (d *deed) leave(user string) string {
	r := d.room
	m := r.members[user]
	switch {
	case user != d.by && !d.mayActOn(user):
		return "forbidden"
	case m == nil:
		return nothing
	case r.kind == chat.Direct:
		return "forbidden"
	case r.lastOwner(user):
		return "forbidden_last_owner"
	}
	delete(r.members, user)
	return changed
}

// mayActOn judges who removes, bans and mutes.
func (d *deed) mayActOn(user string) bool {
	m := d.room.members[user]
	return d.host || d.leads() && (m == nil || m.role != chat.Owner)
}

func (d *deed) setRole(user string, role chat.Role) string {
	m := d.room.members[user]
	switch {
	case !d.is(chat.Owner):
		return "forbidden"
	case m == nil:
		return "invalid_field"
	case m.role == role:
		return nothing
	case d.room.kind == chat.Direct:
		return "forbidden"
	case d.room.lastOwner(user):
		return "forbidden_last_owner"
	}
	m.role = role
	return changed
}

func (d *deed) ban(user string, until time.Time) string {
	r := d.room
	before, banned := r.bans[user]
	switch in := r.members[user] != nil; {
	case !d.mayActOn(user):
		return "forbidden"
	case !until.IsZero() && !until.After(d.now):
		return "invalid_field"
	case user == d.by, r.kind == chat.Direct:
		return "forbidden"
	case in && r.lastOwner(user):
		return "forbidden_last_owner"
	case !in && banned && before.Equal(until):
		return nothing
	}
	delete(r.members, user)
	r.bans[user] = until
	return changed
}

func (d *deed) mute(user string, until time.Time) string {
	before, muted := d.room.mutes[user]
	switch {
	case !d.mayActOn(user):
		return "forbidden"
	case !until.IsZero() && !until.After(d.now):
		return "invalid_field"
	case muted && before.Equal(until):
		return nothing
	}
	d.room.mutes[user] = until
	return changed
}

// lift ends a ban or a muting. Of one that has run out there is nothing to end.
func (d *deed) lift(list map[string]time.Time, user string) string {
	if !d.leads() {
		return "forbidden"
	}
	if !lasts(list, user, d.now) {
		return nothing
	}
	delete(list, user)
	return changed
}
