package transport

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/roomlog/chat"
)

// replays is who reads what is stored, and when: so that many who come back at
// once leave room for those who are live. Every user has a budget of bytes, and
// only so many pages are read at a time, with the turn going round among the
// users who wait for it. Within a user the feeds take turns as they have come.
//
// Nobody blocks: a feed that has to wait is put in line, and its bell rings when
// its turn has come. A turn is one page: to read it into memory, and to hand it
// on, since pages that are read faster than they are written only pile up before
// the processors. But no turn waits for a socket: it goes to the next once the
// reader asks for more or, if that is stuck in a write, after a few milliseconds.
type replays struct {
	off    bool
	budget rates

	mu   sync.Mutex
	free int // how many more pages may be read now; below 0 where late ones read too
	// The lines of those who wait: all by the name of the user, and in the order
	// of their turns those that need not wait for a budget.
	ready   []*line
	lines   map[string]*line
	given   []*turn // turns that were given and not yet taken up, the oldest first
	writing []*turn // turns whose page was read, the oldest first
	watched bool    // a timer runs that takes turns of these back
}

// line is the feeds of one user that wait.
type line struct {
	user  string
	turns []*turn
	ready bool        // it is among the ready
	timer *time.Timer // brings it there once there is a budget again
}

// turn is the place of a feed in the line of its user. The fields below replays
// are guarded by its mu.
type turn struct {
	user string
	bell *chat.Bell

	state turnState
	since time.Time // when it was given, or its page was read
}

type turnState byte

const (
	idle    turnState = iota
	waiting           // in line
	given             // may read, and has been told
	late              // may still read, but the next one was let in meanwhile
	reading
	writing // has read its page
)

const (
	// giveTime is how long a turn that was given waits to be taken up.
	giveTime = 20 * time.Millisecond
	// writeTime is how long a turn lasts after its page was read, at most.
	writeTime = 5 * time.Millisecond
	// turnCheck is when a feed in line looks again by itself: its bell may have
	// rung for a turn that went to the next meanwhile.
	turnCheck = time.Second
)

func newReplays(o *Options) *replays {
	return &replays{
		off:    o.NoLimits,
		budget: rates{rate: rate.Limit(o.ReplayRate), burst: o.ReplayBurst},
		free:   o.ReplayPages,
		lines:  make(map[string]*line),
	}
}

// begin reports whether the turn of a feed to read a page has come, and else
// when to ask again at the latest. If it has, read must follow. It ends the turn
// before.
func (rp *replays) begin(t *turn, now time.Time) (wait time.Duration, ok bool) {
	if rp.off {
		return 0, true
	}
	rp.mu.Lock()
	defer rp.mu.Unlock()
	if t.state == writing {
		rp.end(t)
	}
	switch t.state {
	case late: // or under a load that makes all come late, nobody would read
		rp.free--
		t.state = reading
		return 0, true
	case idle:
		if rp.free > 0 && len(rp.ready) == 0 && rp.lines[t.user] == nil && rp.budget.debt(t.user, now) <= 0 {
			rp.free--
			t.state = reading
			return 0, true
		}
		rp.join(t)
	}
	rp.give(now)
	if t.state != given {
		return turnCheck, false
	}
	rp.given = without(rp.given, t) // its bell may have rung for nothing, which does no harm
	t.state = reading
	return 0, true
}

// read charges the user for the page that was read. more says whether the feed
// will ask for another.
func (rp *replays) read(t *turn, bytes int, more bool, now time.Time) {
	if rp.off {
		return
	}
	rp.mu.Lock()
	defer rp.mu.Unlock()
	if bytes > 0 {
		rp.budget.charge(t.user, bytes, now)
	}
	t.state, t.since = writing, now
	rp.writing = append(rp.writing, t)
	if !more {
		rp.end(t)
	}
	rp.give(now)
}

// end ends a turn whose page was read.
func (rp *replays) end(t *turn) {
	rp.writing = without(rp.writing, t)
	t.state = idle
	rp.free++
}

// leave takes a feed that is closed out of the line.
func (rp *replays) leave(t *turn, now time.Time) {
	if rp.off {
		return
	}
	rp.mu.Lock()
	defer rp.mu.Unlock()
	switch t.state {
	case waiting:
		l := rp.lines[t.user]
		l.turns = without(l.turns, t)
		rp.tidy(l)
	case given:
		rp.given = without(rp.given, t)
		rp.free++
	case writing:
		rp.end(t)
	}
	t.state = idle
	rp.give(now)
}

// waits reports whether the feed is in line, and its turn has not come.
func (rp *replays) waits(t *turn) bool {
	if rp.off {
		return false
	}
	rp.mu.Lock()
	defer rp.mu.Unlock()
	return t.state == waiting
}

// join puts a turn at the end of its user's line.
func (rp *replays) join(t *turn) {
	l := rp.lines[t.user]
	if l == nil {
		l = &line{user: t.user}
		rp.lines[t.user] = l
	}
	t.state = waiting
	l.turns = append(l.turns, t)
	rp.admit(l)
}

// admit puts a line among the ready, at their end, unless it is there, or waits
// for its user's budget.
func (rp *replays) admit(l *line) {
	if !l.ready && l.timer == nil && len(l.turns) > 0 {
		l.ready = true
		rp.ready = append(rp.ready, l)
	}
}

// give gives turns as long as there are any, and those who wait.
func (rp *replays) give(now time.Time) {
	for len(rp.given) > 0 && now.Sub(rp.given[0].since) >= giveTime {
		rp.given[0].state = late
		rp.given = rp.given[1:]
		rp.free++
	}
	for len(rp.writing) > 0 && now.Sub(rp.writing[0].since) >= writeTime {
		rp.end(rp.writing[0])
	}
	for rp.free > 0 && len(rp.ready) > 0 {
		l := rp.ready[0]
		rp.ready = rp.ready[1:]
		l.ready = false
		if debt := rp.budget.debt(l.user, now); debt > 0 {
			l.timer = time.AfterFunc(debt, func() { rp.resume(l) })
			continue
		}
		t := l.turns[0]
		l.turns = l.turns[1:]
		rp.free--
		t.state, t.since = given, now
		rp.given = append(rp.given, t)
		t.bell.Ring()
		rp.admit(l)
		rp.tidy(l)
	}
	if len(rp.ready) > 0 && len(rp.given)+len(rp.writing) > 0 && !rp.watched {
		rp.watched = true
		time.AfterFunc(writeTime, rp.watch)
	}
}

// watch takes turns back that last too long.
func (rp *replays) watch() {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	rp.watched = false
	rp.give(time.Now())
}

// resume puts a line that has waited for a budget back among the ready.
func (rp *replays) resume(l *line) {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	if rp.lines[l.user] == l { // else all have left, and perhaps come again
		l.timer = nil
		rp.admit(l)
		rp.give(time.Now())
	}
}

// tidy forgets a line in which nobody waits.
func (rp *replays) tidy(l *line) {
	if len(l.turns) > 0 {
		return
	}
	if l.ready {
		l.ready = false
		rp.ready = without(rp.ready, l)
	}
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	delete(rp.lines, l.user)
}

// without returns a list without an element, which it holds once.
func without[T comparable](list []T, element T) []T {
	if i := slices.Index(list, element); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}
