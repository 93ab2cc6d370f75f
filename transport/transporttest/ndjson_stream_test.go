package transporttest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// lines is what one reader is sent. It runs in the goroutine of its request.
type lines struct {
	*lineHandler
	grant transport.Grant
	feed  *transport.Feed
	w     http.ResponseWriter
	rc    *http.ResponseController

	buf []byte // what is to be written
	err error  // of a write: the reader has gone
}

// run sends what there is until the reader has gone or ends.
func (l *lines) run(ctx context.Context) {
	l.hello()
	heartbeat := l.gate.Options().Heartbeat
	beat := time.Now().Add(heartbeat)
	for l.err == nil {
		if left, ends := l.gate.UntilExpiry(&l.grant); ends && left <= 0 {
			l.end("expired", "")
			return
		}
		if !time.Now().Before(beat) { // the host's rules may be other ones now
			beat = time.Now().Add(heartbeat)
			l.feed.Ask(ctx, &l.grant)
			l.line("ping", struct{}{})
		}
		draining := isClosed(l.drain) || isClosed(l.gate.Chat().Draining()) // before the feed is read: what was stored by then is sent
		batch, err := l.feed.Next(ctx)
		if err != nil {
			l.gate.Log("reading for lines", err)
			return
		}
		l.batch(batch)
		if l.feed.Over() { // no room is left
			return
		}
		if draining {
			l.end("draining", "")
			return
		}
		if batch.Empty() {
			l.flush()
			l.wait(ctx, beat, batch.Wait)
		}
	}
}

// wait returns when there may be something to do.
func (l *lines) wait(ctx context.Context, beat time.Time, atMost time.Duration) {
	rest := time.Until(beat)
	if left, ends := l.gate.UntilExpiry(&l.grant); ends {
		rest = min(rest, left)
	}
	if atMost > 0 {
		rest = min(rest, atMost)
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-l.feed.Bell().C:
	case <-timer.C:
	case <-l.drain:
	case <-l.gate.Chat().Draining():
	case <-ctx.Done():
		l.err = ctx.Err()
	}
}

// position is where a reader stands in a room.
type position struct {
	Room    string            `json:"room"`
	Verdict transport.Verdict `json:"verdict,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Head    chat.ID           `json:"head"`
	Floor   chat.ID           `json:"floor"`
}

// signal is what is so just now. It gives no cursor.
type signal struct {
	Room   string          `json:"room"`
	Name   string          `json:"name"`
	Data   json.RawMessage `json:"data"`
	Cursor string          `json:"cursor,omitempty"` // of transports that are wrong
}

type hello struct {
	Verdict transport.Verdict `json:"verdict"`
	Rooms   []position        `json:"rooms"`
}

// hello says where the reader stands, and where it must begin anew.
func (l *lines) hello() {
	h := hello{Verdict: l.feed.Verdict()}
	var lost []transport.Standing
	for _, s := range l.feed.Standings() {
		h.Rooms = append(h.Rooms, position{Room: s.Room, Verdict: s.Verdict, Head: s.Head, Floor: s.Floor})
		if s.Verdict == transport.Reset {
			lost = append(lost, s)
		}
	}
	l.line("hello", h)
	l.batch(transport.Batch{Lost: lost})
}

// batch sends what the feed has next, in the order that a Batch asks for.
func (l *lines) batch(b transport.Batch) {
	for _, s := range b.Lost {
		l.line("reset", position{Room: s.Room, Reason: s.Reason, Head: s.Head, Floor: s.Floor})
	}
	for _, e := range b.Events {
		l.put(e.Frame(eventLines, eventLine))
	}
	if b.Live {
		l.line("live", l.feed.Mark())
		l.flush() // the reader waits for this
	}
	for _, s := range b.Signals {
		l.line("signal", signal{Room: s.Room, Name: s.Name, Data: s.Data})
	}
	for _, room := range b.Gone {
		l.end("forbidden", room)
	}
}

// eventLine makes the line of an event: once for all readers, who share it.
func eventLine(e chat.Event) []byte {
	return slices.Concat([]byte(`{"event":`), e.JSON(), []byte("}\n"))
}

// eventLines is the owner of these lines, as Event.Frame has it.
var eventLines = new(byte)

// end says that a room, or with none the reader, ends.
func (l *lines) end(reason, room string) {
	l.line("end", struct {
		Reason string `json:"reason"`
		Room   string `json:"room,omitempty"`
	}{reason, room})
	l.flush()
}

// line sends what is not an event.
func (l *lines) line(name string, value any) {
	text, err := json.Marshal(map[string]any{name: value})
	if err != nil { // only what we made: it cannot
		panic(err)
	}
	l.put(append(text, '\n'))
}

// maxWrite is the most that is written at once, in bytes.
const maxWrite = 64 << 10

// put adds a line to what is to be written.
func (l *lines) put(line []byte) {
	if l.buf = append(l.buf, line...); len(l.buf) >= maxWrite {
		l.flush()
	}
}

// flush writes what is to be written. Each piece has the whole write timeout: a
// reader may be slow, but not take nothing.
func (l *lines) flush() {
	for p := l.buf; len(p) > 0 && l.err == nil; {
		n := min(len(p), maxWrite)
		if l.err = l.rc.SetWriteDeadline(time.Now().Add(l.gate.Options().WriteTimeout)); l.err != nil {
			return
		}
		if _, l.err = l.w.Write(p[:n]); l.err == nil {
			l.err = l.rc.Flush()
		}
		p = p[n:]
	}
	l.buf = l.buf[:0]
}
