package chat

import (
	"time"

	"github.com/roomlog/chat/store"
)

// join lets the actor join, or adds somebody else.
func (d *decision) join(f UserJoined) ([]*store.Draft, error) {
	number := d.room.Number
	if d.isActor(f.Member) && !d.host {
		if f.Role != Ordinary {
			return nil, ErrForbidden.because("a user joins as a member, not as %q", f.Role)
		}
		if err := d.ask(ActJoin, asked{}); err != nil {
			return nil, err
		}
		if _, in := getMember(d.view, number, f.Member.ID); in && d.exists {
			return nil, nil
		}
		if err := d.open(); err != nil {
			return nil, err
		}
		return d.yield()
	}
	if !d.exists && !d.host { // it takes a join of one's own
		return nil, d.noRoom()
	}
	if m, in := getMember(d.view, number, f.Member.ID); in && d.exists {
		if m.role == f.Role {
			return nil, d.ask(ActAddMember, asked{target: f.Member.ID, role: Ordinary})
		}
		return d.setRole(f.Member, f.Role)
	}
	if err := d.ask(ActAddMember, asked{target: f.Member.ID, role: f.Role}); err != nil {
		return nil, err
	}
	if err := d.open(); err != nil {
		return nil, err
	}
	f.Member = d.named(f.Member)
	return d.instead(f)
}

// open returns why nobody can become a member.
func (d *decision) open() error {
	switch {
	case d.rules.kind == Direct:
		return ErrForbidden.because("a direct room keeps its members")
	case d.rules.archived:
		return ErrRoomArchived.because("%s", d.draft.Room)
	}
	return nil
}

// leave lets the actor leave, or removes somebody else.
func (d *decision) leave(f UserLeft) ([]*store.Draft, error) {
	if d.isActor(f.Member) {
		if err := d.ask(ActLeave, asked{}); err != nil {
			return nil, err
		}
		if f.Reason != reasonLeft {
			return nil, ErrForbidden.because("a user leaves because they %s, not %q", reasonLeft, f.Reason)
		}
	} else if err := d.ask(ActRemoveMember, asked{target: f.Member.ID}); err != nil {
		return nil, err
	}
	m, in := getMember(d.view, d.room.Number, f.Member.ID)
	switch {
	case !in:
		return nil, nil
	case d.rules.kind == Direct:
		return nil, ErrForbidden.because("a direct room keeps its members")
	case d.isLastOwner(m):
		return nil, ErrForbiddenLastOwner.because("make somebody else an owner first")
	case d.isActor(f.Member):
		return d.yield()
	}
	f.Member = d.named(f.Member)
	return d.instead(f)
}

// isLastOwner reports whether the room would be left to others without an owner.
func (d *decision) isLastOwner(m membership) bool {
	return m.role == Owner && d.rules.owners == 1 && d.rules.members > 1
}

func (d *decision) setRole(member User, role Role) ([]*store.Draft, error) {
	if err := d.ask(ActSetRole, asked{target: member.ID, role: role}); err != nil {
		return nil, err
	}
	m, in := getMember(d.view, d.room.Number, member.ID)
	switch {
	case !in:
		return nil, ErrInvalidField.because("%s is not a member", member.ID)
	case m.role == role:
		return nil, nil
	case d.rules.kind == Direct:
		return nil, ErrForbidden.because("in a direct room all are alike")
	case d.isLastOwner(m):
		return nil, ErrForbiddenLastOwner.because("make somebody else an owner first")
	}
	member.Name = orWord(member.Name, m.name)
	return d.instead(RoleChanged{Member: member, Role: role})
}

func (d *decision) ban(f UserBanned) ([]*store.Draft, error) {
	if err := d.ask(ActBan, asked{target: f.Member.ID}); err != nil {
		return nil, err
	}
	if err := d.future(f.Until); err != nil {
		return nil, err
	}
	switch {
	case d.isActor(f.Member):
		return nil, ErrForbidden.because("nobody bans themselves")
	case d.rules.kind == Direct:
		return nil, ErrForbidden.because("a direct room keeps its members")
	}
	f.Member = d.named(f.Member)
	if m, in := getMember(d.view, d.room.Number, f.Member.ID); in {
		if d.isLastOwner(m) {
			return nil, ErrForbiddenLastOwner.because("make somebody else an owner first")
		}
		return d.instead(UserLeft{Member: f.Member, Reason: reasonBanned, Until: f.Until})
	}
	if value, ok := d.view.Get(banKey(d.room.Number, f.Member.ID)); ok && value == untilValue(f.Until) {
		return nil, nil
	}
	return d.instead(f)
}

func (d *decision) unban(f UserUnbanned) ([]*store.Draft, error) {
	if err := d.ask(ActUnban, asked{target: f.Member.ID}); err != nil {
		return nil, err
	}
	if !lasts(d.view, banKey(d.room.Number, f.Member.ID), d.now) {
		return nil, nil
	}
	f.Member = d.named(f.Member)
	return d.instead(f)
}

func (d *decision) mute(f UserMuted) ([]*store.Draft, error) {
	if err := d.ask(ActMute, asked{target: f.Member.ID}); err != nil {
		return nil, err
	}
	if err := d.future(f.Until); err != nil {
		return nil, err
	}
	if value, ok := d.view.Get(muteKey(d.room.Number, f.Member.ID)); ok && value == untilValue(f.Until) {
		return nil, nil
	}
	f.Member = d.named(f.Member)
	return d.instead(f)
}

func (d *decision) unmute(f UserUnmuted) ([]*store.Draft, error) {
	if err := d.ask(ActUnmute, asked{target: f.Member.ID}); err != nil {
		return nil, err
	}
	if !lasts(d.view, muteKey(d.room.Number, f.Member.ID), d.now) {
		return nil, nil
	}
	f.Member = d.named(f.Member)
	return d.instead(f)
}

// future refuses a time that has passed.
func (d *decision) future(until time.Time) error {
	if !until.IsZero() && !until.After(d.now) {
		return ErrInvalidField.because("until is %s, which has passed", formatTime(until))
	}
	return nil
}
