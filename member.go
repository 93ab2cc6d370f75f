package chat

import (
	"context"
	"iter"

	"github.com/roomlog/chat/store"
)

// Member is a user who has joined a room, under the name of that moment.
type Member struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role Role   `json:"role"`
}

// Members returns the members of the room in the order of their ids, and the
// position of the log that this was read at: a follow after it misses no join
// and no leave. ErrRoomNotFound where the room has no event.
func (r *Room) Members(ctx context.Context) ([]Member, ID, error) {
	var list []Member
	var cursor ID
	err := r.read(ctx, "", func(s *sight) error {
		list, cursor = listMembers(s.view, s.room.Number), s.head
		return nil
	})
	if err != nil {
		return nil, ID{}, err
	}
	return list, cursor, nil
}

// membership is the row of a member.
type membership struct {
	since ID // the UserJoined
	role  Role
	name  string
}

func (m membership) value() string {
	b := append([]byte(nil), m.since[:]...)
	b = append(b, byte(len(m.role)))
	b = append(b, m.role...)
	return string(append(b, m.name...))
}

func parseMembership(value string) membership {
	m := membership{since: idAt(value)}
	value = value[len(m.since):]
	n := int(value[0])
	m.role, m.name = Role(value[1:1+n]), value[1+n:]
	return m
}

// getMember returns the membership of a user; ok is false where there is none.
func getMember(v store.View, number uint32, user string) (m membership, ok bool) {
	value, ok := v.Get(memberKey(number, user))
	if !ok {
		return m, false
	}
	return parseMembership(value), true
}

// members yields the members of a room in the order of their ids.
func members(v store.View, number uint32) iter.Seq[Member] {
	return func(yield func(Member) bool) {
		from, to := string(tableKey(rowMember, number)), string(tableKey(rowMember, number+1))
		for key, value := range v.Ascend(from, to) {
			m := parseMembership(value)
			if !yield(Member{ID: key[len(from):], Name: m.name, Role: m.role}) {
				return
			}
		}
	}
}

func listMembers(v store.View, number uint32) []Member {
	list := []Member{}
	for m := range members(v, number) {
		list = append(list, m)
	}
	return list
}

// nameOf returns the name under which a user was last made a member of a room,
// of this one first: for commands that know only the id.
func nameOf(v store.View, number uint32, user string) string {
	if m, ok := getMember(v, number, user); ok {
		return m.name
	}
	for _, id := range v.Ascend(roomsOfUserRange(user)) {
		if room, ok := v.Room(id); ok {
			if m, ok := getMember(v, room.Number, user); ok && m.name != "" {
				return m.name
			}
		}
	}
	return ""
}
