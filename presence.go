package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Presence is who is in a room just now: whoever has an open session there, on
// whatever device, and until the grace time after the last one has ended.
//
// A session is told the whole when it begins. Later it is told what has changed:
// From is the version that the change is from, and Users are those whom it is
// about; who has gone is among them as Offline. One who has another version than
// From has missed something, and asks for the whole. A session is told once a
// second at most.
type Presence struct {
	Version uint64 `json:"version"`        // rises with every change; not from one run of the program to the next
	From    uint64 `json:"from,omitempty"` // 0 where this is the whole
	Count   int    `json:"count"`          // how many are there
	// Users are those who are there, in the order of their ids; none where they
	// are more than 100.
	Users []Present `json:"users"`
	// Offline are members who are not there, and when they last were, as far as
	// that is known. Only Room.Presence tells it, and not of more than 100 members.
	Offline []Present `json:"offline,omitempty"`
}

// Present is a user in a Presence.
type Present struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Status   Status    `json:"status"`
	Text     string    `json:"text,omitempty"`
	LastSeen time.Time `json:"last_seen"`
}

// MarshalJSON returns the form of the wire protocol.
func (p Present) MarshalJSON() ([]byte, error) {
	type plain Present
	return json.Marshal(struct {
		plain
		LastSeen string `json:"last_seen"`
	}{plain(p), formatTime(p.LastSeen)})
}

const (
	// maxListed is how many who are there are listed. Of more only the number is told.
	maxListed = 100
	// presenceEvery is how often at most a session is told who is there.
	presenceEvery = time.Second
	// defaultGrace is how long a user whose last session has ended is still there.
	defaultGrace = 15 * time.Second
)

// presences are who is in a room. They are guarded by signals.mu.
type presences struct {
	present map[string]*presence
	left    []*presence // who have gone, the newest last: at most maxListed
	visible int         // how many are there and want to be seen
	version uint64      // of the newest change
	lost    uint64      // versions before this know of some who have gone and are not in left any more

	whole  frame // for those who know nothing
	change frame // from the version that was asked for last
}

// presence is a user in a room.
type presence struct {
	user     User // under the name of the newest session
	person   *person
	sessions int
	leaving  *time.Timer // while the last session has ended, and the grace time has not
	at       uint64      // the version in which something about them changed last
	shown    bool        // they are counted as visible
	seen     time.Time   // when the last session ended, as others may know it
}

// frame is an encoded Presence.
type frame struct {
	from, version uint64
	data          json.RawMessage
}

// stay calls off that somebody is leaving.
func (p *presence) stay() {
	if p.leaving != nil {
		p.leaving.Stop()
		p.leaving = nil
	}
}

// enter counts a session of a user in. It reports whether others see a change.
func (l *lobby) enter(user User) (changed bool) {
	before := l.version
	p := l.present[user.ID]
	if p == nil {
		p = &presence{user: user, person: l.signals.person(user.ID)}
		l.present[user.ID] = p
		p.person.lobbies[l] = struct{}{}
		l.left = slices.DeleteFunc(l.left, func(q *presence) bool {
			if q.user.ID == user.ID {
				p.at = q.at // who comes back unseen has still gone
			}
			return q.user.ID == user.ID
		})
		l.changed(p)
	} else if p.user.Name != user.Name {
		p.user = user
		l.changed(p)
	}
	p.stay()
	p.sessions++
	return l.version != before
}

// exit counts a session out. over says that there is no grace time after it.
func (l *lobby) exit(id string, over bool) {
	p := l.present[id]
	if p == nil {
		return
	}
	if p.sessions--; p.sessions > 0 {
		return
	}
	p.seen = l.signals.clock()
	if p.person.status != Offline {
		p.person.seen = p.seen
	}
	if over {
		l.depart(p)
		return
	}
	var leaving *time.Timer
	leaving = l.signals.after(l.signals.grace, func() {
		if p.leaving == leaving { // else they have come back
			l.depart(p)
		}
	})
	p.leaving = leaving
}

