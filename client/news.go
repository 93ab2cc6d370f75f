package client

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// news is what is so just now in a room. It is guarded by the client's mu.
type news struct {
	typing   *Typing
	read     *ReadState
	presence *Presence          // the whole, or nil
	present  map[string]Present // by id; of presence
	asking   bool               // the whole of the presence was asked for
	missed   uint64             // the newest version that was passed over meanwhile
}

// customKey tells custom signals apart: the newest of one user and kind stands.
type customKey struct{ user, kind string }

// hear takes a signal and hands it out. The caller holds mu.
func (f *feed) hear(name string, data json.RawMessage) {
	switch {
	case name == "typing":
		var t Typing
		if json.Unmarshal(data, &t) == nil {
			f.now.typing = &t
			f.tell(func(l *listener) { l.typing = true })
		}
	case name == "presence":
		f.hearPresence(data)
	case name == "read":
		f.hearRead(data)
	case name == "cleared":
		f.tell(func(l *listener) { l.cleared = true; clear(l.custom); l.order = nil })
	case strings.HasPrefix(name, "x."):
		s := CustomSignal{Kind: name}
		if json.Unmarshal(data, &s) == nil {
			f.tell(func(l *listener) { l.put(s) })
		}
	}
}

// hearRead takes one's own marker, or receipts of others.
func (f *feed) hearRead(data json.RawMessage) {
	var r struct {
		ReadState
		Receipts []Receipt `json:"receipts"`
	}
	if json.Unmarshal(data, &r) != nil {
		return
	}
	if r.Receipts == nil {
		f.now.read = &r.ReadState
		f.tell(func(l *listener) { l.read = true })
		return
	}
	f.tell(func(l *listener) {
		for _, receipt := range r.Receipts {
			l.receipts[receipt.User.ID] = receipt
		}
	})
}

// hearPresence takes who is there: the whole, or what has changed since a version.
// Where that is not the version that is known, the whole is asked for.
func (f *feed) hearPresence(data json.RawMessage) {
	var p struct {
		Presence
		From uint64 `json:"from"`
	}
	if json.Unmarshal(data, &p) != nil {
		return
	}
	switch {
	case p.From == 0 || p.Count > 0 && len(p.Users) == 0:
		f.setPresence(p.Presence)
	case f.now.presence != nil && f.now.presence.Version == p.From:
		for _, u := range p.Users {
			if u.Status == "offline" {
				delete(f.now.present, u.ID)
			} else {
				f.now.present[u.ID] = u
			}
		}
		f.now.presence = f.now.whole(p.Version, p.Count)
		f.tell(func(l *listener) { l.presence = true })
	case f.now.presence != nil && p.Version <= f.now.presence.Version: // the whole has it
	default:
		f.now.missed = p.Version
		if !f.now.asking {
			f.startAsking()
		}
	}
}

// whole returns what is known as a Presence.
func (n *news) whole(version uint64, count int) *Presence {
	p := &Presence{Version: version, Count: count}
	for _, id := range slices.Sorted(maps.Keys(n.present)) {
		p.Users = append(p.Users, n.present[id])
	}
	return p
}

func (f *feed) setPresence(p Presence) {
	f.now.present = map[string]Present{}
	for _, u := range p.Users {
		f.now.present[u.ID] = u
	}
	f.now.presence = f.now.whole(p.Version, p.Count)
	f.tell(func(l *listener) { l.presence = true })
}

func (f *feed) startAsking() {
	f.now.asking, f.now.missed = true, 0
	f.c.work.Go(f.askPresence)
}

// askPresence asks for the whole, and once more where it has not what has come
// meanwhile.
func (f *feed) askPresence() {
	p, err := f.c.Room(f.room).Presence(f.c.ctx)
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.now.asking = false
	if err != nil {
		return
	}
	f.setPresence(p)
	if f.now.missed > p.Version {
		f.startAsking()
	}
}

// tell marks what is new for all listeners.
func (f *feed) tell(mark func(*listener)) {
	for l := range f.listeners {
		mark(l)
		l.ring()
	}
}
