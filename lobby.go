package chat

import (
	"time"
)

// lobby is what is so just now in one room: all that signals tell, and whom they
// are told. It is there while somebody is in it. signals.mu guards it.
type lobby struct {
	signals  *signals
	room     string
	sessions map[*Attendance]struct{}
	lists    map[*RoomList]struct{}

	presences
	typing
	notices

	rests    pause // between two rings
	activity pause // between two rings of the lists
}

func newLobby(s *signals, room string) *lobby {
	l := &lobby{signals: s, room: room, sessions: map[*Attendance]struct{}{}, lists: map[*RoomList]struct{}{}}
	l.presences.present, l.presences.version = map[string]*presence{}, s.next()
	return l
}

// tidy removes the lobby if nobody is in it.
func (l *lobby) tidy() {
	if len(l.sessions) == 0 && len(l.lists) == 0 && len(l.present) == 0 && len(l.typists) == 0 && l.standing == 0 {
		l.stop()
		if l.signals.lobbies[l.room] == l {
			delete(l.signals.lobbies, l.room)
		}
	}
}

// clear ends what the room tells, as it has been deleted. Its sessions end when
// their readers have read that, without a grace time.
func (l *lobby) clear() {
	for a := range l.sessions {
		a.over = true
	}
	for len(l.typists) > 0 {
		l.endTyping(l.typists[0].user.ID)
	}
	l.dropNotices()
	for _, p := range l.present {
		if p.sessions == 0 {
			p.stay()
			l.depart(p)
		}
	}
	l.tidy()
}

// stop stops the timers.
func (l *lobby) stop() {
	l.rests.stop()
	l.activity.stop()
	for _, p := range l.present {
		p.stay()
	}
	for _, t := range l.typists {
		t.expires.Stop()
	}
	l.notices.stop()
}

const (
	// crowd is how many sessions are rung at once for every change. Where there are
	// more, changes that come together are rung for together.
	crowd = 100
	// ringEvery is how often at most a crowd is rung.
	ringEvery = 250 * time.Millisecond
	// stirEvery is how often at most the lists that show a room are told that
	// something has happened in it.
	stirEvery = time.Second
)

// ring wakes all sessions: something has changed.
func (l *lobby) ring() {
	if l.rests.asks() {
		return
	}
	for a := range l.sessions {
		a.wake()
	}
	if len(l.sessions) > crowd {
		l.rests.begin(l.signals, ringEvery, l.ring)
	}
}

// stir tells the lists that show the room that something has happened in it.
func (l *lobby) stir() {
	if len(l.lists) == 0 || l.activity.asks() {
		return
	}
	for list := range l.lists {
		list.change(l.room)
	}
	l.activity.begin(l.signals, stirEvery, l.stir)
}

// pause puts off what is asked for while it lasts.
type pause struct {
	timer *time.Timer // nil while there is none
	asked bool
}

// asks reports whether there is a pause: then it will be seen to at its end.
func (p *pause) asks() bool {
	p.asked = p.timer != nil
	return p.asked
}

// begin begins a pause, at whose end f is called if it has been asked for.
func (p *pause) begin(s *signals, d time.Duration, f func()) {
	if s.closed {
		return
	}
	p.timer = s.after(d, func() {
		if p.timer == nil {
			return
		}
		p.timer = nil
		if p.asked {
			p.asked = false
			f()
		}
	})
}

func (p *pause) stop() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}
