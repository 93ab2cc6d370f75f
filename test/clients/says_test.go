package clients_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

// hears waits for a subscription and answers it: hears ROOM[,ROOM] [after CURSOR]
// [store ID] [later MS] [: VERDICT]. Without a verdict it is "resumed".
func (r *run) hears(s step) error {
	if s.arg(0) == "rooms" {
		select {
		case r.list = <-r.s.lists:
			return nil
		case <-time.After(patience):
			return fmt.Errorf("the client does not follow the list")
		}
	}
	var verdict []string
	if i := slices.Index(s.args, ":"); i >= 0 {
		verdict, s.args = s.args[i+1:], s.args[:i]
	}
	for _, room := range strings.Split(s.arg(0), ",") {
		f, err := take(r, waiting(r.s, r.s.feeds, room), s, func(f *feed) time.Time { return f.at })
		if err != nil {
			return err
		}
		if after, ok := s.option("after"); ok && f.after != cursor(after) {
			return fmt.Errorf("it is after %s", numbers(f.after))
		}
		if store, ok := s.option("store"); ok && f.store != store {
			return fmt.Errorf("it is of the store %q", f.store)
		}
		r.feeds[room] = f
		if err := r.accept(f, verdict); err != nil {
			return err
		}
	}
	return nil
}

// accept gives a subscription its verdict: resumed, fresh; reset REASON HEAD; refused
// STATUS CODE [retry S], on a socket; golden NAME, which begins as that file does.
func (r *run) accept(f *feed, verdict []string) error {
	word := step{args: verdict}
	switch word.arg(0) {
	case "":
		f.accept("resumed", saying{})
	case "resumed", "fresh":
		f.accept(word.arg(0), saying{})
	case "reset":
		reset, err := say(f.room, []string{"reset", word.arg(1), word.arg(2)})
		if err != nil {
			return err
		}
		f.accept("reset", reset)
	case "refused":
		retry, _ := word.option("retry")
		f.conn.answer(f.re, answer{status: number(word.arg(1)), body: problem(number(word.arg(1)), word.arg(2), number(retry))})
		r.since = time.Now()
	case "golden":
		n := 1
		if f.conn.stream != nil {
			n = 2 // retry is a frame of its own
		}
		own, err := golden(word.arg(1), 1, n)
		if err != nil {
			return err
		}
		if f.conn.stream == nil {
			f.conn.write(textFrame(strings.Replace(own.socket[0], `"re":"1"`, fmt.Sprintf(`"re":%q`, f.re), 1)))
			return nil
		}
		f.conn.stream.own = own.stream
		f.accept("resumed", saying{})
	default:
		return fmt.Errorf("that is no verdict")
	}
	return nil
}

// says writes something of a room: says ROOM WHAT [+ WHAT]. What stands between pluses
// goes in one write. Half of it, each byte by itself, or with other ends of lines on
// streams.
func (r *run) says(s step) error {
	room := s.arg(0)
	c := r.list
	words := s.args
	switch {
	case room == "rooms" && s.arg(1) == "golden":
		words = words[1:]
	case room == "rooms":
	case r.feeds[room] == nil:
		return fmt.Errorf("nobody has subscribed")
	default:
		c, words = r.feeds[room].conn, words[1:]
	}
	var all []byte
	var text string
	for len(words) > 0 {
		end := slices.Index(words, "+")
		if end < 0 {
			end = len(words)
		}
		what := words[:end]
		if words = words[end:]; len(words) > 0 {
			words = words[1:]
		}
		if what[0] == "golden" { // where it begins has been said
			what = slices.Clone(what)
			for len(what) < 4 {
				what = append(what, "")
			}
			if what[2] == "" {
				what[2] = "2"
				if c.stream != nil {
					what[2] = "3"
				}
			}
		}
		said, err := say(room, what)
		if err != nil {
			return err
		}
		text += said.stream
		for _, frame := range said.socket {
			all = append(all, textFrame(frame)...)
		}
	}
	switch s.verb {
	case "says/crlf":
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case "says/half":
		text, all = text[:len(text)/2], all[:len(all)/2]
	}
	pieces := [][]byte{all}
	if c.stream != nil {
		pieces = [][]byte{chunk(text)}
	}
	if s.verb == "says/bytes" {
		if pieces = nil; c.stream == nil {
			for _, b := range all {
				pieces = append(pieces, []byte{b})
			}
		} else {
			for i := range len(text) {
				pieces = append(pieces, chunk(text[i:i+1]))
			}
		}
	}
	c.write(pieces...)
	return nil
}

