package ws

import (
	"context"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func subscribe(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	name := o.String("room")
	after, _ := o.OptionalString("after")
	store, _ := o.OptionalString("store")
	signals, chosen := o.OptionalBool("signals")
	if err := o.Err(); err != nil {
		return result{}, err
	}
	c.mu.Lock()
	taken, n := c.find(name) != nil, len(c.rooms)
	if c.find(roomList) != nil {
		n--
	}
	c.mu.Unlock()
	switch most := c.gate.Options().MaxRooms; {
	case taken:
		return result{}, transport.Errorf(transport.ErrAlreadySubscribed, "%q", name)
	case n >= most:
		return result{}, transport.Errorf(transport.ErrTooManyConnections, "a socket has at most %d rooms", most)
	}
	feed, err := c.gate.Open(ctx, transport.FeedQuery{
		Rooms: []string{name}, Grant: grant, Cursor: transport.ParseCursor(after), Store: store, Bell: c.bell,
	})
	if err != nil {
		return result{}, err
	}
	if signals || !chosen {
		feed.Attend()
	}
	standing := feed.Standings()[0]
	res := result{
		ok: marshal(struct {
			Verdict transport.Verdict `json:"verdict"`
			Head    chat.ID           `json:"head"`
			Floor   chat.ID           `json:"floor"`
		}{standing.Verdict, standing.Head, standing.Floor}),
		apply: func() { c.add(name, feed) },
	}
	if standing.Verdict == transport.Reset {
		res.frames = appendReset(nil, standing)
	}
	return res, nil
}

func unsubscribe(_ context.Context, c *conn, _ *transport.Grant, o *transport.Object) (result, error) {
	name := o.String("room")
	if err := o.Err(); err != nil {
		return result{}, err
	}
	return c.without(name), nil
}
