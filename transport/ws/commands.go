package ws

import (
	"context"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func post(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, transport.PostOf(o))
}

func edit(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, editOf(o))
}

func editOf(o *transport.Object) chat.MessageEdited {
	fact := transport.EditOf(o)
	fact.Message = o.Message()
	return fact
}

func remove(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.MessageDeleted{Message: o.Message()})
}

func react(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.ReactionAdded{Message: o.Message(), Emoji: o.String("emoji")})
}

func unreact(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.ReactionRemoved{Message: o.Message(), Emoji: o.String("emoji")})
}

func leave(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.UserLeft{})
}

// command carries out a command whose fact has taken its fields already.
func (c *conn) command(ctx context.Context, grant *transport.Grant, o *transport.Object, fact chat.Fact) (result, error) {
	name, key, err := target(o)
	if err != nil {
		return result{}, err
	}
	res, err := c.gate.Do(ctx, grant, name, key, fact)
	if err != nil {
		return result{}, err
	}
	return result{ok: commandBody(res)}, nil
}

func join(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	name, key, err := target(o)
	if err != nil {
		return result{}, err
	}
	joined, res, err := c.gate.Join(ctx, grant, name, key)
	if err != nil {
		return result{}, err
	}
	if res.Changed || res.Replayed {
		joined.Replayed = &res.Replayed
	}
	return result{ok: marshal(joined)}, nil
}

// target takes the room and the key of a command, the last fields of it.
func target(o *transport.Object) (room, key string, err error) {
	room = o.String("room")
	key, err = transport.IdempotencyKey(nil, o)
	if err := o.Err(); err != nil {
		return "", "", err
	}
	return room, key, err
}
