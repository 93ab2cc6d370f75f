package power_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"testing"

	"github.com/roomlog/chat"
)

// never is the place in a recording of what is not in it.
const never = math.MaxInt

// A ledger is what the processes of a recording said, and where in it.
type ledger struct {
	begun   map[string]*entry // by key
	order   []*entry          // the same, as they were begun
	seen    []line            // by readers
	seenAt  []int
	ready   int // ops up to where the chat was first opened; 0 if it never was
	opened  []int
	answers int
	writers [writers]writer // as they are to go on
}

// An entry is a command and its answer.
type entry struct {
	intent
	by      int
	begunAt int
	doneAt  int // never if there was no answer
	id      chat.ID
	sum     string
	lost    bool // nobody knows whether it was done
}

func readLedger(t *testing.T, ops []op) *ledger {
	t.Helper()
	l := &ledger{begun: map[string]*entry{}}
	for i, o := range ops {
		if o.kind != say {
			continue
		}
		var s line
		d := json.NewDecoder(bytes.NewReader(o.data))
		d.DisallowUnknownFields()
		if err := d.Decode(&s); err != nil && err != io.EOF {
			t.Fatalf("line %q: %v", o.data, err)
		}
		l.note(t, i, s)
	}
	return l
}

func (l *ledger) note(t *testing.T, at int, s line) {
	w := &l.writers[s.Writer]
	switch s.What {
	case "ready":
		if l.ready == 0 {
			l.ready = at
		}
		l.opened = append(l.opened, at)
	case "begin":
		if l.begun[s.Do.Key] == nil {
			e := &entry{intent: *s.Do, by: s.Writer, begunAt: at, doneAt: never}
			l.begun[s.Do.Key] = e
			l.order = append(l.order, e)
			w.Next++
		}
		w.Pending = s.Do
	case "done":
		e := l.begun[s.Key]
		if e == nil || e.doneAt != never || w.Pending == nil || w.Pending.Key != s.Key {
			t.Fatalf("answer to %s out of turn", s.Key)
		}
		e.doneAt, e.id, e.sum, e.lost = at, s.ID, s.Sum, s.Lost
		w.learn(&e.intent, s.ID)
		w.Pending = nil
		l.answers++
	case "seen":
		l.seen, l.seenAt = append(l.seen, s), append(l.seenAt, at)
	}
}
