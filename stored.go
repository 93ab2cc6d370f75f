package chat

import (
	"encoding/json"

	"github.com/roomlog/chat/store"
)

// stored sees to what is so just now after a command has been stored: who posts is
// no longer typing, and lists of rooms have something to tell.
func (s *signals) stored(records []store.Record) {
	for i := range records {
		switch r := &records[i]; r.Type {
		case kindMessagePosted:
			s.posted(r.Room, r.UserID)
		case kindUserJoined, kindUserLeft:
			var c change
			if json.Unmarshal(dataOf(r.Body), &c) == nil {
				s.moved(r.Room, c.Member.ID)
			}
		case kindRoomDeleted:
			s.deleted(r.Room)
		}
	}
	s.stirred(records[0].Room)
}

// moved tells the sessions of a user in a room that they have joined or left that
// they have another marker than before, and their lists that they are in other
// rooms.
func (s *signals) moved(room, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[user]
	if p == nil {
		return
	}
	p.mark(room)
	for list := range p.lists {
		list.relist = true
		list.wake()
	}
}

// deleted ends what is so in a room: one that is begun anew in its place has
// nothing of it.
func (s *signals) deleted(room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lobbies[room]; l != nil && !s.closed {
		l.clear()
	}
}

// stirred tells the lists that show a room that something has happened there.
func (s *signals) stirred(room string) {
	if s.lists.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lobbies[room]; l != nil && !s.closed {
		l.stir()
	}
}
