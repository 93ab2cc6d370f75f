package chat

import (
	"errors"
	"sync"
	"time"

	"github.com/roomlog/chat/store"
)

// decision is one command before the state that all earlier ones left.
type decision struct {
	*command
	view   store.View
	now    time.Time
	room   store.Room
	rules  rules
	exists bool
}

// decide is the rule of every command: given the state that all earlier ones
// left, it yields the drafts to append, none if nothing is to change, or the
// reason to refuse. It writes nothing and knows no clock but now. The first
// draft is the answer to the command, and has its key.
func decide(v store.View, c *command, now time.Time) ([]*store.Draft, error) {
	d := decision{command: c, view: v, now: now}
	d.room, d.rules, d.exists = findRoom(v, c.draft.Room)
	if !d.exists {
		d.rules = rules{kind: Public} // what it will be if it begins
		switch c.fact.(type) {
		case RoomCreated:
		case MessagePosted, UserJoined, Custom:
			if c.mustExist {
				return nil, d.noRoom()
			}
		default:
			return nil, d.noRoom()
		}
	}
	switch f := c.fact.(type) {
	case MessagePosted:
		return d.post(f)
	case MessageEdited:
		return d.edit(f)
	case MessageDeleted:
		return d.deleteMessage(f)
	case ReactionAdded:
		return d.react(f)
	case ReactionRemoved:
		return d.unreact(f)
	case UserJoined:
		return d.join(f)
	case UserLeft:
		return d.leave(f)
	case UserBanned:
		return d.ban(f)
	case UserUnbanned:
		return d.unban(f)
	case UserMuted:
		return d.mute(f)
	case UserUnmuted:
		return d.unmute(f)
	case RoleChanged:
		return d.setRole(f.Member, f.Role)
	case RoomCreated:
		return d.create(f)
	case RoomChanged:
		return d.change(f)
	case RoomArchived:
		return d.archive()
	case RoomDeleted:
		return d.deleteRoom()
	case Custom:
		return d.custom()
	}
	return nil, ErrInternal.because("no rule for %s", c.fact.Kind())
}

func (d *decision) noRoom() error { return ErrRoomNotFound.because("%s", d.draft.Room) }

// asked is what a policy is told beside who asks for what, and where.
type asked struct {
	target string
	role   Role
	author string
}

var requests = sync.Pool{New: func() any { return new(Request) }}

// ask asks the policy. The host's own voice needs no leave.
func (d *decision) ask(action Action, about asked) error {
	if d.host {
		return nil
	}
	r := requests.Get().(*Request) // asking allocates nothing
	defer func() {
		*r = Request{} // it would hold on to the view
		requests.Put(r)
	}()
	*r = Request{
		Action: action, User: User{ID: d.draft.UserID, Name: d.draft.UserName},
		Room:   d.rules.state(d.draft.Room, d.exists),
		Target: about.target, Role: about.role, Author: about.author,
		Fact: d.fact, Now: d.now, view: d.view, number: d.room.Number, rules: d.rules,
	}
	return verdict(r, d.policy.Allow(r))
}

// may asks the policy for something that an archived room does not take.
func (d *decision) may(action Action, about asked) error {
	if err := d.ask(action, about); err != nil {
		return err
	}
	if d.rules.archived {
		return ErrRoomArchived.because("%s", d.draft.Room)
	}
	return nil
}

// yield answers with the fact as it was proposed.
func (d *decision) yield() ([]*store.Draft, error) { return d.drafts[:], nil }

// instead answers with a fact that only now is known in full.
func (d *decision) instead(fact Fact) ([]*store.Draft, error) {
	first := d.draftOf(fact)
	first.Key = d.draft.Key
	encode(first, fact)
	return []*store.Draft{first}, nil
}

// also returns the draft of a fact that goes with the first, without the key.
func (d *decision) also(fact Fact) *store.Draft {
	more := d.draftOf(fact)
	encode(more, fact)
	return more
}

func (d *decision) draftOf(fact Fact) *store.Draft {
	return &store.Draft{
		Room: d.draft.Room, Type: fact.Kind(), UserID: d.draft.UserID, UserName: d.draft.UserName,
		Lane: laneOf(fact),
	}
}

// isActor reports whether the command is about the one who gives it.
func (d *decision) isActor(user User) bool { return user.ID == d.draft.UserID }

// named returns the user under the name that is known of them, if the command
// gives none.
func (d *decision) named(user User) User {
	if user.Name == "" && !d.isActor(user) {
		user.Name = nameOf(d.view, d.room.Number, user.ID)
	}
	return user
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
