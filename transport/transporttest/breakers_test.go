package transporttest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/transporttest"
)

// flaw is one way in which a transport is wrong. Each field that is set stands
// between the suite and the sound transport.
type flaw struct {
	options func(*transport.Options)
	auth    func(transport.Auth) transport.Auth
	// handler stands before the sound handler; gate counts together with it.
	handler func(t testing.TB, sound http.Handler, gate *transport.Gate) http.Handler
	// lines makes, for each reader, what is done with each line: send sends one.
	lines func() func(line []byte, send func([]byte))
	// writer stands behind the handler for each reader. It is closed in the end.
	writer func(http.ResponseWriter) writer
	// drain is done in place of sound; cut closes all connections.
	drain func(cut func(), sound func() error) error
}

type writer interface {
	http.ResponseWriter
	Close()
}

// transport returns the transport of lines with the flaw.
func (f flaw) transport() transporttest.Transport {
	return transporttest.Transport{Name: "flawed", Serve: f.serve}
}

func (f flaw) serve(t testing.TB, c *chat.Chat, auth transport.Auth, o *transport.Options) transporttest.Server {
	if f.options != nil {
		f.options(o)
	}
	if f.auth != nil {
		auth = f.auth(auth)
	}
	o = transport.Shared(o)
	sound := newLineHandler(c, auth, o)
	var h http.Handler = sound
	if f.handler != nil {
		h = f.handler(t, h, transport.NewGate(c, auth, o))
	}
	if f.lines != nil {
		inner := h
		h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(&editor{ResponseWriter: w, edit: f.lines()}, r)
		})
	}
	if f.writer != nil {
		inner := h
		h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := f.writer(w)
			defer out.Close()
			inner.ServeHTTP(out, r)
		})
	}
	s := serveLines(t, h, sound.Drain)
	if f.drain != nil {
		s.drain = func(ctx context.Context) error {
			return f.drain(s.cut, func() error { return sound.Drain(ctx) })
		}
	}
	return s
}

// editor changes the lines that are written through it.
type editor struct {
	http.ResponseWriter
	edit func(line []byte, send func([]byte))
	part []byte // of a line
	err  error
}

func (e *editor) Unwrap() http.ResponseWriter { return e.ResponseWriter }

func (e *editor) Write(p []byte) (int, error) {
	if e.Header().Get("Content-Type") != "application/x-ndjson" { // a problem
		return e.ResponseWriter.Write(p)
	}
	e.part = append(e.part, p...)
	for e.err == nil {
		i := bytes.IndexByte(e.part, '\n')
		if i < 0 {
			break
		}
		e.edit(e.part[:i+1], func(line []byte) {
			if e.err == nil {
				_, e.err = e.ResponseWriter.Write(line)
			}
		})
		e.part = e.part[i+1:]
	}
	return len(p), e.err
}

// drops leaves out the lines of which without reports true.
func drops(without func(line []byte) bool) func() func([]byte, func([]byte)) {
	return func() func([]byte, func([]byte)) {
		return func(line []byte, send func([]byte)) {
			if !without(line) {
				send(line)
			}
		}
	}
}

// is reports whether the line is of the kind.
func is(kind transporttest.Kind, line []byte) bool {
	return bytes.HasPrefix(line, []byte(`{"`+string(kind)+`"`))
}

// idOf returns the id of the event of a line, and its room.
func idOf(line []byte) (id chat.ID, room string) {
	var l struct {
		Event struct {
			ID   chat.ID
			Room string
		}
	}
	_ = json.Unmarshal(line, &l)
	return l.Event.ID, l.Event.Room
}

// asks changes what is asked for.
func asks(change func(after string) string) func(testing.TB, http.Handler, *transport.Gate) http.Handler {
	return func(_ testing.TB, sound http.Handler, _ *transport.Gate) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			if after := query.Get("after"); after != "" {
				query.Set("after", change(after))
				r.URL.RawQuery = query.Encode()
			}
			sound.ServeHTTP(w, r)
		})
	}
}

// refuses answers requests of which reason gives an error before the sound
// transport sees them.
func refuses(reason func(*transport.Gate, *http.Request) error) func(testing.TB, http.Handler, *transport.Gate) http.Handler {
	return func(_ testing.TB, sound http.Handler, gate *transport.Gate) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := reason(gate, r); err != nil {
				transport.ProblemOf(err).ServeHTTP(w, r)
				return
			}
			sound.ServeHTTP(w, r)
		})
	}
}

// grants changes what the Auth grants.
func grants(change func(*transport.Grant)) func(transport.Auth) transport.Auth {
	return func(auth transport.Auth) transport.Auth {
		return func(r *http.Request) (transport.Grant, error) {
			g, err := auth(r)
			change(&g)
			return g, err
		}
	}
}

// queue is what the peers of this project do: a bounded queue for each reader,
// that drops what does not fit.
type queue struct {
	http.ResponseWriter
	lines chan []byte
	done  chan struct{}
}

func newQueue(w http.ResponseWriter) writer {
	q := &queue{ResponseWriter: w, lines: make(chan []byte, 16), done: make(chan struct{})}
	go func() {
		defer close(q.done)
		rc := http.NewResponseController(w)
		for line := range q.lines {
			_, _ = w.Write(line)
			_ = rc.Flush()
		}
	}()
	return q
}

func (q *queue) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		select {
		case q.lines <- bytes.Clone(line):
		default: // it is full
		}
	}
	return len(p), nil
}

func (q *queue) FlushError() error { return nil }

func (q *queue) SetWriteDeadline(time.Time) error { return nil }

func (q *queue) Close() {
	close(q.lines)
	<-q.done
}

// deadlines changes the deadlines that are set.
type deadlines struct {
	http.ResponseWriter
	set func(first bool, at time.Time) bool // whether it is set
	any bool
}

func (d *deadlines) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	first := !d.any
	d.any = true
	if !d.set(first, at) {
		return nil
	}
	return http.NewResponseController(d.ResponseWriter).SetWriteDeadline(at)
}

func (d *deadlines) Close() {}

// locked writes under a lock that all readers share.
type locked struct {
	http.ResponseWriter
	all *sync.Mutex
}

func (l *locked) Unwrap() http.ResponseWriter { return l.ResponseWriter }

func (l *locked) Write(p []byte) (int, error) {
	l.all.Lock()
	defer l.all.Unlock()
	return l.ResponseWriter.Write(p)
}

func (l *locked) FlushError() error {
	l.all.Lock()
	defer l.all.Unlock()
	return http.NewResponseController(l.ResponseWriter).Flush()
}

func (l *locked) Close() {}
