package peers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// order is what a reader is told. The scripts get it as JSON.
type order struct {
	Reader int      `json:"reader"` // its number
	URL    string   `json:"url"`    // of the stream or socket, through the reader's cutter
	Rooms  []string `json:"rooms"`
	After  string   `json:"after"` // the first cursor; empty is none
	Types  []string `json:"types"` // the names of frames to listen to, for those that listen by name
	Token  string   `json:"token"` // credentials, for those that have no cookie
	Pause  int      `json:"pause"` // in milliseconds, before another attempt where the server does not say
}

// note is what a reader tells of what it has got, in the words of the wire. What
// is right and wrong is not for a reader to say.
type note struct {
	Reader int    `json:"reader"`
	Type   string `json:"type"`  // of a frame of a stream: its name, or empty
	ID     string `json:"id"`    // the cursor that the reader then had
	Data   string `json:"data"`  // of a frame of a stream
	Frame  string `json:"frame"` // of a socket
}

// What a note of a script may be about besides frames.
const (
	noteWrong    = "wrong"    // it got what it should not
	noteReopened = "reopened" // its EventSource had given up
)

// reader keeps what one reader has told.
type reader struct {
	order
	socket bool
	want   int // how often it is to resume

	mu       sync.Mutex
	fresh    bool              // the last verdict
	resumes  int               // how often the verdict was that it resumes
	reopened int               // how often an EventSource had given up
	began    map[string]string // by room, the cursor it had at first
	got      []event
	last     map[string]string // by room, the id of its last event
	ends     map[string]string // by room, the id of the log's last event; nil as long as that grows
	wrong    error             // the first thing that should not have come

	enough chan struct{} // closed when it has resumed as often as it is to, or something is wrong
	done   chan struct{} // closed when it has the last events of all rooms, or something is wrong
}

func newReader(o order, socket bool, want int) *reader {
	r := &reader{
		order: o, socket: socket, want: want,
		began: make(map[string]string), last: make(map[string]string),
		enough: make(chan struct{}), done: make(chan struct{}),
	}
	if o.After != "" {
		for _, room := range o.Rooms {
			r.began[room] = "" // with the earliest
		}
	}
	return r
}

// take takes a note.
func (r *reader) take(n note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrong != nil {
		return
	}
	if r.socket && n.Type != noteWrong {
		r.wrong = r.takeFrame(n.Frame)
	} else {
		r.wrong = r.takeEvent(n)
	}
	r.look()
}

// finish tells what the last events of the rooms are.
func (r *reader) finish(ends map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends = ends
	r.look()
}

// look closes the channels whose time has come.
func (r *reader) look() {
	if r.resumes >= r.want || r.wrong != nil {
		closeOnce(r.enough)
	}
	if r.wrong != nil || r.ends != nil && !slices.ContainsFunc(r.Rooms, func(room string) bool { return r.last[room] != r.ends[room] }) {
		closeOnce(r.done)
	}
}

func closeOnce(ch chan struct{}) {
	select {
	case <-ch:
	default:
		close(ch)
	}
}

// takeEvent takes a frame of a stream.
func (r *reader) takeEvent(n note) error {
	switch n.Type {
	case "chat.hello":
		var hello struct{ Verdict string }
		if err := json.Unmarshal([]byte(n.Data), &hello); err != nil {
			return err
		}
		return r.judge(hello.Verdict)
	case "chat.live":
		if !r.fresh {
			return nil
		}
		var live struct{ Cursor string }
		if err := json.Unmarshal([]byte(n.Data), &live); err != nil {
			return err
		}
		if n.ID != live.Cursor {
			return fmt.Errorf("after a fresh start the reader's cursor is %q, that of chat.live %q", n.ID, live.Cursor)
		}
		for _, room := range r.Rooms {
			r.began[room] = n.ID
		}
		return nil
	case "chat.ping":
		return nil
	case "chat.presence", "chat.read", "chat.typing", "chat.signal":
		return wholeSignal(n.Data)
	case noteReopened:
		r.reopened++
		return nil
	case noteWrong:
		return fmt.Errorf("wrong: %s", n.Data)
	}
	if strings.HasPrefix(n.Type, "chat.") {
		return fmt.Errorf("there was a frame %s: %s", n.Type, n.Data)
	}
	e, err := parseEvent(n.Data)
	if err != nil {
		return err
	}
	if n.ID != e.ID {
		return fmt.Errorf("the id of a frame is %s, its event %s", n.ID, e.raw)
	}
	return r.takeIn(e)
}

