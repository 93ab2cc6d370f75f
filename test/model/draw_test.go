package model_test

import (
	"fmt"
	"time"

	"github.com/roomlog/chat"
	"pgregory.net/rapid"
)

// draw draws a command.
func (r *run) draw() command {
	t := r.T
	n := func(name string, below int) int { return uniform(below).Draw(t, name) }
	id := r.ids[n("room", len(r.ids))]
	target := person(personOf(n("target", people)))
	role := []chat.Role{chat.Ordinary, chat.Ordinary, chat.Admin, chat.Owner}[n("role", 4)]
	emoji := fmt.Sprint("e", n("emoji", 3))
	text := fmt.Sprint("text ", n("text", 4))
	until := time.Time{}
	if n("until", 2) == 0 {
		until = r.model.now.Add(time.Duration(n("seconds", 8)-1) * time.Second)
	}
	ref := r.message(id, n("message", 12))
	mentions := [][]string{nil, nil, {}, {target.ID}, {target.ID, "u9"}}[n("mentions", 5)]
	cmd := command{room: id, by: personOf(n("by", people)), host: n("host", 4) == 0}

	switch k := n("fact", 56); {
	case k < 8:
		cmd.fact = chat.MessagePosted{Text: text, Mentions: mentions}
	case k < 12:
		cmd.fact = chat.MessagePosted{Text: text, ReplyTo: ref, Mentions: mentions}
	case k < 14:
		cmd.fact = chat.MessagePosted{Text: text, Thread: ref, ReplyTo: r.message(id, n("parent", 12))}
	case k < 15:
		cmd.fact = chat.MessagePosted{Text: text, MessageKind: []string{"system", "image"}[n("kind", 2)]}
	case k < 19:
		cmd.fact = chat.MessageEdited{Message: ref, Text: text, Mentions: mentions}
	case k < 21:
		cmd.fact = chat.MessageDeleted{Message: ref}
	case k < 26:
		cmd.fact = chat.ReactionAdded{Message: ref, Emoji: emoji}
	case k < 28:
		cmd.fact = chat.ReactionRemoved{Message: ref, Emoji: emoji}
	case k < 32:
		cmd.fact = chat.UserJoined{Member: person(cmd.by), Role: chat.Ordinary}
	case k < 36:
		cmd.fact = chat.UserJoined{Member: target, Role: role}
	case k < 37:
		cmd.fact = chat.UserLeft{Member: person(cmd.by)}
	case k < 38:
		cmd.fact = chat.UserLeft{Member: target}
	case k < 40:
		cmd.fact = chat.RoleChanged{Member: target, Role: role}
	case k < 42:
		cmd.fact = chat.UserBanned{Member: target, Until: until}
	case k < 44:
		cmd.fact = chat.UserUnbanned{Member: target}
	case k < 45:
		cmd.fact = chat.UserMuted{Member: target, Until: until}
	case k < 47:
		cmd.fact = chat.UserUnmuted{Member: target}
	case k < 49:
		cmd.fact = chat.RoomCreated{
			RoomKind: chat.Private, Title: text, Members: []chat.User{target},
			History: []chat.Visibility{"", chat.SeeFromJoin}[n("history", 2)],
		}
	case k < 50:
		cmd.fact = chat.RoomCreated{RoomKind: chat.Public, SlowMode: n("slow", 2)}
	case k < 51:
		if target.ID != cmd.by {
			cmd.room, cmd.host = "", false
			cmd.fact = chat.RoomCreated{RoomKind: chat.Direct, Members: []chat.User{target}}
			break
		}
		cmd.fact = chat.Custom{Type: "x.note"}
	case k < 54:
		cmd.fact = r.drawChange(text)
	case k < 55:
		cmd.fact = chat.RoomArchived{}
	default:
		cmd.fact = chat.RoomChanged{Archived: new(false)}
		if n("end", 2) == 0 {
			cmd.fact = chat.RoomDeleted{}
		}
	}
	return cmd
}

func (r *run) drawChange(text string) chat.Fact {
	var f chat.RoomChanged
	if rapid.Bool().Draw(r.T, "title") {
		f.Title = &text
	}
	if slow := uniform(6).Draw(r.T, "slow"); slow < 3 {
		f.SlowMode = &slow
	}
	f.RoomKind = []chat.RoomKind{"", "", chat.Public, chat.Private, chat.Direct}[uniform(5).Draw(r.T, "kind")]
	f.History = []chat.Visibility{"", "", chat.SeeAll, chat.SeeFromJoin}[uniform(4).Draw(r.T, "history")]
	return f
}

// message returns one of the newest messages of a room, or now and then the id
// of none.
func (r *run) message(id string, back int) chat.ID {
	room := r.model.rooms[id]
	if room == nil || back == 0 || len(room.messages) == 0 {
		return chat.End
	}
	return room.messages[len(room.messages)-1-back%len(room.messages)].id
}

// uniform draws one of the numbers below a bound. The ranges of rapid prefer
// small ones, which would ask for the same few facts again and again.
func uniform(below int) *rapid.Generator[int] {
	return rapid.Custom(func(t *rapid.T) int {
		n := 0
		for range 10 {
			n *= 2
			if rapid.Bool().Draw(t, "bit") {
				n++
			}
		}
		return n % below
	})
}
