package chat

import (
	"container/list"
	"context"
	"encoding/json"
	"time"
)

const (
	// noticeLasts is how long a signal of the host's own holds that is not renewed.
	noticeLasts = 30 * time.Second
	// maxNotices is how many of them are kept in one room, those that are over
	// included, and maxNotice how large the data of one may be, in bytes: together
	// they bound what a reader can be late by.
	maxNotices = 4096
	maxNotice  = 1024
)

// notices are the signals of a room that are of one user and one kind: those of
// the host's own, and receipts. Of each there is the newest. They are guarded by
// signals.mu.
type notices struct {
	byKey    map[noticeKey]*list.Element
	order    list.List // of *notice, the newest version last
	noticeAt uint64    // the newest version
	missed   uint64    // versions before this know of some that are over and no longer here
	standing int       // how many are not over
}

type noticeKey struct{ name, user string }

type notice struct {
	noticeKey
	at      uint64
	data    json.RawMessage
	upTo    ID // of a receipt
	over    bool
	expires *time.Timer
}

// Signal tells all who are in the room something of a kind of the host's own,
// which begins with "x.": where somebody's cursor stands, that they are calling.
// data is any JSON of at most 1 KiB. Of each user and kind the newest holds, for 30
// seconds, until data is null, or until the last of the user's sessions in the
// room ends; then all are told that it is null.
//
// It is told as {"user":{…},"data":…}, and needs the right to post; other errors
// are as for a post. ErrRateLimited where a room has more than some thousand
// signals at once.
func (r *Room) Signal(ctx context.Context, user User, kind string, data json.RawMessage) error {
	if err := checkCustomType(kind); err != nil {
		return err
	}
	if len(data) == 0 {
		data = json.RawMessage("null")
	}
	data, err := cleanJSON("data", data, maxNotice)
	if err != nil {
		return err
	}
	if err := r.maySignal(ctx, user); err != nil {
		return err
	}
	return r.chat.signals.notify(r.id, noticeKey{kind, user.ID}, signalData(user, data), string(data) == "null")
}

func signalData(user User, data json.RawMessage) json.RawMessage {
	return mustMarshal(struct {
		User User            `json:"user"`
		Data json.RawMessage `json:"data"`
	}{user, data})
}

// maySignal asks whether a user may tell others something that is not stored.
func (r *Room) maySignal(ctx context.Context, user User) error {
	if r.past {
		return ErrInvalidField.because("the past takes no signals")
	}
	if err := user.check(); err != nil {
		return err
	}
	return r.read(ctx, "", func(s *sight) error {
		err := r.chat.ask(&Request{
			Action: ActSignal, User: user, Now: r.chat.now(),
			Room: s.rules.state(s.room.ID, true), view: s.view, number: s.room.Number, rules: s.rules,
		})
		if err == nil && s.rules.archived {
			err = ErrRoomArchived.because("%s", r.id)
		}
		return err
	})
}

// notify makes a notice the newest of its key.
func (s *signals) notify(room string, key noticeKey, data json.RawMessage, over bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	l := s.lobby(room)
	defer l.tidy()
	if over && l.byKey[key] == nil {
		return nil
	}
	return l.notify(key, data, over)
}

func (l *lobby) notify(key noticeKey, data json.RawMessage, over bool) error {
	e := l.byKey[key]
	if e == nil {
		if l.order.Len() >= maxNotices && !l.forgetNotice() {
			return ErrRateLimited.because("the room has %d signals", maxNotices)
		}
		if l.byKey == nil {
			l.byKey = map[noticeKey]*list.Element{}
		}
		e = l.order.PushBack(&notice{noticeKey: key, over: true})
		l.byKey[key] = e
	}
	n := e.Value.(*notice)
	if n.expires != nil {
		n.expires.Stop()
		n.expires = nil
	}
	switch {
	case n.over && !over:
		l.standing++
	case over && !n.over:
		l.standing--
	}
	l.order.MoveToBack(e)
	n.at, n.data, n.over = l.signals.next(), data, over
	l.noticeAt = n.at
	if !over {
		at := n.at
		n.expires = l.signals.after(noticeLasts, func() {
			if n.at == at {
				l.endNotice(n)
				l.tidy()
			}
		})
	}
	l.ring()
	return nil
}

// endNotice ends a notice whose time is over.
func (l *lobby) endNotice(n *notice) {
	var told struct {
		User User `json:"user"`
	}
	_ = json.Unmarshal(n.data, &told) // we wrote it
	_ = l.notify(n.noticeKey, signalData(told.User, json.RawMessage("null")), true)
}

// forgetNotice makes room for one more: the oldest that is over goes.
func (l *lobby) forgetNotice() bool {
	for e := l.order.Front(); e != nil; e = e.Next() {
		if n := e.Value.(*notice); n.over {
			l.missed = max(l.missed, n.at)
			l.drop(e)
			return true
		}
	}
	return false
}

func (l *lobby) drop(e *list.Element) {
	n := l.order.Remove(e).(*notice)
	delete(l.byKey, n.noticeKey)
	if n.expires != nil {
		n.expires.Stop()
	}
	if !n.over {
		l.standing--
	}
}

// dropNotices makes all who are here forget all there is.
func (l *lobby) dropNotices() {
	if l.order.Len() == 0 {
		return
	}
	for e := l.order.Front(); e != nil; e = l.order.Front() {
		l.drop(e)
	}
	l.noticeAt = l.signals.next()
	l.missed = l.noticeAt
	l.ring()
}

// endNotices ends the host's own signals of a user who has left.
func (l *lobby) endNotices(user string) {
	if l.standing == 0 {
		return
	}
	var theirs []*notice
	for e := l.order.Front(); e != nil; e = e.Next() {
		if n := e.Value.(*notice); n.user == user && !n.over {
			theirs = append(theirs, n)
		}
	}
	for _, n := range theirs {
		l.endNotice(n)
	}
}

// noticesSince returns what is newer than a version, oldest first, at most 64, and
// the version that the reader knows then. One who knows nothing, 0, is not told of
// what was over when they came, at the version joined. cleared says that they are
// to forget what they know, which is as if they came only now.
func (l *lobby) noticesSince(at, joined uint64) (news []Signal, upTo uint64, cleared bool) {
	if at != 0 && at < l.missed && joined < l.missed {
		news, at, joined, cleared = append(news, Signal{l.room, SignalCleared, json.RawMessage("{}")}), 0, at, true
	}
	e := l.order.Back()
	if e == nil {
		return news, l.noticeAt, cleared
	}
	for e.Prev() != nil && e.Value.(*notice).at > at {
		e = e.Prev()
	}
	for upTo = at; e != nil && len(news) < 64; e = e.Next() {
		n := e.Value.(*notice)
		if n.at <= at {
			continue
		}
		upTo = n.at
		if at == 0 && n.over && n.at <= joined {
			continue
		}
		news = append(news, Signal{l.room, n.name, n.data})
	}
	if e == nil {
		upTo = l.noticeAt
	}
	return news, upTo, cleared
}

func (ns *notices) stop() {
	for e := ns.order.Front(); e != nil; e = e.Next() {
		if n := e.Value.(*notice); n.expires != nil {
			n.expires.Stop()
		}
	}
}
