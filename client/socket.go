package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/gobwas/ws"
)

// socket is a link over a WebSocket. One goroutine reads and one writes; what is
// written is queued, so that nobody waits for the network who has something to say.
type socket struct {
	c    *Client
	conn io.ReadWriteCloser
	in   *bufio.Reader
	dog  *watchdog

	mu      sync.Mutex
	out     [][]byte                                           // to be written
	asked   chan struct{}                                      // has room for one: there is something in out
	calls   map[string]func(ok json.RawMessage, problem error) // what waits for an answer; called by the reader
	number  uint64                                             // of the newest call
	subs    map[string]*subscription                           // whose frames come; the newest that was granted
	why     *Lost                                              // the first reason to end stands
	done    chan struct{}                                      // closed when it ends
	flushed chan struct{}                                      // closed when the writer has ended
}

// openSocket opens a socket and reads its hello.
func (c *Client) openSocket(token string) (*socket, error) {
	ctx, cancel := c.deadline()
	defer cancel()
	s := &socket{
		c: c, asked: make(chan struct{}, 1), calls: map[string]func(json.RawMessage, error){},
		subs: map[string]*subscription{}, done: make(chan struct{}), flushed: make(chan struct{}),
	}
	if err := s.handshake(ctx, token); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() }) // until hello
	s.dog = newWatchdog(c.options.ConnectTimeout, func() { s.end(errSilent) })
	s.in = bufio.NewReader(listening{s.conn, s.dog})
	frame, err := s.next()
	if !stop() && err == nil {
		err = &Lost{Err: context.Cause(ctx)}
	}
	if err == nil && frame.Hello == nil {
		err = &Lost{Err: errors.New("the first frame is no hello")}
	}
	if err != nil {
		s.dog.stop()
		_ = s.conn.Close()
		return nil, err
	}
	s.dog.allow(frame.Hello.patience())
	c.work.Go(s.write)
	c.work.Go(s.read)
	c.work.Go(func() { // the client's end is the socket's
		select {
		case <-c.ctx.Done():
			s.bye()
		case <-s.done:
		}
	})
	c.up(s, WebSocket, frame.Hello)
	return s, nil
}

// next reads the next text message. It answers pings; a close frame is an error.
func (s *socket) next() (*serverFrame, error) {
	for {
		op, payload, err := readFrame(s.in)
		if err != nil {
			return nil, &Lost{Err: err}
		}
		switch op {
		case ws.OpPing:
			s.queue(controlFrame(ws.OpPong, payload))
		case ws.OpClose:
			s.queue(controlFrame(ws.OpClose, payload[:min(2, len(payload))]))
			return nil, s.c.closedBy(payload)
		case ws.OpText:
			f := &serverFrame{}
			if err := json.Unmarshal(payload, f); err != nil {
				return nil, &Lost{Err: fmt.Errorf("a frame of the server's: %w", err)}
			}
			return f, nil
		}
	}
}

// read hands out what comes, until the socket ends.
func (s *socket) read() {
	for {
		f, err := s.next()
		if err != nil {
			s.end(err)
			return
		}
		s.dispatch(f)
	}
}

func (s *socket) dispatch(f *serverFrame) {
	if f.Re != nil {
		s.mu.Lock()
		answer := s.calls[*f.Re]
		delete(s.calls, *f.Re)
		s.mu.Unlock()
		switch {
		case answer == nil: // nobody waits any more
		case f.Error != nil:
			answer(nil, f.Error)
		default:
			answer(f.OK, nil)
		}
		return
	}
	if f.Room == "" {
		if f.Signal == "rooms" {
			s.c.list.update(f.Data)
		}
		return
	}
	s.mu.Lock()
	sub := s.subs[f.Room]
	s.mu.Unlock()
	if sub == nil {
		return
	}
	switch {
	case f.Events != nil:
		sub.events(f.Events)
	case f.Live != "":
		sub.live(f.Live)
	case f.Reset != nil:
		sub.reset(f.Reset.Reason)
	case f.End != nil:
		sub.end(&Ended{Room: f.Room, Reason: f.End.Reason})
	case f.Signal != "":
		sub.signal(f.Signal, f.Data)
	}
}

// ask sends a request. answer is called once by the reader, or never if the socket
// ends before.
func (s *socket) ask(op string, fields map[string]any, answer func(json.RawMessage, error)) (id string) {
	s.mu.Lock()
	s.number++
	id = strconv.FormatUint(s.number, 10)
	s.calls[id] = answer
	s.mu.Unlock()
	s.queue(textFrame(opText(id, op, fields)))
	return id
}

// opText is the text of a request.
func opText(id, op string, fields map[string]any) []byte {
	all := map[string]any{"id": id, "op": op}
	for name, value := range fields {
		all[name] = value
	}
	text, err := json.Marshal(all)
	if err != nil { // strings, numbers and JSON that has been checked: it cannot
		panic(err)
	}
	return text
}

// send carries out a command.
func (s *socket) send(ctx context.Context, cmd *command, answer any) error {
	type result struct {
		ok  json.RawMessage
		err error
	}
	come := make(chan result, 1)
	id := s.ask(cmd.op, cmd.fields, func(ok json.RawMessage, err error) { come <- result{ok, err} })
	select {
	case r := <-come:
		if isUnauthenticated(r.err) && cmd.op != "auth" {
			return s.expire(r.err)
		}
		if r.err != nil || answer == nil {
			return r.err
		}
		return json.Unmarshal(r.ok, answer)
	case <-s.done:
		return &Lost{Err: s.why}
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.calls, id)
		s.mu.Unlock()
		return context.Cause(ctx)
	}
}

// expire ends a socket whose credentials have expired, as the server is about to.
func (s *socket) expire(err error) *Lost {
	l := &Lost{Err: err, expired: true}
	s.end(l)
	return l
}

func (s *socket) renew(ctx context.Context, token string) error {
	return s.send(ctx, &command{op: "auth", fields: map[string]any{"token": token}}, nil)
}

func (s *socket) watch() {
	s.ask("watch_rooms", nil, func(_ json.RawMessage, err error) {
		var p *Problem
		if errors.As(err, &p) && p.passes() {
			s.later(p, s.c.list.again)
		}
	})
}

func (s *socket) unwatch() { s.ask("unwatch_rooms", nil, func(json.RawMessage, error) {}) }

// later calls f once a refusal has passed, unless the socket has ended.
func (s *socket) later(p *Problem, f func()) {
	s.c.work.Go(func() {
		t := time.NewTimer(max(time.Duration(p.RetryAfter)*time.Second, s.c.options.MinDelay))
		defer t.Stop()
		select {
		case <-t.C:
			f()
		case <-s.done:
		}
	})
}
