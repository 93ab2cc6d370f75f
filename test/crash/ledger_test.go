package crash_test

import (
	"fmt"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/roomlog/chat"
)

// ledger is what a parent knows from the reports of its children.
type ledger struct {
	orders
	posted map[string]chat.ID // by key
	erased map[chat.ID]bool
	seen   map[chat.ID]string // the sum of the event's bytes
	order  [followers][]chat.ID
	acks   int
	ready  bool // the last child has opened the chat
}

func newLedger(path string) *ledger {
	return &ledger{
		orders: orders{Path: path},
		posted: map[string]chat.ID{},
		erased: map[chat.ID]bool{},
		seen:   map[chat.ID]string{},
	}
}

func (l *ledger) views() string { return l.Path + ".views" }

// note enters one line of a child.
func (l *ledger) note(line string) error {
	kind, rest, _ := strings.Cut(line, " ")
	var a, b int
	var id, hash string
	var err error
	switch kind {
	case "ready":
		l.ready = true
		return nil
	case "posted":
		_, err = fmt.Sscan(rest, &a, &b, &id)
	case "erased":
		_, err = fmt.Sscan(rest, &b, &id)
	case "seen":
		_, err = fmt.Sscan(rest, &a, &id, &hash)
	default:
		err = fmt.Errorf("unknown report")
	}
	var at chat.ID
	if err == nil {
		at, err = ulid.ParseStrict(id)
	}
	if err != nil {
		return fmt.Errorf("report %q: %w", line, err)
	}
	switch kind {
	case "posted":
		return l.notePosted(a, b, at)
	case "erased":
		l.erased[at], l.Erased = true, b+1
	case "seen":
		return l.noteSeen(a, at, hash)
	}
	return nil
}

func (l *ledger) notePosted(w, n int, id chat.ID) error {
	if n != l.Next[w] {
		return fmt.Errorf("writer %d: post %d acknowledged where %d was to be", w, n, l.Next[w])
	}
	l.posted[keyOf(w, n)] = id
	l.Next[w]++
	l.acks++
	return nil
}

func (l *ledger) noteSeen(f int, id chat.ID, hash string) error {
	if id.Compare(l.After[f]) <= 0 {
		return fmt.Errorf("follower %d: %s after %s", f, id, l.After[f])
	}
	if was, ok := l.seen[id]; ok && was != hash {
		return fmt.Errorf("event %s: two readers saw different bytes", id)
	}
	l.seen[id] = hash
	l.After[f] = id
	l.order[f] = append(l.order[f], id)
	return nil
}
