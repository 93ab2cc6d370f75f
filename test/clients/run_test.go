package clients_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// driver is a client, as a case drives it.
type driver interface {
	// do has the user do something; what comes of it is told by next.
	do(act map[string]any)
	// next waits for what the user sees next.
	next(within time.Duration) (line, bool)
	// close ends the client. What the user has seen by then is told by next.
	close()
}

// line is something that the user sees.
type line struct {
	Of string // what it is about: a room, or "sends", "state", "tokens", "rooms"; "now ROOM" are signals

	Event  json.RawMessage
	Page   []string // texts of a page that takes the place of all
	Reset  string
	End    string
	Sent   string // what the send was called
	Failed string
	Code   string
	ID     string // of the event that it became; empty where nothing has changed
	State  string
	Reason string
	Wait   float64 // ms
	Token  string
	Now    string // a signal, in words
}

// String is what a case calls it.
func (l line) String() string {
	switch {
	case l.Event != nil:
		var e struct {
			ID, Type string
			Erased   bool
			Data     struct{ Text *string }
		}
		_ = json.Unmarshal(l.Event, &e)
		said := e.ID
		if e.Type != "MessagePosted" {
			said += " " + e.Type
		}
		if e.Erased {
			said += " erased"
		}
		if e.Data.Text != nil {
			text := *e.Data.Text
			if len(text) > 100 {
				text = fmt.Sprintf("%d of %c", len([]rune(text)), []rune(text)[0])
			}
			said += " " + text
		}
		return numbers(said)
	case l.Page != nil:
		return strings.Join(append([]string{"page"}, l.Page...), " ")
	case l.Reset != "":
		return "reset " + l.Reset
	case l.End != "":
		return "end " + l.End
	case l.Sent != "":
		return strings.TrimSpace(numbers(l.Sent + " " + l.ID))
	case l.Failed != "":
		return l.Failed + " failed " + l.Code
	case l.Token != "":
		return l.Token
	case l.Now != "":
		return numbers(l.Now)
	}
	return strings.TrimSpace(l.State + " " + l.Reason)
}

// run is one case that runs for one client.
type run struct {
	t      *testing.T
	s      *server
	client driver
	feeds  map[string]*feed // by room: the newest that was heard
	list   *conn
	ask    *ask
	keys   map[string]string // what keys are called in the case
	named  map[string]string
	seen   map[string][]line // by what it is about: not asked for yet
	since  time.Time         // the last cut, end or answer
}

// play runs a case from its first line to its last, and sees that nothing is left.
func play(t *testing.T, c script, name, transport string, dial func(t *testing.T, url string, tokens []string) driver) {
	r := &run{
		t: t, s: serve(t), feeds: map[string]*feed{}, keys: map[string]string{}, named: map[string]string{},
		seen: map[string][]line{}, since: time.Now(),
	}
	for _, s := range c.steps {
		if !s.suits(name, transport) {
			continue
		}
		if r.client == nil && (s.verb == "user" || s.verb == "tokens") {
			tokens := []string{"t1"}
			if s.verb == "tokens" {
				tokens = s.args
			}
			r.client = dial(t, r.s.http.URL+"/api", tokens)
		}
		if err := r.step(s); err != nil {
			t.Fatalf("%s.case, %v: %v%s", c.name, s, err, r.left())
		}
	}
	if r.client == nil {
		return // it is not for this client
	}
	r.client.close()
	for {
		l, ok := r.client.next(patience)
		if !ok {
			break
		}
		r.seen[l.Of] = append(r.seen[l.Of], l)
	}
	delete(r.seen, "state")
	delete(r.seen, "tokens")
	if left := r.left(); left != "" {
		t.Errorf("%s.case: at the end there is%s", c.name, left)
	}
}

