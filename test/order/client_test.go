package order_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/roomlog/chat/test/web"
)

// way is how a room is read: each must show the same.
type way int

const (
	byLog way = iota
	byHistory
	byStream
	bySocket
	ways
)

// client makes one call after the other.
type client struct {
	*history
	number  int
	rnd     *rand.Rand
	web     web.Client
	server  int // number of the server that it calls
	done    []porcupine.Operation
	open    int               // posts without an answer
	closed  int               // posts that were answered at a later server
	ids     map[string]string // of texts, from all that was shown
	byWay   [ways]int
	dropped int // reads that were cut
}

// start is before all calls.
var start = time.Now()

func now() int64 { return int64(time.Since(start)) }

func (c *client) run(ctx context.Context) error {
	for n := 0; ; n++ {
		if !c.may() {
			return nil
		}
		if err := c.connect(ctx, c.server); err != nil {
			return err
		}
		room := c.rooms[c.rnd.IntN(len(c.rooms))]
		var err error
		if c.rnd.IntN(10) < 4 {
			err = c.post(ctx, room, fmt.Sprintf("%d-%d", c.number, n))
		} else {
			err = c.read(ctx, room, way(c.rnd.IntN(int(ways))))
		}
		if err != nil {
			return err
		}
	}
}

// connect goes to a server with that number or a later one.
func (c *client) connect(ctx context.Context, number int) (err error) {
	c.web.URL, c.server, err = c.site(ctx, number)
	return err
}

// post posts a text once, and again under its key if the server was killed
// meanwhile: mostly, for some nobody asks again.
func (c *client) post(ctx context.Context, room, text string) error {
	call, tries := now(), 0
	for {
		a, err := c.web.Post(ctx, room, text, text)
		tries++
		switch {
		case err == nil && (a.Status == http.StatusCreated || a.Status == http.StatusOK && tries > 1):
			e, err := web.ParseEvent(a.Body)
			if err != nil {
				return err
			}
			if tries > 1 {
				c.closed++
			}
			c.note(post{room, text}, posted{e.ID}, call, now())
			return c.same(text, e.ID)
		case err == nil:
			return fmt.Errorf("post: status %d %s", a.Status, a.Code)
		case ctx.Err() != nil:
			return err
		case c.rnd.IntN(4) == 0:
			c.open++
			c.note(post{room, text}, posted{}, call, math.MaxInt64)
			c.server++
			return nil
		}
		if err := c.connect(ctx, c.server+1); err != nil {
			return err
		}
	}
}

// errWhole ends a reader that has come to the end.
var errWhole = errors.New("all is there")

// read reads a room from its beginning to its end, in one of the ways.
func (c *client) read(ctx context.Context, room string, how way) error {
	var got list
	take := func(f web.Frame) error {
		switch {
		case f.Live != "":
			return errWhole
		case f.Event != nil && f.Event.Type == "MessagePosted":
			got = got.with(f.Event.Data.Text, f.Event.ID)
			return c.same(f.Event.Data.Text, f.Event.ID)
		}
		return nil
	}
	call := now()
	var err error
	switch how {
	case byLog:
		var events []web.Event
		if events, err = c.web.Log(ctx, room); err == nil {
			for _, e := range events {
				if err := take(web.Frame{Event: &e}); err != nil {
					return err
				}
			}
		}
	case byHistory:
		got, err = c.page(ctx, room)
	case byStream:
		err = c.web.Stream(ctx, []string{room}, "earliest", take)
	case bySocket:
		var s *web.Socket
		if s, err = c.web.Socket(ctx); err == nil {
			err = s.Follow(ctx, map[string]string{room: "earliest"}, take)
			s.Close()
		}
	}
	end := now()
	switch {
	case err == nil || errors.Is(err, errWhole):
		c.byWay[how]++
		c.note(read{room, how}, got.shown, call, end)
		return nil
	case errors.Is(err, errFlaw) || ctx.Err() != nil:
		return err
	case c.kills == 0:
		return fmt.Errorf("a read of a server that nobody has killed: %w", err)
	}
	c.dropped++ // it was killed
	c.server++
	return nil
}

// page reads the newest page of history, which must be all there is.
func (c *client) page(ctx context.Context, room string) (l list, err error) {
	a, err := c.web.Call(ctx, "GET", "/rooms/"+room+"/messages?limit=200", nil)
	if err != nil {
		return l, err
	}
	var page struct {
		Messages []struct{ ID, Text string }
		HasMore  bool `json:"has_more"`
	}
	if err := json.Unmarshal(a.Body, &page); err != nil || a.Status != http.StatusOK || page.HasMore {
		return l, fmt.Errorf("%w: history: status %d, more %t, %w", errFlaw, a.Status, page.HasMore, err)
	}
	for _, m := range page.Messages {
		l = l.with(m.Text, m.ID)
		if err := c.same(m.Text, m.ID); err != nil {
			return l, err
		}
	}
	return l, nil
}

var errFlaw = errors.New("not as it must be")

// same holds that a text has one id.
func (c *client) same(text, id string) error {
	if was, ok := c.ids[text]; ok && was != id {
		return fmt.Errorf("%w: %s is %s and %s", errFlaw, text, was, id)
	}
	c.ids[text] = id
	return nil
}

func (c *client) note(input, output any, call, end int64) {
	c.done = append(c.done, porcupine.Operation{ClientId: c.number, Input: input, Output: output, Call: call, Return: end})
}
