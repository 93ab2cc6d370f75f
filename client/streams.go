package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
)

// streams are a link over event streams and calls. One stream is that of the room
// list: it tells that the server is there, and is the link's life. Each room that is
// followed has another one.
type streams struct {
	c      *Client
	main   *stream
	ctx    context.Context // ends with the link
	cancel context.CancelFunc
	work   sync.WaitGroup
	done   chan struct{}
	why    *Lost // once done is closed

	mu    sync.Mutex
	stops map[*subscription]context.CancelFunc // of those that are fed
}

// openStreams opens the stream of the room list and reads its hello.
func (c *Client) openStreams(token string) (*streams, error) {
	ctx, cancel := context.WithCancel(c.ctx)
	s := &streams{c: c, ctx: ctx, cancel: cancel, done: make(chan struct{}), stops: map[*subscription]context.CancelFunc{}}
	h, err := s.begin(token)
	if err != nil {
		cancel()
		return nil, err
	}
	c.up(s, Streams, h)
	c.work.Go(s.read)
	return s, nil
}

func (s *streams) begin(token string) (*hello, error) {
	deadline, cancel := s.c.deadline()
	defer cancel()
	var me struct {
		User User `json:"user"`
	}
	if _, err := s.c.caller.attempt(deadline, token, &request{method: http.MethodGet, path: "/me"}, &me); err != nil {
		return nil, err
	}
	var err error
	if s.main, err = s.c.openStream(s.ctx, token, "/me/events", nil); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(deadline, func() { s.main.cancel(context.Cause(deadline)) })
	h, err := s.main.hello()
	if !stop() && err == nil {
		err = &Lost{Err: context.Cause(deadline)}
	}
	if err != nil {
		s.main.end()
		return nil, err
	}
	h.User = me.User
	return h, nil
}

// hello reads up to the hello of a stream.
func (s *stream) hello() (*hello, error) {
	for {
		f, err := s.frame()
		if err != nil {
			return nil, err
		}
		switch f.event {
		case "chat.hello":
			h := &hello{}
			if err := json.Unmarshal(f.data, h); err != nil {
				return nil, &Lost{Err: err}
			}
			s.dog.allow(h.patience())
			return h, nil
		case "chat.end":
			return nil, s.ended(reasonOf(f.data))
		}
	}
}

// reasonOf returns the reason of an end or a reset.
func reasonOf(data []byte) string {
	var said struct {
		Reason string `json:"reason"`
	}
	_ = json.Unmarshal(data, &said)
	return said.Reason
}

// read reads the stream of the room list until it ends, and the link with it.
func (s *streams) read() {
	defer close(s.done)
	err := s.readList()
	_ = errors.As(err, &s.why)
	s.main.end()
	s.mu.Lock() // nothing is begun from here on
	s.cancel()
	s.mu.Unlock()
	s.work.Wait()
}

func (s *streams) readList() error {
	for {
		f, err := s.main.frame()
		if err != nil {
			return err
		}
		switch f.event {
		case "chat.rooms":
			s.c.list.update(f.data)
		case "chat.end":
			return s.main.ended(reasonOf(f.data))
		}
	}
}

func (s *streams) wait() *Lost {
	<-s.done
	return s.why
}

func (s *streams) end(error) { s.main.cancel(ErrClosed) }

// open begins to read the stream of a room. The caller holds the client's mu.
func (s *streams) open(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return // the next link will
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.stops[sub] = cancel
	s.work.Go(func() {
		defer s.close(sub)
		s.follow(ctx, sub)
	})
}

func (s *streams) close(sub *subscription) {
	s.mu.Lock()
	cancel := s.stops[sub]
	delete(s.stops, sub)
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// The room list has its stream for as long as the link lives.
func (s *streams) watch()   {}
func (s *streams) unwatch() {}

func (s *streams) renew(context.Context, string) error { return nil }

// send carries out a command by a call.
func (s *streams) send(ctx context.Context, cmd *command, answer any) error {
	q, err := cmd.request()
	if err != nil {
		return err
	}
	token, err := s.c.creds.current(ctx)
	if err != nil {
		return err
	}
	d, isDone := answer.(*done)
	if !isDone {
		_, err := s.c.callOnce(ctx, token, q, answer)
		return err
	}
	var body json.RawMessage
	header, err := s.c.callOnce(ctx, token, q, &body)
	if err != nil || len(body) == 0 { // nothing was to change
		return err
	}
	var kind struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(body, &kind)
	if kind.Type == "" { // with an event inside
		return json.Unmarshal(body, d)
	}
	d.Event, d.Replayed = &Event{}, header.Get("Idempotent-Replayed") == "true"
	return json.Unmarshal(body, d.Event)
}
