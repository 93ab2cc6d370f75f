package chat

import (
	"context"
	"sync/atomic"
	"time"
)

// Attendance is one session of a user in a room: a tab, a phone. While it is open
// the user is present in the room, and it is told the room's signals. It holds no
// queue: one that is not polled for a while has the newest state to get, and no
// more. It is for one goroutine at a time.
type Attendance struct {
	room   *Room
	user   User
	bell   *Bell
	dirty  atomic.Bool // there may be something new since the last Poll
	lobby  *lobby
	person *person

	joined uint64 // the version of the signals when it was opened, or told to forget those of the host's own

	// Guarded by signals.mu.
	open   bool
	over   bool // the room has been deleted
	marked bool // the user's marker has moved, or has not been told yet

	// What has been told, and when.
	presence, typing, notices uint64
	presenceTold, typingTold  time.Time
	polled                    time.Time // when what has not gone out yet was found; zero if all has
	due                       time.Time // when what was put off is told; zero if nothing was
}

// Attend opens a session of a user in the room, and rings bell when it has
// signals to tell. The caller has seen to it that the user may read the room, such
// as by Access, and closes the session when that ends. Close it after use.
func (r *Room) Attend(user User, bell *Bell) *Attendance {
	s := r.chat.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Attendance{room: r, user: user, bell: bell, lobby: s.lobby(r.id), person: s.person(user.ID), open: true, marked: true, joined: s.version}
	if len(a.lobby.typists) == 0 {
		a.typing = a.lobby.typingAt
	}
	a.person.sessions[a] = struct{}{}
	a.lobby.sessions[a] = struct{}{}
	a.wake()
	if a.lobby.enter(user) {
		a.lobby.ring()
	}
	return a
}

// wake tells the reader that there is something new.
func (a *Attendance) wake() {
	if !a.dirty.Swap(true) {
		a.bell.Ring()
	}
}

// Room returns the id of the room.
func (a *Attendance) Room() string { return a.room.id }

// Pending reports, without a lock, whether Poll may return something.
func (a *Attendance) Pending() bool {
	return a.dirty.Load() || !a.due.IsZero() && !time.Now().Before(a.due)
}

// Poll returns the signals that are new to the session: at first all that is so
// just now, then the newest state of what has changed. Where something has
// changed of which it has been told a moment ago, and it must not be told yet,
// wait says in how long to poll again; else wait is 0, and the bell rings.
func (a *Attendance) Poll(ctx context.Context) (news []Signal, wait time.Duration, err error) {
	if a.Pending() {
		a.dirty.Store(false)
		var marked bool
		if news, marked = a.collect(time.Now()); marked {
			if news, err = a.readState(ctx, news); err != nil {
				return nil, 0, err
			}
		}
	}
	if !a.due.IsZero() {
		wait = max(time.Until(a.due), 1)
	}
	return news, wait, nil
}

// collect returns what is new, and whether the marker is to be told as well.
func (a *Attendance) collect(now time.Time) (news []Signal, marked bool) {
	s, l := a.room.chat.signals, a.lobby
	s.mu.Lock()
	defer s.mu.Unlock()
	if !a.open {
		return nil, false
	}
	a.due, a.polled = time.Time{}, now
	if a.presence != l.version && !a.putOff(a.presenceTold.Add(presenceEvery), now) {
		news = append(news, Signal{l.room, SignalPresence, l.presenceSince(a.presence)})
		a.presence, a.presenceTold = l.version, now
	}
	if a.typing != l.typingAt && !a.putOff(a.typingTold.Add(typingEvery), now) {
		news = append(news, Signal{l.room, SignalTyping, l.whoTypes()})
		a.typing, a.typingTold = l.typingAt, now
	}
	if a.notices != l.noticeAt {
		var more []Signal
		var cleared bool
		if more, a.notices, cleared = l.noticesSince(a.notices, a.joined); cleared {
			a.joined = s.version
		}
		news = append(news, more...)
		if a.notices != l.noticeAt {
			a.dirty.Store(true)
		}
	}
	marked, a.marked = a.marked, false
	return news, marked
}

// Told says that what the last Poll has returned goes out only now. How often a
// session is told counts from then: one that was held up is not told twice within
// a moment.
func (a *Attendance) Told() {
	if a.polled.IsZero() {
		return
	}
	now := time.Now()
	if a.presenceTold.Equal(a.polled) {
		a.presenceTold = now
	}
	if a.typingTold.Equal(a.polled) {
		a.typingTold = now
	}
	a.polled = time.Time{}
}

// putOff reports whether something must wait until then, and remembers that.
func (a *Attendance) putOff(until, now time.Time) bool {
	if !now.Before(until) {
		return false
	}
	if a.due.IsZero() || until.Before(a.due) {
		a.due = until
	}
	return true
}

// readState puts the user's marker before the other signals.
func (a *Attendance) readState(ctx context.Context, news []Signal) ([]Signal, error) {
	state, err := a.room.Unread(ctx, a.user.ID)
	switch {
	case isRefusal(err): // they may no longer read the room: they will be told so
		return news, nil
	case err != nil:
		return nil, err
	case state.UpTo == nil:
		return news, nil
	}
	return append([]Signal{{a.room.id, SignalRead, mustMarshal(state)}}, news...), nil
}

// Close ends the session. It may be called twice. The user is still present for
// the grace time, unless they have another one; they are no longer typing.
func (a *Attendance) Close() {
	s := a.room.chat.signals
	s.mu.Lock()
	defer s.mu.Unlock()
	if !a.open {
		return
	}
	a.open = false
	delete(a.person.sessions, a)
	delete(a.lobby.sessions, a)
	if s.closed {
		return
	}
	a.lobby.exit(a.user.ID, a.over)
	if p := a.lobby.present[a.user.ID]; p == nil || p.sessions == 0 {
		a.lobby.endTyping(a.user.ID)
		a.lobby.endNotices(a.user.ID)
	}
	a.lobby.tidy()
}

// mark sees to it that the person's sessions in a room are told their marker.
func (p *person) mark(room string) {
	for a := range p.sessions {
		if a.room.id == room {
			a.marked = true
			a.wake()
		}
	}
}

// marked tells a user's other sessions and lists that their marker has moved, and
// those who may know it how far they have read.
func (s *signals) marked(room, user string, r receipt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[user]
	if p != nil {
		p.mark(room)
		for list := range p.lists {
			list.urgent = true
			list.change(room)
		}
	}
	l := s.lobbies[room]
	if l == nil || !r.shown || l.visible > maxListed || s.closed {
		return
	}
	key := noticeKey{SignalRead, user}
	if e := l.byKey[key]; e != nil && e.Value.(*notice).upTo.Compare(r.UpTo) >= 0 {
		return // a later mark was faster here
	}
	err := l.notify(key, mustMarshal(struct {
		Receipts []Receipt `json:"receipts"`
	}{[]Receipt{r.Receipt}}), true) // it needs no end, and makes room where others need it
	if err == nil { // of too many, those who ask get them
		l.byKey[key].Value.(*notice).upTo = r.UpTo
	}
}
