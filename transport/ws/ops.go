package ws

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// result is what an op has come to.
type result struct {
	ok     []byte // JSON: the body of the answer
	frames []byte // what follows the answer at once
	apply  func() // changes the socket in the moment of the answer; mu is held
}

// op carries out one kind of request. It takes its fields of the object and asks
// the object's Err before it does anything.
type op func(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error)

// ops holds every op there is.
var ops = map[string]op{
	"subscribe": subscribe, "unsubscribe": unsubscribe,
	"post": post, "edit": edit, "delete": remove, "react": react, "unreact": unreact,
	"join": join, "leave": leave,
	"create": create, "change": change, "delete_room": deleteRoom,
	"member": member, "ban": ban, "unban": unban, "mute": mute, "unmute": unmute,
	"history": history, "thread": thread, "mentions": mentions, "search": search,
	"watch_rooms": watchRooms, "unwatch_rooms": unwatchRooms,
	"read": markRead, "typing": typing, "signal": signal, "presence": presence, "status": status,
	"auth": authenticate, "ping": ping,
}

// empty is the body of an answer that says no more than that it was done.
var empty = []byte(`{}`)

// carryOut carries out a message of the client's and answers it.
func (c *conn) carryOut(text []byte) {
	c.mu.Lock()
	if c.closing != nil { // the client will hear of it
		c.mu.Unlock()
		return
	}
	c.busy = true
	grant := c.grant
	c.mu.Unlock()

	o, err := transport.ParseObject(text)
	if o == nil {
		c.answer(appendAnswer(nil, nil, "error", marshal(transport.ProblemOf(err))), nil)
		if errors.Is(err, transport.ErrMalformedJSON) {
			c.countBad()
		}
		return
	}
	re := o.Raw("id")
	answered := re != nil // who gives no id wants no answer
	var res result
	if answered && re[0] != '"' {
		re, err = nil, transport.Errorf(chat.ErrInvalidField, `field "id" is not a string`)
	}
	if err == nil {
		res, err = c.perform(&grant, o)
	}
	var frames []byte
	switch {
	case err != nil:
		c.gate.Log("op of a socket", err)
		if answered {
			frames = appendAnswer(nil, re, "error", marshal(transport.ProblemOf(err)))
		}
	case answered:
		frames = appendAnswer(nil, re, "ok", res.ok)
	}
	c.answer(append(frames, res.frames...), res.apply)
}

// perform finds the op and carries it out.
func (c *conn) perform(grant *transport.Grant, o *transport.Object) (result, error) {
	name := o.String("op")
	op := ops[name]
	if op == nil {
		if err := o.Err(); err != nil && name == "" { // it is not there, or not a string
			return result{}, err
		}
		return result{}, transport.Errorf(chat.ErrInvalidField, "op %.100q is not known", name)
	}
	if name != "ping" { // which a client sends to see that the socket lives, not to do something
		if err := c.gate.Command(grant); err != nil {
			return result{}, err
		}
	}
	return op(context.Background(), c, grant, o)
}

// answer queues the answer to the message that is being carried out.
func (c *conn) answer(frames []byte, apply func()) {
	c.mu.Lock()
	c.answers = append(c.answers, frames...)
	if apply != nil {
		apply()
	}
	c.speaks() // what took us long is no silence of the client's
	c.busy = false
	c.mu.Unlock()
	c.bell.Ring()
	c.hold()
}

// Bounds of patience with a client that does not speak JSON.
const (
	maxBad    = 10
	badWithin = time.Minute
)

// countBad ends the socket at the tenth message within a minute that is not
// JSON.
func (c *conn) countBad() {
	now := time.Now()
	c.bad = append(c.bad, now)
	if len(c.bad) < maxBad {
		return
	}
	if now.Sub(c.bad[0]) < badWithin {
		c.end(&closing{code: ws.StatusPolicyViolation, reason: "too many messages that are not JSON"})
	}
	c.bad = c.bad[1:]
}

func ping(_ context.Context, _ *conn, _ *transport.Grant, o *transport.Object) (result, error) {
	return result{ok: empty}, o.Err()
}

// authenticate renews the grant of a socket: same user, other expiry and rules.
func authenticate(_ context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	token := o.String("token")
	if err := o.Err(); err != nil {
		return result{}, err
	}
	renewed, err := c.gate.Authenticate(&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/ws"}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Authorization": {"Bearer " + token}},
		Host:   c.host, RemoteAddr: c.address, Body: http.NoBody,
	})
	if err != nil {
		return result{}, err
	}
	if renewed.User.ID != grant.User.ID {
		return result{}, transport.Errorf(chat.ErrForbidden, "a socket stays with its user")
	}
	return result{ok: empty, apply: func() { c.grant, c.renewed = renewed, true }}, nil
}

// commandBody is the body of the answer to a command.
func commandBody(res chat.Result) []byte {
	if !res.Changed && !res.Replayed {
		return empty
	}
	return marshal(struct {
		Event    json.RawMessage `json:"event"`
		Replayed bool            `json:"replayed"`
	}{res.Event.JSON(), res.Replayed})
}
