package chat

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

const (
	// typingLasts is how long somebody is typing who does not say so again.
	typingLasts = 6 * time.Second
	// typingEvery is how often at most a session is told who is typing.
	typingEvery = 250 * time.Millisecond
	// maxTypists is how many are listed as typing.
	maxTypists = 100
)

// typing are those who are typing in a room. It is guarded by signals.mu.
type typing struct {
	typists    []*typist // who began first is first
	typingAt   uint64    // the version of the list
	typingData json.RawMessage
}

type typist struct {
	user    User
	until   time.Time
	expires *time.Timer
}

// Typing says that a user is writing something in the room. It holds for 6
// seconds, and ends with their next message there and with the last of their
// sessions there. Clients say it again every 3 seconds at most. It needs the right
// to post; errors are as for a post.
func (r *Room) Typing(ctx context.Context, user User) error {
	if err := r.maySignal(ctx, user); err != nil {
		return err
	}
	r.chat.signals.startTyping(r.id, user)
	return nil
}

func (s *signals) startTyping(room string, user User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	l := s.lobby(room)
	for _, t := range l.typists {
		if t.user.ID == user.ID {
			t.until = time.Now().Add(typingLasts)
			t.expires.Reset(typingLasts)
			return
		}
	}
	if len(l.typists) == maxTypists { // nobody reads such a list
		return
	}
	t := &typist{user: user, until: time.Now().Add(typingLasts)}
	t.expires = s.after(typingLasts, func() {
		if slices.Contains(l.typists, t) && !time.Now().Before(t.until) { // it has not been said again meanwhile
			l.endTyping(user.ID)
			l.tidy()
		}
	})
	l.typists = append(l.typists, t)
	s.typists.Add(1)
	l.typingChanged()
}

// endTyping ends that somebody is typing.
func (l *lobby) endTyping(user string) {
	i := slices.IndexFunc(l.typists, func(t *typist) bool { return t.user.ID == user })
	if i < 0 {
		return
	}
	l.typists[i].expires.Stop()
	l.typists = slices.Delete(l.typists, i, i+1)
	l.signals.typists.Add(-1)
	l.typingChanged()
}

func (l *lobby) typingChanged() {
	l.typingAt, l.typingData = l.signals.next(), nil
	l.ring()
}

// whoTypes returns the list as it is told.
func (l *lobby) whoTypes() json.RawMessage {
	if l.typingData == nil {
		list := struct {
			Users []User `json:"users"`
		}{make([]User, 0, len(l.typists))}
		for _, t := range l.typists {
			list.Users = append(list.Users, t.user)
		}
		l.typingData = mustMarshal(list)
	}
	return l.typingData
}

// posted ends the typing of somebody who has posted.
func (s *signals) posted(room, user string) {
	if s.typists.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lobbies[room]; l != nil {
		l.endTyping(user)
		l.tidy()
	}
}

// mustMarshal encodes what consists of ids, names and numbers that have been
// checked.
func mustMarshal(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
