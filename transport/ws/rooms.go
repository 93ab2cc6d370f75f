package ws

import (
	"context"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func create(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	room, chosen := o.OptionalString("room")
	fact := transport.CreateOf(o)
	key, err := transport.IdempotencyKey(nil, o)
	if err := o.Err(); err != nil {
		return result{}, err
	}
	if err == nil && chosen && room == "" {
		err = transport.Errorf(chat.ErrInvalidRoomID, "it is empty: leave it out to be given one")
	}
	if err != nil {
		return result{}, err
	}
	res, err := c.gate.Create(ctx, grant, room, key, fact)
	if err != nil {
		return result{}, err
	}
	return result{ok: commandBody(res)}, nil
}

func change(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, transport.ChangeOf(o))
}

func deleteRoom(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.RoomDeleted{})
}

// member adds a member or gives one another role; the role "none" removes them,
// and so does a ban.
func member(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	id := o.String("member")
	role, named := o.OptionalString("role")
	ban, _ := o.OptionalBool("ban")
	var fact chat.Fact
	switch {
	case ban && named && role != none:
		return result{}, transport.Errorf(chat.ErrInvalidField, "ban goes with the role %q", none)
	case ban:
		fact = chat.UserBanned{Member: transport.NamedOf(o, grant.User, id)}
	case role == none:
		fact = chat.UserLeft{Member: transport.NamedOf(o, grant.User, id)}
	default:
		fact = transport.MemberOf(o, grant.User, id)
	}
	return c.command(ctx, grant, o, fact)
}

// none is the role of those who are not members.
const none = "none"

func ban(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.UserBanned{Member: transport.NamedOf(o, grant.User, o.String("member")), Until: o.OptionalTime("until")})
}

func unban(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.UserUnbanned{Member: transport.NamedOf(o, grant.User, o.String("member"))})
}

func mute(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.UserMuted{Member: transport.NamedOf(o, grant.User, o.String("member")), Until: o.OptionalTime("until")})
}

func unmute(ctx context.Context, c *conn, grant *transport.Grant, o *transport.Object) (result, error) {
	return c.command(ctx, grant, o, chat.UserUnmuted{Member: transport.NamedOf(o, grant.User, o.String("member"))})
}
