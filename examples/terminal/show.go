package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roomlog/chat/client"
)

// shower turns messages and events into lines.
type shower struct {
	paint paint
	me    string // one's own id
	refs  *refs
}

// clock is when something was: the time, and the day if that is another one.
func clock(at time.Time) string {
	at = at.Local()
	if day, today := at.Format(time.DateOnly), time.Now().Format(time.DateOnly); day != today {
		return day + at.Format(" 15:04")
	}
	return at.Format("15:04")
}

// line is what a message begins with, and its text.
func (s *shower) line(at time.Time, id client.ID, room string, by client.User, more, text string, mentions []string) string {
	number := s.refs.add(room, id, by.ID == s.me)
	text = indent(clean(text))
	if slices.Contains(mentions, s.me) {
		text = s.paint.bold(text)
	}
	return s.paint.dim(fmt.Sprintf("%s #%d", clock(at), number)) + " " + s.paint.name(by.ID, cleanLine(by.Name)) + more + ": " + text
}

// message is a message as it is now.
func (s *shower) message(m client.Message) string {
	more := ""
	if m.ReplyTo != "" {
		more = s.paint.dim(" to " + s.refs.name(m.ReplyTo))
	}
	text := m.Text
	if m.Deleted {
		text = "(deleted)"
	}
	line := s.line(m.At, m.ID, m.Room, m.User, more, text, m.Mentions)
	if !m.EditedAt.IsZero() {
		line += s.paint.dim(" (edited)")
	}
	for _, r := range m.Reactions {
		line += s.paint.dim(fmt.Sprintf(" [%s %d]", cleanLine(r.Emoji), r.Count))
		if r.Mine {
			s.refs.reacted(m.ID, r.Emoji, true)
		}
	}
	return line
}

// event is what has happened; empty for what one does not want to be told.
func (s *shower) event(e client.Event) string {
	fact, err := e.Fact()
	if err != nil || e.Erased {
		return ""
	}
	by := cleanLine(e.User.Name)
	switch f := fact.(type) {
	case client.MessagePosted:
		more := ""
		if f.ReplyTo != "" {
			more = s.paint.dim(" to " + s.refs.name(f.ReplyTo))
		}
		return s.line(e.At, e.ID, e.Room, e.User, more, f.Text, f.Mentions)
	case client.MessageEdited:
		return s.notice(e.At, fmt.Sprintf("%s edited %s: %s", by, s.refs.name(f.Message), indent(clean(f.Text))))
	case client.MessageDeleted:
		return s.notice(e.At, fmt.Sprintf("%s deleted %s", by, s.refs.name(f.Message)))
	case client.ReactionAdded:
		if e.User.ID == s.me {
			s.refs.reacted(f.Message, f.Emoji, true)
		}
		return s.notice(e.At, fmt.Sprintf("%s reacted %s to %s", by, cleanLine(f.Emoji), s.refs.name(f.Message)))
	case client.ReactionRemoved:
		if e.User.ID == s.me {
			s.refs.reacted(f.Message, f.Emoji, false)
		}
		return s.notice(e.At, fmt.Sprintf("%s took %s back from %s", by, cleanLine(f.Emoji), s.refs.name(f.Message)))
	}
	return s.people(e, fact)
}

// people is what has happened to the room and who is in it.
func (s *shower) people(e client.Event, fact client.Fact) string {
	by := cleanLine(e.User.Name)
	told := ""
	switch f := fact.(type) {
	case client.UserJoined:
		told = cleanLine(f.Member.Name) + " joined"
		if f.Member.ID != e.User.ID {
			told = by + " added " + cleanLine(f.Member.Name)
		}
	case client.UserLeft:
		told = cleanLine(f.Member.Name) + " left"
		if f.Member.ID != e.User.ID {
			told = cleanLine(f.Member.Name) + " was " + cleanLine(f.Reason) + " by " + by
		}
	case client.UserMuted:
		told = by + " muted " + cleanLine(f.Member.Name)
	case client.UserUnmuted:
		told = by + " unmuted " + cleanLine(f.Member.Name)
	case client.RoleChanged:
		told = fmt.Sprintf("%s made %s %s", by, cleanLine(f.Member.Name), cleanLine(string(f.Role)))
	case client.RoomChanged:
		told = by + " changed the room"
		if f.Topic != nil && *f.Topic != "" {
			told += "; its topic is: " + cleanLine(*f.Topic)
		}
	case client.RoomArchived:
		told = by + " archived the room: it can be read, and not written to"
	case client.RoomDeleted:
		told = by + " deleted the room"
	default:
		return ""
	}
	return s.notice(e.At, told)
}

func (s *shower) notice(at time.Time, text string) string {
	return s.paint.dim(clock(at)+" * ") + s.paint.notice(text)
}

// names lists users by their names, but for oneself.
func (s *shower) names(users []client.User) string {
	var list []string
	for _, u := range users {
		if u.ID != s.me {
			list = append(list, cleanLine(u.Name))
		}
	}
	return strings.Join(list, ", ")
}
