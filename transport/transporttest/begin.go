package transporttest

import (
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// none is the zero ULID, which is no event.
const none = "00000000000000000000000000"

// beginning is how a reader must begin.
type beginning struct {
	after, store string
	verdict      transport.Verdict
	reason       string       // of a reset
	missed       []chat.Event // what comes before live
}

// wantBeginning fails the test unless the reader is begun with as it must be,
// up to and including the mark that it is live.
func (s *site) wantBeginning(b beginning) *listener {
	s.Helper()
	info := s.info(room)
	l := s.openWith(dialer{}, Query{Credentials: ann, Rooms: []string{room}, After: b.after, Store: b.store})
	h := l.hello
	if h.Verdict != b.verdict || len(h.Standings) != 1 {
		s.Fatalf("after %.40q hello is %v, not %s", b.after, h, b.verdict)
	}
	if want := (transport.Standing{Room: room, Verdict: b.verdict, Head: info.Head, Floor: info.Floor}); h.Standings[0] != want {
		s.Errorf("after %.40q the reader stands at %+v, not at %+v", b.after, h.Standings[0], want)
	}
	if b.verdict == transport.Reset {
		f := l.want(Reset)
		if f.Reason != b.reason || f.Head != info.Head || f.Floor != info.Floor {
			s.Errorf("after %.40q the reset is %v, head %s, floor %s; it must be %s, %s, %s",
				b.after, f, f.Head, f.Floor, b.reason, info.Head, info.Floor)
		}
	}
	l.wantEvents(b.missed...)
	l.want(Live)
	if b.verdict != transport.Resumed && l.cursor != s.chat.Head().String() {
		s.Errorf("after %.40q and the verdict %s the cursor of live is %q, not %s", b.after, b.verdict, l.cursor, s.chat.Head())
	}
	return l
}

func startOrder(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	old := s.post(room, "one", "two", "three")
	readers := []*listener{
		s.wantBeginning(beginning{after: "", verdict: transport.Fresh}),
		s.wantBeginning(beginning{after: "earliest", verdict: transport.Resumed, missed: old}),
		s.wantBeginning(beginning{after: old[0].ID.String(), verdict: transport.Resumed, missed: old[1:]}),
		s.wantBeginning(beginning{after: old[2].ID.String(), verdict: transport.Resumed}),
		s.wantBeginning(beginning{after: "rubbish", verdict: transport.Reset, reason: "invalid"}),
	}
	for range 3 { // what is live comes after live, and live but once
		next := s.post(room, "next")
		for _, l := range readers {
			l.wantEvents(next...)
		}
	}
	for _, l := range readers { // of their own accord they never end
		if err := l.reader.Close(); err != nil {
			t.Errorf("closing a reader: %v", err)
		}
	}

	// A replay of many pages, while more is stored.
	s.numbered("long", 1500, " of many")
	long := s.log("long", chat.Start)
	l := s.open("earliest", "long")
	more := s.post("long", "more")
	l.wantEvents(long...)
	l.want(Live)
	l.wantEvents(more...)
}

func verdicts(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	before := s.post("other", "before")[0]
	all := s.post(room, "one", "two")
	between := s.post("other", "between")[0]
	all = append(all, s.post(room, "three")...)
	first, last := all[0].ID.String(), all[2].ID.String()
	off := all[1].ID // an id that is no event, just below that of one
	for i := len(off) - 1; ; i-- {
		if off[i]--; off[i] != 0xff {
			break
		}
	}
	beyond := s.chat.Head()
	for i := len(beyond) - 1; ; i-- {
		if beyond[i]++; beyond[i] != 0 {
			break
		}
	}
	resumed := func(after string, missed []chat.Event) beginning {
		return beginning{after: after, verdict: transport.Resumed, missed: missed}
	}
	fresh := func(after string) beginning { return beginning{after: after, verdict: transport.Fresh} }
	reset := func(after, reason string) beginning {
		return beginning{after: after, verdict: transport.Reset, reason: reason}
	}
	readers := map[string]*listener{}
	for name, b := range map[string]beginning{
		"no cursor":              fresh(""),
		"latest":                 fresh("latest"),
		"LATEST":                 fresh("LATEST"),
		"earliest":               resumed("earliest", all),
		"Earliest":               resumed("Earliest", all),
		"an event":               resumed(first, all[1:]),
		"an event in lower case": resumed(strings.ToLower(first), all[1:]),
		"an event in both cases": resumed(strings.ToLower(first[:13])+first[13:], all[1:]),
		"the newest event":       resumed(last, nil),
		"no event, in range":     resumed(off.String(), all[1:]),
		"another room, before":   resumed(before.ID.String(), all),
		"another room, between":  resumed(between.ID.String(), all[2:]),
		"the zero ULID":          resumed(none, all),
		"just beyond":            reset(beyond.String(), "ahead"),
		"far beyond":             reset("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "ahead"),
		"too great for a ULID":   reset("8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "invalid"),
		"too short":              reset(first[:25], "invalid"),
		"too long":               reset(first+"0", "invalid"),
		"not of the alphabet":    reset(first[:25]+"U", "invalid"),
		"a word":                 reset("rubbish", "invalid"),
		"a word of others":       reset("earliest ", "invalid"),
		"null":                   reset("null", "invalid"),
		"signs":                  reset(`%"&=+;/?#\`, "invalid"),
		"not ASCII":              reset("größte", "invalid"),
		"far too long":           reset(strings.Repeat("0", 3000), "invalid"),
		"of this store":          {after: first, store: s.chat.StoreID(), verdict: transport.Resumed, missed: all[1:]},
		"of another store":       {after: first, store: "another", verdict: transport.Reset, reason: "store"},
		"none, another store":    {store: "another", verdict: transport.Reset, reason: "store"},
	} {
		readers[name] = s.wantBeginning(b)
	}
	next := s.post(room, "next")
	for name, l := range readers {
		if f := l.want(Event); string(f.JSON) != string(next[0].JSON()) {
			t.Errorf("%s: then comes %s", name, f.JSON)
		}
	}
}

func liveCursor(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	s.post(room, "one", "two")
	s.post("other", "the newest of the store is of another room")
	for _, after := range []string{"", "latest", "rubbish", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "earliest"} {
		l := s.open(after)
		for l.next().Kind != Live {
		}
		if l.cursor == after {
			t.Errorf("after %q live gives no cursor to come back with", after)
			continue
		}
		_ = l.line.Close()
		missed := s.post(room, "three", "four")
		back := s.open(l.cursor)
		if back.hello.Verdict != transport.Resumed {
			t.Errorf("after %q, cut off and back, the verdict is %s", after, back.hello.Verdict)
			continue
		}
		back.wantEvents(missed...)
		back.want(Live)
		missed = s.post(room, "five")
		back.wantEvents(missed...)
	}
}
