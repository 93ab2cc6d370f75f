// Package model_test gives random commands to a chat and to a reference model,
// which is written from what the chat promises and not from how it does it:
// everything in lists, looked through from the start. Their verdicts, and all
// that can be read of them, must be equal at every step.
package model_test

import (
	"slices"
	"time"

	"github.com/roomlog/chat"
)

// A room as the model has it. One that was deleted is not there.
type room struct {
	id       string
	kind     chat.RoomKind
	title    string
	slow     int
	history  chat.Visibility
	archived bool
	members  map[string]*member
	bans     map[string]time.Time // until when; zero is never
	mutes    map[string]time.Time
	slowed   map[string]time.Time // who posted in slow mode, and when
	messages []*message
	active   int // when it was last active, in steps
	at       time.Time
}

type member struct {
	role  chat.Role
	since int // in steps
}

type message struct {
	id        chat.ID
	step      int
	by        string
	at        time.Time
	kind      string
	versions  []string
	editedAt  time.Time
	deleted   bool
	replyTo   *message
	thread    *message
	mentions  []string
	reactions []reaction // oldest first
}

type reaction struct{ emoji, by string }

func newRoom(id string) *room {
	return &room{
		id: id, kind: chat.Public, history: chat.SeeAll, members: map[string]*member{},
		bans: map[string]time.Time{}, mutes: map[string]time.Time{}, slowed: map[string]time.Time{},
	}
}

func (m *message) text() string { return m.versions[len(m.versions)-1] }

func (r *room) owners() (n int) {
	for _, m := range r.members {
		if m.role == chat.Owner {
			n++
		}
	}
	return n
}

// lastOwner tells whether others would be left without an owner.
func (r *room) lastOwner(user string) bool {
	m := r.members[user]
	return m != nil && m.role == chat.Owner && r.owners() == 1 && len(r.members) > 1
}

func lasts(list map[string]time.Time, user string, now time.Time) bool {
	until, ok := list[user]
	return ok && (until.IsZero() || now.Before(until))
}

// sees returns why a user may not read the room. The host is "".
func (r *room) sees(user string, now time.Time) string {
	switch banned := lasts(r.bans, user, now); {
	case user == "":
	case r.kind != chat.Public && (r.members[user] == nil || banned):
		return "room_not_found"
	case banned:
		return "forbidden"
	}
	return ""
}

// visible returns the messages that a user sees.
func (r *room) visible(user string) []*message {
	from := 0
	if m := r.members[user]; m != nil && r.history == chat.SeeFromJoin {
		from = m.since
	}
	var list []*message
	for _, m := range r.messages {
		if m.step >= from {
			list = append(list, m)
		}
	}
	return list
}

// message returns the one with the id, nil where the user sees none.
func (r *room) message(id chat.ID, user string) *message {
	for _, m := range r.visible(user) {
		if m.id == id {
			return m
		}
	}
	return nil
}

// show returns a message as a user sees it.
func (r *room) show(m *message, user string) chat.Message {
	out := chat.Message{ID: m.id, Room: r.id, At: m.at, User: person(m.by), Deleted: m.deleted}
	if m.replyTo != nil {
		out.ReplyTo = m.replyTo.id
	}
	if m.deleted {
		return out
	}
	out.Text, out.Kind, out.EditedAt, out.Mentions = m.text(), m.kind, m.editedAt, m.mentions
	if m.thread != nil {
		out.Thread = m.thread.id
	}
	if p := m.replyTo; p != nil && r.message(p.id, user) != nil {
		out.Parent = &chat.Parent{ID: p.id, User: person(p.by), Deleted: p.deleted}
		if !p.deleted {
			out.Parent.Text = p.text()
		}
	}
	for _, reply := range r.replies(m) {
		if !reply.deleted {
			out.Replies++
		}
	}
	for _, have := range m.reactions {
		i := slices.IndexFunc(out.Reactions, func(r chat.Reaction) bool { return r.Emoji == have.emoji })
		if i < 0 {
			i = len(out.Reactions)
			out.Reactions = append(out.Reactions, chat.Reaction{Emoji: have.emoji})
		}
		r := &out.Reactions[i]
		r.Count++
		r.Mine = r.Mine || user != "" && have.by == user
		if len(r.Users) < 3 && !slices.Contains(r.Users, person(have.by)) {
			r.Users = append(r.Users, person(have.by))
		}
	}
	return out
}

// replies returns the thread of a message.
func (r *room) replies(root *message) (list []*message) {
	for _, m := range r.messages {
		if m.thread == root || m.thread == nil && m.replyTo == root {
			list = append(list, m)
		}
	}
	return list
}

func (r *room) shown(list []*message, user string) []chat.Message {
	out := []chat.Message{}
	for _, m := range list {
		out = append(out, r.show(m, user))
	}
	return out
}
