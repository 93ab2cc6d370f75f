package ws

import (
	"context"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func history(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	q := historyQuery(grant, o)
	return c.query(grant, o, func(room *chat.Room) (any, error) { return room.History(ctx, q) })
}

func thread(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	root, q := o.Message(), historyQuery(grant, o)
	return c.query(grant, o, func(room *chat.Room) (any, error) { return room.Thread(ctx, root, q) })
}

func historyQuery(grant *transport.Grant, o *transport.Object) chat.HistoryQuery {
	return chat.HistoryQuery{
		Before: o.Bound("before"), After: o.Bound("after"), Around: o.Bound("around"),
		Limit: o.Limit(), Viewer: grant.User.ID,
	}
}

func search(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	q := chat.SearchQuery{Words: o.String("q"), Before: o.Bound("before"), Limit: o.Limit(), Viewer: grant.User.ID}
	return c.query(grant, o, func(room *chat.Room) (any, error) { return room.Search(ctx, q) })
}

func mentions(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	q := chat.MentionsQuery{Before: o.Bound("before"), Limit: o.Limit()}
	if err := o.Err(); err != nil {
		return result{}, err
	}
	page, err := c.gate.Mentions(ctx, grant, q)
	if err != nil {
		return result{}, err
	}
	return result{ok: marshal(page)}, nil
}

// query answers a query about a room that the user may read. Its own fields
// have been taken already.
func (c *conn) query(grant *transport.Grant, o *transport.Object, ask func(*chat.Room) (any, error)) (result, error) {
	name := o.String("room")
	if err := o.Err(); err != nil {
		return result{}, err
	}
	if err := c.gate.Allow(grant, transport.Read, name); err != nil {
		return result{}, err
	}
	page, err := ask(c.chat().Room(name))
	if err != nil {
		return result{}, transport.RoomError(err, name)
	}
	return result{ok: marshal(page)}, nil
}
