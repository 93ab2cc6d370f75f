package chat

import (
	"time"
)

// Status is what a user lets others see of themselves.
type Status string

// The statuses.
const (
	Online  Status = "online"
	Away    Status = "away"
	Busy    Status = "busy"
	Offline Status = "offline" // as a choice: not to be seen although one is there
)

// maxStatusText is how many code points the text of a status may have.
const maxStatusText = 140

// person is what is known just now of a user, over all their sessions. It is
// guarded by signals.mu.
type person struct {
	id       string
	status   Status // as chosen; Online unless something was
	text     string
	seen     time.Time // when they were last there; zero if never
	sessions map[*Attendance]struct{}
	lists    map[*RoomList]struct{}
	lobbies  map[*lobby]struct{} // in which they are present
}

// strangers is how many people are remembered who are not there: when they were
// seen, and the status that they have chosen.
const strangers = 1 << 16

// person returns what is known of a user.
func (s *signals) person(id string) *person {
	p := s.people[id]
	if p == nil {
		s.forgetSome()
		p = &person{
			id: id, status: Online, sessions: map[*Attendance]struct{}{},
			lists: map[*RoomList]struct{}{}, lobbies: map[*lobby]struct{}{},
		}
		s.people[id] = p
	}
	return p
}

// absent reports whether nothing holds on to a person.
func (p *person) absent() bool {
	return len(p.sessions) == 0 && len(p.lists) == 0 && len(p.lobbies) == 0
}

// forgetSome makes room for one more person: of a few who are looked at it forgets
// those who are not there.
func (s *signals) forgetSome() {
	if len(s.people) < strangers {
		return
	}
	looked := 0
	for id, p := range s.people {
		if p.absent() {
			delete(s.people, id)
		}
		if looked++; looked == 8 {
			break
		}
	}
}

// SetStatus makes a status the one that others see of a user, while they are
// there: in all rooms, and until it is set again or the program ends. text is of
// the user's own, at most 140 code points on one line, or empty; it is returned as
// others see it. It may be called concurrently. ErrInvalidField.
func (c *Chat) SetStatus(user string, status Status, text string) (cleaned string, err error) {
	if err := checkUserID(user); err != nil {
		return "", err
	}
	switch status {
	case Online, Away, Busy, Offline:
	default:
		return "", ErrInvalidField.because("status %q is none of %s, %s, %s and %s", status, Online, Away, Busy, Offline)
	}
	if text, err = cleanLine("text", text, maxStatusText, false); err != nil {
		return "", err
	}
	c.signals.setStatus(user, status, text)
	return text, nil
}

func (s *signals) setStatus(user string, status Status, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(user)
	if p.status == status && p.text == text {
		return
	}
	if status == Offline && p.status != Offline && len(p.sessions) > 0 {
		p.seen = s.clock()
	}
	p.status, p.text = status, text
	for l := range p.lobbies {
		l.changed(l.present[user])
		l.ring()
	}
}

// Seen is what is known of a user who may or may not be there.
type Seen struct {
	Status   Status    // Offline where they are not there, or do not want to be seen
	Text     string    // of their status
	LastSeen time.Time // when they were last there; zero where that is not known
}

// Seen tells whether a user is there, in any room, and when they last were. Of
// people who have gone some 65,000 are remembered, until the program ends.
func (c *Chat) Seen(user string) Seen {
	s := c.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[user]
	if p == nil {
		return Seen{Status: Offline}
	}
	if len(p.lobbies) == 0 || p.status == Offline {
		return Seen{Status: Offline, LastSeen: s.lastSeen(p)}
	}
	return Seen{Status: p.status, Text: p.text, LastSeen: s.lastSeen(p)}
}

// lastSeen is when somebody was last there, in whatever room, as others may know
// it: now where they are and want to be seen.
func (s *signals) lastSeen(p *person) time.Time {
	if len(p.sessions) > 0 && p.status != Offline {
		p.seen = s.clock()
	}
	return p.seen
}