// depart removes somebody whose grace time is over.
func (l *lobby) depart(p *presence) {
	p.leaving = nil
	delete(l.present, p.user.ID)
	delete(p.person.lobbies, l)
	if !p.shown {
		p.seen = p.person.seen // when they were seen last
	}
	if p.at > 0 { // else nobody has ever been told of them
		l.left = append(l.left, p)
		if len(l.left) > maxListed {
			l.lost = max(l.lost, l.left[0].at)
			l.left = slices.Delete(l.left, 0, 1)
		}
	}
	l.changed(p)
	l.ring()
	l.tidy()
}

// changed notes that something about somebody has changed.
func (l *lobby) changed(p *presence) {
	was := p.shown
	p.shown = l.present[p.user.ID] == p && p.person.status != Offline
	switch {
	case p.shown && !was:
		l.visible++
	case was && !p.shown:
		l.visible--
	case !p.shown: // who was not seen before and is not now
		return
	}
	l.version = l.signals.next()
	p.at = l.version
}

// presenceSince returns who is there: the whole if from is 0, or what has changed
// since that version.
func (l *lobby) presenceSince(from uint64) json.RawMessage {
	if l.visible > maxListed {
		l.lost = l.version + 1 // who is told the number alone knows nobody to go on from
	}
	if from < l.lost {
		from = 0
	}
	f := &l.whole
	if from > 0 {
		f = &l.change
	}
	if f.data == nil || f.from != from || f.version != l.version {
		data, err := json.Marshal(l.presence(from))
		if err != nil { // ids and names that have been checked: it cannot
			panic(err)
		}
		*f = frame{from, l.version, data}
	}
	return f.data
}

// presence tells who is there.
func (l *lobby) presence(from uint64) Presence {
	told := Presence{Version: l.version, From: from, Count: l.visible, Users: []Present{}}
	if l.visible > maxListed {
		return told
	}
	now := l.signals.clock()
	for _, p := range l.present {
		switch {
		case p.at <= from:
		case p.shown:
			told.Users = append(told.Users, p.told(now))
		case from > 0: // one who no longer wants to be seen
			told.Users = append(told.Users, p.gone(p.person.seen))
		}
	}
	if from > 0 {
		for _, p := range l.left {
			if p.at > from {
				told.Users = append(told.Users, p.gone(p.seen))
			}
		}
	}
	slices.SortFunc(told.Users, func(a, b Present) int { return cmp.Compare(a.ID, b.ID) })
	return told
}

func (p *presence) told(now time.Time) Present {
	if p.sessions == 0 {
		now = p.seen
	}
	return Present{ID: p.user.ID, Name: p.user.Name, Status: p.person.status, Text: p.person.text, LastSeen: now}
}

func (p *presence) gone(seen time.Time) Present {
	return Present{ID: p.user.ID, Name: p.user.Name, Status: Offline, LastSeen: seen}
}

// Presence tells who is in the room just now. Errors are as for Info.
func (r *Room) Presence(ctx context.Context, viewer string) (Presence, error) {
	var members []Member
	err := r.read(ctx, viewer, func(s *sight) error {
		if members = nil; s.rules.members <= maxListed {
			members = listMembers(s.view, s.room.Number)
		}
		return nil
	})
	if err != nil {
		return Presence{}, err
	}
	return r.chat.signals.presenceOf(r.id, members), nil
}

func (s *signals) presenceOf(room string, members []Member) Presence {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := Presence{Users: []Present{}}
	l := s.lobbies[room]
	if l != nil {
		told = l.presence(0)
	}
	for _, m := range members {
		if l != nil && l.present[m.ID] != nil && l.present[m.ID].shown {
			continue
		}
		p := s.people[m.ID]
		if p == nil {
			continue
		}
		if seen := s.lastSeen(p); !seen.IsZero() {
			told.Offline = append(told.Offline, Present{ID: m.ID, Name: m.Name, Status: Offline, LastSeen: seen})
		}
	}
	return told
}
