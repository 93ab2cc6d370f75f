package ws

import (
	"context"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// roomList is the name that the list of the user's rooms has among the rooms of a
// socket. No room can have it.
const roomList = "\x00rooms"

// watchRooms follows the user's rooms.
func watchRooms(_ context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	if err := o.Err(); err != nil {
		return result{}, err
	}
	c.mu.Lock()
	watched := c.find(roomList) != nil
	c.mu.Unlock()
	if watched {
		return result{}, transport.Errorf(transport.ErrAlreadySubscribed, "the list of rooms")
	}
	list := c.gate.RoomList(grant, c.bell)
	return result{ok: empty, apply: func() { c.add(roomList, list) }}, nil
}

// unwatchRooms ends that.
func unwatchRooms(_ context.Context, c *conn, _ *transport.Grant, o *transport.Object) (result, error) {
	return c.without(roomList), o.Err()
}

func markRead(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	room, upTo := o.String("room"), o.Cursor("up_to")
	if err := o.Err(); err != nil {
		return result{}, err
	}
	state, err := c.gate.MarkRead(ctx, grant, room, upTo)
	if err != nil {
		return result{}, err
	}
	return result{ok: marshal(state)}, nil
}

func typing(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	room := o.String("room")
	if err := o.Err(); err != nil {
		return result{}, err
	}
	return result{ok: empty}, c.gate.Typing(ctx, grant, room)
}

func signal(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	room, kind, data := o.String("room"), o.String("kind"), o.Raw("data")
	if err := o.Err(); err != nil {
		return result{}, err
	}
	return result{ok: empty}, c.gate.Signal(ctx, grant, room, kind, data)
}

func presence(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	room := o.String("room")
	if err := o.Err(); err != nil {
		return result{}, err
	}
	p, err := c.gate.Presence(ctx, grant, room)
	if err != nil {
		return result{}, err
	}
	return result{ok: marshal(p)}, nil
}

func status(_ context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	set, err := c.gate.SetStatus(grant, o)
	if err != nil {
		return result{}, err
	}
	return result{ok: marshal(set)}, nil
}

// appendSignal appends what is not stored.
func appendSignal(b []byte, s chat.Signal) []byte {
	n := len(`{"signal":"","data":}`) + len(s.Name) + len(s.Data)
	if s.Room != "" {
		n += len(`"room":"",`) + len(s.Room)
	}
	b = append(appendHeader(b, ws.OpText, n), '{')
	if s.Room != "" { // neither a room id nor a name holds anything to escape
		b = append(append(append(b, `"room":"`...), s.Room...), `",`...)
	}
	b = append(append(append(b, `"signal":"`...), s.Name...), `","data":`...)
	return append(append(b, s.Data...), '}')
}
