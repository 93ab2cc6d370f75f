package model_test

import (
	"slices"
	"sort"
	"strings"

	"github.com/roomlog/chat"
)

// The rules about rooms.

func (d *deed) create(f chat.RoomCreated) string {
	if !d.began {
		return "room_exists"
	}
	r := d.room
	r.kind, r.title, r.slow = f.RoomKind, f.Title, f.SlowMode
	if f.History == chat.SeeFromJoin {
		r.history = f.History
	}
	role := chat.Owner
	if r.kind == chat.Direct {
		role = chat.Ordinary
	}
	if !d.host {
		r.members[d.by] = &member{role, d.step}
	}
	for _, u := range f.Members {
		if r.members[u.ID] == nil {
			r.members[u.ID] = &member{chat.Ordinary, d.step}
		}
	}
	return changed
}

func (d *deed) change(f chat.RoomChanged) string {
	r := d.room
	if !d.leads() || f.RoomKind != "" && f.RoomKind != r.kind && (f.RoomKind == chat.Direct || r.kind == chat.Direct) {
		return "forbidden"
	}
	next := *r
	if f.RoomKind != "" {
		next.kind = f.RoomKind
		if next.kind == chat.Public {
			next.history = chat.SeeAll
		}
	}
	if f.History != "" {
		next.history = f.History
	}
	if f.Title != nil {
		next.title = *f.Title
	}
	if f.SlowMode != nil {
		next.slow = *f.SlowMode
	}
	if f.Archived != nil {
		next.archived = false
	}
	same := next.kind == r.kind && next.history == r.history && next.title == r.title && next.slow == r.slow && next.archived == r.archived
	switch {
	case next.kind == chat.Public && next.history == chat.SeeFromJoin:
		return "invalid_field"
	case same:
		return nothing
	case next.archived:
		return "room_archived"
	}
	*r = next
	return changed
}

func (d *deed) archive() string {
	switch {
	case !d.leads():
		return "forbidden"
	case d.room.archived:
		return nothing
	}
	d.room.archived = true
	return changed
}

func (d *deed) deleteRoom() string {
	if !d.is(chat.Owner) {
		return "forbidden"
	}
	delete(d.rooms, d.room.id)
	return changed
}

// direct returns the direct room of the members, if there is one.
func (m *model) direct(by string, members []chat.User) *room {
	want := set(append([]string{by}, ids(members)...))
	for _, r := range m.rooms {
		if r.kind == chat.Direct {
			var have []string
			for u := range r.members {
				have = append(have, u)
			}
			if set(have) == want {
				return r
			}
		}
	}
	return nil
}

func ids(users []chat.User) (list []string) {
	for _, u := range users {
		list = append(list, u.ID)
	}
	return list
}

func set(list []string) string {
	sort.Strings(list)
	return strings.Join(slices.Compact(list), " ")
}