// pings sends a ping frame and waits for what comes back of it.
func (r *run) pings(s step) error {
	r.feeds[s.arg(0)].conn.write(ws.MustCompileFrame(ws.NewPingFrame([]byte(s.arg(1)))))
	select {
	case text := <-r.s.pongs:
		if text != s.arg(1) {
			return fmt.Errorf("%q comes back", text)
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("nothing comes back")
	}
}

// tears says each event of a golden file, and cuts the connection in the midst of it
// and behind it: tears ROOM NAME. Each time the client has to ask for what follows the
// last one that it has whole.
func (r *run) tears(s step) error {
	list, err := goldenEvents(s.arg(1))
	if err != nil {
		return err
	}
	room, last := s.arg(0), r.feeds[s.arg(0)].after
	for _, e := range list {
		said := events(room, e)
		for _, half := range []bool{true, false} {
			f := r.feeds[room]
			bytes := textFrame(said.socket[0])
			if f.conn.stream != nil {
				bytes = chunk(said.stream)
			}
			if half {
				bytes = bytes[:len(bytes)/2]
			}
			f.conn.write(bytes)
			if !half {
				last = ids.FindString(e)
				want := numbers(last)
				if l, err := r.next(room, want); err != nil || !strings.HasPrefix(l.String(), want) {
					return fmt.Errorf("the user sees %q, not %s: %v", l, want, err)
				}
			}
			f.conn.cut()
			again := step{args: []string{room, "after", numbers(last)[1:]}}
			if err := r.hears(again); err != nil {
				return fmt.Errorf("behind %s: %w", numbers(last), err)
			}
		}
	}
	return nil
}

// ends ends connections on purpose: "ends REASON [ROOM]" by a chat.end, or the close
// code that is the same, all or that of the room; "closes CODE" sockets alone, by any
// code.
func (r *run) ends(s step) error {
	reason, code := s.arg(0), closeCodes[s.arg(0)]
	if s.verb == "closes" {
		code = number(s.arg(0))
	}
	how := func(c *conn) {
		if c.stream == nil {
			c.close(code, reason)
			return
		}
		c.write(chunk(sse("chat.end", "", fmt.Sprintf(`{"reason":%q}`, reason))), []byte("0\r\n\r\n"))
		c.cut()
	}
	if f := r.feeds[s.arg(1)]; f != nil {
		how(f.conn)
	} else {
		r.s.endAll(how)
	}
	r.since = time.Now()
	return nil
}

// gets waits for a command or query: gets ROOM OP [key NAME] [text TEXT] [later MS].
// A name stands for one key in the whole case.
func (r *run) gets(s step) error {
	a, err := take(r, waiting(r.s, r.s.asked, s.arg(0)), s, func(a *ask) time.Time { return a.at })
	if err != nil {
		return err
	}
	if a.op != s.arg(1) {
		return fmt.Errorf("it is %s %v", a.op, a.fields)
	}
	if text, ok := s.option("text"); ok && a.fields["text"] != text {
		return fmt.Errorf("its text is %q", a.fields["text"])
	}
	if name, ok := s.option("key"); ok {
		if known := r.keys[name]; known != "" && known != a.key {
			return fmt.Errorf("its key is %q, not %q again", a.key, known)
		}
		if other := r.named[a.key]; other != "" && other != name {
			return fmt.Errorf("its key is that of %s", other)
		}
		if a.key == "" {
			return fmt.Errorf("it has no key")
		}
		r.keys[name], r.named[a.key] = a.key, name
	}
	r.ask = a
	return nil
}

// answers answers what was asked last: "event N TEXT" stored now, "replayed N TEXT" or
// earlier, "nothing", a status and a code [retry S], JSON; "cut" nothing, "half" of an
// event.
func (r *run) answers(s step) error {
	if r.ask == nil {
		return fmt.Errorf("nobody has asked")
	}
	a := answer{status: 200}
	mine := func() string {
		return event("general", number(s.arg(1)), fmt.Sprintf(`{"user":{"id":"ann","name":"Ann"},"key":%q,"data":{"text":%q}}`, r.ask.key, s.arg(2)))
	}
	switch word := s.arg(0); {
	case word == "event":
		a.status, a.body = 201, mine()
	case word == "replayed":
		a.body, a.replay = mine(), true
	case word == "half":
		a.body, a.half = mine(), true
	case word == "cut":
		a.cut = true
	case word == "nothing":
		a.status = 204
	case strings.HasPrefix(word, "{"):
		a.body = word
	default:
		retry, _ := s.option("retry")
		a.status, a.retry = number(word), number(retry)
		a.body = problem(a.status, s.arg(1), a.retry)
	}
	r.ask.answer(a)
	r.ask = nil
	r.since = time.Now()
	return nil
}