// left tells what was not asked for.
func (r *run) left() (text string) {
	for _, lines := range r.seen {
		for _, l := range lines {
			text += fmt.Sprintf("\n\tseen of %s: %s", l.Of, l)
		}
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for room, asked := range r.s.asked {
		for len(asked) > 0 {
			a := <-asked
			text += fmt.Sprintf("\n\tasked of %s: %s %s %v", room, a.op, a.key, a.fields)
		}
	}
	for room, feeds := range r.s.feeds {
		for len(feeds) > 0 {
			f := <-feeds
			text += fmt.Sprintf("\n\tsubscribed to %s after %s", room, numbers(f.after))
		}
	}
	return text
}

// step does what a line of a case says.
func (r *run) step(s step) error {
	switch s.verb {
	case "user":
		return r.user(s)
	case "sees":
		return r.sees(s.arg(0), s.args[1:])
	case "hears":
		return r.hears(s)
	case "gets":
		return r.gets(s)
	case "answers":
		return r.answers(s)
	case "says", "says/half", "says/bytes", "says/crlf":
		return r.says(s)
	case "cuts": // all, or the one connection that has a room
		if f := r.feeds[s.arg(0)]; f != nil {
			f.conn.cut()
		} else {
			r.s.endAll((*conn).cut)
		}
		r.since = time.Now()
	case "ends", "closes":
		return r.ends(s)
	case "tokens": // those of the user
	case "good":
		r.s.set(func() { r.s.tokens = s.args })
	case "store":
		r.s.set(func() { r.s.store = s.arg(0) })
	case "beat":
		r.s.set(func() { r.s.beat = number(s.arg(0)) })
	case "retry":
		r.s.set(func() { r.s.retry = number(s.arg(0)) })
	case "deaf":
		r.s.set(func() { r.s.deaf = s.arg(0) != "no" })
	case "missing":
		r.s.set(func() { r.s.missing[s.arg(0)] = true })
	case "holds":
		r.s.set(func() { r.s.held[s.arg(0)] = true })
	case "has":
		e := event(s.arg(0), number(s.arg(1)), s.arg(2))
		r.s.set(func() { r.s.logs[s.arg(0)] = append(r.s.logs[s.arg(0)], e) })
	case "floor":
		r.s.set(func() { r.s.floors[s.arg(0)] = id(number(s.arg(1))) })
	case "pings":
		return r.pings(s)
	case "tears":
		return r.tears(s)
	case "refuses": // an HTTP status and code, or the reason of an end; retry N
		retry, _ := s.option("retry")
		f := &refusal{status: number(s.arg(0)), code: s.arg(1), retry: number(retry)}
		if f.status == 0 {
			f.end = s.arg(0)
		}
		r.s.set(func() { r.s.refuse = f })
	case "admits":
		r.s.set(func() { r.s.refuse = nil })
	default:
		return fmt.Errorf("nobody knows how to do that")
	}
	return nil
}

// user has the user do something: follow ROOM[,ROOM] [after CURSOR], send NAME ROOM
// TEXT, and so on.
func (r *run) user(s step) error {
	act := map[string]any{"do": s.arg(0)}
	switch s.arg(0) {
	case "follow":
		act["rooms"] = strings.Split(s.arg(1), ",")
		if after, ok := s.option("after"); ok {
			act["after"] = cursor(after)
		}
	case "send":
		act["name"], act["room"], act["text"] = s.arg(1), s.arg(2), s.arg(3)
	case "edit", "react":
		act["name"], act["room"], act["message"], act["text"] = s.arg(1), s.arg(2), id(number(s.arg(3))), s.arg(4)
	case "delete":
		act["name"], act["room"], act["message"] = s.arg(1), s.arg(2), id(number(s.arg(3)))
	case "signals", "typing":
		act["room"] = s.arg(1)
	case "signal":
		act["room"], act["kind"], act["data"] = s.arg(1), s.arg(2), json.RawMessage(s.arg(3))
	case "read":
		act["room"], act["upTo"] = s.arg(1), id(number(s.arg(2)))
	case "rooms", "reconnect":
	default:
		return fmt.Errorf("no user does that")
	}
	r.client.do(act)
	return nil
}

// cursor is what a case calls one: a number, or a word.
func cursor(word string) string {
	if n, err := strconv.Atoi(word); err == nil {
		return id(n)
	}
	return word
}

// loose are those of which a case names only some.
var loose = []string{"state", "tokens"}

// sees waits for what the user sees next of a room, or of what else.
func (r *run) sees(of string, words []string) error {
	if of == "now" {
		of, words = "now "+words[0], words[1:]
	}
	if len(words) > 0 && words[0] == "golden" {
		return r.seesGolden(of, words[1])
	}
	if n, err := strconv.Atoi(words[0]); err == nil {
		words = append([]string{"@" + strconv.Itoa(n)}, words[1:]...)
	}
	want := strings.Join(words, " ")
	for {
		l, err := r.next(of, want)
		switch {
		case err != nil:
			return err
		case of == "state" && words[0] == "waiting" && len(words) > 1:
			if l.State == "waiting" && l.Wait >= float64(number(words[1])) {
				return nil
			}
		case l.String() == want, slices.Contains(loose, of) && strings.HasPrefix(l.String(), want+" "):
			return nil
		case !slices.Contains(loose, of):
			return fmt.Errorf("the user sees %q", l)
		}
	}
}

// seesGolden waits for the events of a golden file, as they are there.
func (r *run) seesGolden(of, name string) error {
	events, err := goldenEvents(name)
	if err != nil || len(events) == 0 {
		return fmt.Errorf("no golden events: %v", err)
	}
	for _, e := range events {
		l, err := r.next(of, e)
		if err != nil {
			return err
		}
		var got, want any
		_ = json.Unmarshal([]byte(e), &want)
		if err := json.Unmarshal(l.Event, &got); err != nil || !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the user sees %s, not %s", l.Event, e)
		}
	}
	return nil
}

// next returns what is seen next of something.
func (r *run) next(of, want string) (line, error) {
	for end := time.Now().Add(patience); len(r.seen[of]) == 0; {
		l, ok := r.client.next(time.Until(end))
		if !ok {
			return line{}, fmt.Errorf("the user does not see %q", want)
		}
		r.seen[l.Of] = append(r.seen[l.Of], l)
	}
	l := r.seen[of][0]
	r.seen[of] = r.seen[of][1:]
	return l, nil
}

// take waits for something that the client asks.
func take[T any](r *run, queue chan T, s step, at func(T) time.Time) (T, error) {
	var none T
	select {
	case got := <-queue:
		if later, ok := s.option("later"); ok {
			if after := at(got).Sub(r.since); after < time.Duration(number(later))*time.Millisecond {
				return none, fmt.Errorf("it comes after %v", after)
			}
		}
		return got, nil
	case <-time.After(patience):
		return none, fmt.Errorf("the client does not ask for it")
	}
}