// takeFrame takes a frame of a socket.
func (r *reader) takeFrame(raw string) error {
	var f struct {
		Re     string
		OK     *struct{ Verdict string }
		Room   string
		Events []json.RawMessage
		Live   string
		Hello  json.RawMessage
		Signal string
		Data   json.RawMessage
	}
	if err := json.Unmarshal([]byte(raw), &f); err != nil {
		return fmt.Errorf("frame %q: %w", raw, err)
	}
	switch {
	case f.Hello != nil:
	case f.OK != nil && f.Re == r.Rooms[0]: // one verdict a socket
		return r.judge(f.OK.Verdict)
	case f.OK != nil:
	case f.Signal != "":
		return wholeSignal(string(f.Data))
	case f.Live != "":
		if _, ok := r.began[f.Room]; !ok {
			r.began[f.Room] = f.Live
		}
	case f.Events != nil:
		for _, raw := range f.Events {
			e, err := parseEvent(string(raw))
			if err != nil {
				return err
			}
			if e.Room != f.Room {
				return fmt.Errorf("in a frame of %s is an event of %s", f.Room, e.Room)
			}
			if err := r.takeIn(e); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("there was a frame %s", raw)
	}
	return nil
}

// wholeSignal returns an error unless the data of what is not stored is whole. When
// it comes depends on the cuts; what it says is for other tests.
func wholeSignal(data string) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(data), &object); err != nil || len(object) == 0 {
		return fmt.Errorf("the data of a signal are %q, %w", data, err)
	}
	return nil
}

// judge takes a verdict. Only a reader that has had no cursor yet may be fresh.
func (r *reader) judge(verdict string) error {
	r.fresh = verdict == "fresh"
	_, began := r.began[r.Rooms[0]]
	switch {
	case verdict == "resumed" && began:
		r.resumes++
	case verdict != "fresh" || began:
		return fmt.Errorf("the verdict is %s, after %d events", verdict, len(r.got))
	}
	return nil
}

func (r *reader) takeIn(e event) error {
	if _, ok := r.began[e.Room]; !ok {
		return fmt.Errorf("an event of room %q before it began: %s", e.Room, e.raw)
	}
	r.got = append(r.got, e)
	r.last[e.Room] = e.ID
	return nil
}

// compare holds what the reader has got against the logs of its rooms: on a
// socket each by itself, on a stream all in one order.
func (r *reader) compare(logs map[string][]event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrong != nil {
		return r.wrong
	}
	var all []event
	for _, room := range r.Rooms {
		began, ok := r.began[room]
		if !ok {
			return fmt.Errorf("it has never begun in %s", room)
		}
		from := slices.IndexFunc(logs[room], func(e event) bool { return e.ID > began })
		if from < 0 {
			return fmt.Errorf("nothing was written to %s after it began", room)
		}
		all = append(all, logs[room][from:]...)
		if r.socket {
			var got []event
			for _, e := range r.got {
				if e.Room == room {
					got = append(got, e)
				}
			}
			if err := sameEvents(got, logs[room][from:]); err != nil {
				return fmt.Errorf("room %s: %w", room, err)
			}
		}
	}
	if r.socket {
		return nil
	}
	slices.SortFunc(all, func(a, b event) int { return strings.Compare(a.ID, b.ID) })
	return sameEvents(r.got, all)
}
