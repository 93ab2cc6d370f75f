package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// SetMember adds a user to the room, or gives a member another role.
func (r *Room) SetMember(ctx context.Context, user string, role Role) (Event, error) {
	return r.about(ctx, "member", http.MethodPut, "members", user, map[string]any{"role": role})
}

// Remove removes a member.
func (r *Room) Remove(ctx context.Context, user string) (Event, error) {
	cmd := r.command("member", http.MethodDelete, path("rooms", r.id, "members", user), NewKey())
	cmd.fields["member"], cmd.fields["role"] = user, "none"
	return r.c.event(ctx, cmd)
}

// RemoveAndBan removes a member, and bans them for ever. Of one who is no member it
// is Ban.
func (r *Room) RemoveAndBan(ctx context.Context, user string) (Event, error) {
	cmd := r.command("member", http.MethodDelete, path("rooms", r.id, "members", user), NewKey())
	cmd.fields["member"], cmd.fields["ban"] = user, true
	cmd.query = url.Values{"ban": {"1"}}
	return r.c.event(ctx, cmd)
}

// Ban bans a user until a time; the zero time is for ever.
func (r *Room) Ban(ctx context.Context, user string, until time.Time) (Event, error) {
	return r.about(ctx, "ban", http.MethodPut, "bans", user, untilOf(until))
}

// Unban lifts a ban.
func (r *Room) Unban(ctx context.Context, user string) (Event, error) {
	return r.about(ctx, "unban", http.MethodDelete, "bans", user, nil)
}

// Mute lets a user not write until a time; the zero time is for ever.
func (r *Room) Mute(ctx context.Context, user string, until time.Time) (Event, error) {
	return r.about(ctx, "mute", http.MethodPut, "mutes", user, untilOf(until))
}

// Unmute lifts a mute.
func (r *Room) Unmute(ctx context.Context, user string) (Event, error) {
	return r.about(ctx, "unmute", http.MethodDelete, "mutes", user, nil)
}

func untilOf(until time.Time) map[string]any {
	if until.IsZero() {
		return nil
	}
	return map[string]any{"until": until.UTC().Format("2006-01-02T15:04:05.000Z")}
}

// about carries out a command about a user.
func (r *Room) about(ctx context.Context, op, method, list, user string, body map[string]any) (Event, error) {
	cmd := r.command(op, method, path("rooms", r.id, list, user), NewKey())
	for name, value := range body {
		cmd.fields[name] = value
	}
	cmd.fields["member"] = user
	cmd.body = body
	return r.c.event(ctx, cmd)
}
