package model_test

import (
	"slices"
	"time"

	"github.com/roomlog/chat"
)

// A model of a chat.
type model struct {
	rooms     map[string]*room
	reactions chat.ReactionPolicy
	now       time.Time
	step      int
}

// A command is one for both, the chat and the model.
type command struct {
	room string
	by   string
	host bool
	fact chat.Fact
}

// nothing is the verdict on a command that changes nothing, changed on one that
// is stored; all others are codes of errors.
const (
	nothing = "nothing"
	changed = "changed"
)

// do carries out a command and returns the verdict. Where it posts a message,
// that is the newest of the room, and is yet to be given its id.
func (m *model) do(c command) string {
	m.step++
	r := m.rooms[c.room]
	began := r == nil
	if began {
		r = newRoom(c.room)
	}
	d := deed{command: c, model: m, room: r, began: began}
	verdict := d.verdict()
	if verdict == changed && m.rooms[c.room] == r || verdict == changed && began {
		m.rooms[c.room] = r
		r.active, r.at = m.step, m.now
	}
	return verdict
}

// A deed is a command before a room.
type deed struct {
	command
	*model
	room  *room
	began bool // there is no room yet
}

func (d *deed) verdict() string {
	if d.began {
		switch f := d.fact.(type) {
		case chat.RoomCreated, chat.Custom, chat.MessagePosted:
		case chat.UserJoined:
			if !d.host && f.Member.ID != d.by {
				return "room_not_found"
			}
		default:
			return "room_not_found"
		}
	}
	switch f := d.fact.(type) {
	case chat.RoomCreated:
		return d.create(f)
	case chat.UserJoined:
		if f.Member.ID == d.by && !d.host && f.Role != chat.Ordinary {
			return "forbidden"
		}
	}
	if !d.host {
		if code := d.room.sees(d.by, d.now); code != "" {
			return code
		}
	}
	switch f := d.fact.(type) {
	case chat.MessagePosted:
		return d.post(f)
	case chat.MessageEdited:
		return d.about(f.Message, func(m *message) string { return d.edit(m, f) })
	case chat.MessageDeleted:
		return d.about(f.Message, d.delete)
	case chat.ReactionAdded:
		return d.about(f.Message, func(m *message) string { return d.react(m, f.Emoji, true) })
	case chat.ReactionRemoved:
		return d.about(f.Message, func(m *message) string { return d.react(m, f.Emoji, false) })
	case chat.Custom:
		return d.writes()
	case chat.UserJoined:
		return d.join(f)
	case chat.UserLeft:
		return d.leave(f.Member.ID)
	case chat.RoleChanged:
		return d.setRole(f.Member.ID, f.Role)
	case chat.UserBanned:
		return d.ban(f.Member.ID, f.Until)
	case chat.UserUnbanned:
		return d.lift(d.room.bans, f.Member.ID)
	case chat.UserMuted:
		return d.mute(f.Member.ID, f.Until)
	case chat.UserUnmuted:
		return d.lift(d.room.mutes, f.Member.ID)
	case chat.RoomChanged:
		return d.change(f)
	case chat.RoomArchived:
		return d.archive()
	case chat.RoomDeleted:
		return d.deleteRoom()
	}
	panic("no rule")
}

// is reports whether the actor has one of the roles, or is the host.
func (d *deed) is(roles ...chat.Role) bool {
	m := d.room.members[d.by]
	return d.host || m != nil && slices.Contains(roles, m.role)
}

func (d *deed) leads() bool { return d.is(chat.Owner, chat.Admin) }

// writes judges who writes.
func (d *deed) writes() string {
	switch {
	case !d.host && lasts(d.room.mutes, d.by, d.now):
		return "forbidden"
	case d.room.archived:
		return "room_archived"
	}
	return changed
}

// viewer is as whom the actor sees messages.
func (d *deed) viewer() string {
	if d.host {
		return ""
	}
	return d.by
}

func (d *deed) post(f chat.MessagePosted) string {
	r := d.room
	if v := d.writes(); v != changed {
		return v
	}
	if f.MessageKind == "system" && !d.host {
		return "forbidden"
	}
	msg := &message{step: d.step, by: d.by, at: d.now, kind: f.MessageKind, versions: []string{f.Text}, mentions: f.Mentions}
	if msg.kind == "" {
		msg.kind = "text"
	}
	for _, ref := range []struct {
		id chat.ID
		to **message
	}{{f.ReplyTo, &msg.replyTo}, {f.Thread, &msg.thread}} {
		if ref.id == chat.Start {
			continue
		}
		if *ref.to = r.message(ref.id, d.viewer()); *ref.to == nil {
			return "message_not_found"
		}
	}
	if last, ok := r.slowed[d.by]; ok && r.slow > 0 && !d.leads() && d.now.Before(last.Add(time.Duration(r.slow)*time.Second)) {
		return "rate_limited"
	}
	if r.slow > 0 {
		r.slowed[d.by] = d.now
	}
	r.messages = append(r.messages, msg)
	return changed
}

func (d *deed) about(id chat.ID, do func(*message) string) string {
	m := d.room.message(id, d.viewer())
	if m == nil {
		return "message_not_found"
	}
	return do(m)
}

func (d *deed) edit(m *message, f chat.MessageEdited) string {
	if m.by != d.by && !d.host {
		return "forbidden"
	}
	if v := d.writes(); v != changed {
		return v
	}
	switch {
	case m.deleted:
		return "message_deleted"
	case m.text() == f.Text && (f.Mentions == nil || slices.Equal(f.Mentions, m.mentions)):
		return nothing
	}
	m.versions, m.editedAt = append(m.versions, f.Text), d.now
	if f.Mentions != nil {
		m.mentions = f.Mentions
	}
	return changed
}

func (d *deed) delete(m *message) string {
	switch {
	case m.by != d.by && !d.leads():
		return "forbidden"
	case m.deleted:
		return nothing
	}
	m.deleted, m.mentions = true, nil
	return changed
}

func (d *deed) react(m *message, emoji string, add bool) string {
	if v := d.writes(); v != changed {
		return v
	}
	if m.deleted {
		return "message_deleted"
	}
	mine := func(r reaction) bool { return r == reaction{emoji, d.by} }
	has := slices.ContainsFunc(m.reactions, mine)
	switch {
	case !add && !has, add && has && d.reactions != chat.AnyNumber:
		return nothing
	case !add: // the newest
		slices.Reverse(m.reactions)
		i := slices.IndexFunc(m.reactions, mine)
		m.reactions = slices.Delete(m.reactions, i, i+1)
		slices.Reverse(m.reactions)
		return changed
	case d.reactions == chat.OnePerUser:
		m.reactions = slices.DeleteFunc(m.reactions, func(r reaction) bool { return r.by == d.by })
	}
	m.reactions = append(m.reactions, reaction{emoji, d.by})
	return changed
}
