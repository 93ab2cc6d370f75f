package chat

import (
	"slices"

	"github.com/roomlog/chat/store"
)

func (d *decision) create(f RoomCreated) ([]*store.Draft, error) {
	if d.exists {
		return nil, ErrRoomExists.because("%s", d.draft.Room)
	}
	if err := d.ask(ActCreate, asked{}); err != nil {
		return nil, err
	}
	actor := User{ID: d.draft.UserID, Name: d.draft.UserName}
	first, role := actor, Owner
	if f.RoomKind == Direct {
		role = Ordinary
		if !d.host && !hasUser(f.Members, actor.ID) {
			f.Members = append([]User{actor}, f.Members...)
		}
		if n := len(f.Members); n < 2 {
			return nil, ErrInvalidField.because("a direct room is of at least two")
		}
		if id, there := d.view.Get(directKey(f.Members)); there {
			return nil, &directExists{room: id}
		}
	}
	others := slices.Clone(f.Members)
	for i := range others {
		others[i] = d.named(others[i])
	}
	f.Members = nil // told by the facts that follow
	if f.RoomKind == Direct {
		f.Members = others
	}
	drafts, err := d.instead(f)
	if !d.host {
		drafts = append(drafts, d.also(UserJoined{Member: first, Role: role}))
	}
	for _, user := range others {
		if !d.isActor(user) || d.host {
			drafts = append(drafts, d.also(UserJoined{Member: user, Role: Ordinary}))
		}
	}
	return drafts, err
}

// directExists says that there is a direct room of these members already.
type directExists struct{ room string }

func (e *directExists) Error() string { return "direct room exists: " + e.room }

func (d *decision) change(f RoomChanged) ([]*store.Draft, error) {
	if err := d.ask(ActChange, asked{}); err != nil {
		return nil, err
	}
	present := getSettings(d.view, d.room.Number, d.rules)
	if f.RoomKind != "" && f.RoomKind != present.RoomKind && (f.RoomKind == Direct || present.RoomKind == Direct) {
		return nil, ErrForbidden.because("a direct room stays one, and no other becomes one")
	}
	next, err := present.with(f)
	if err != nil {
		return nil, err
	}
	switch {
	case next.equal(present):
		return nil, nil
	case present.Archived && next.Archived:
		return nil, ErrRoomArchived.because("%s", d.draft.Room)
	case next.Archived:
		return nil, ErrInvalidField.because("archiving goes by RoomArchived")
	}
	return d.instead(next.fact())
}

func (d *decision) archive() ([]*store.Draft, error) {
	if err := d.ask(ActChange, asked{}); err != nil {
		return nil, err
	}
	if d.rules.archived {
		return nil, nil
	}
	return d.yield()
}

func (d *decision) deleteRoom() ([]*store.Draft, error) {
	if err := d.ask(ActDeleteRoom, asked{}); err != nil {
		return nil, err
	}
	draft := d.draft
	draft.Ends = true
	return []*store.Draft{&draft}, nil
}

func hasUser(users []User, id string) bool {
	return slices.ContainsFunc(users, func(u User) bool { return u.ID == id })
}
