package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/internal/panics"
)

// Gate is what every handler asks before it does anything: who is it, may
// they, is it too much. It may be used concurrently.
type Gate struct {
	chat    *chat.Chat
	auth    Auth
	options Options
	origins origins
}

// NewGate returns a gate. It panics if c or auth is nil, or if an origin of the
// options is not one: a chat that lets everybody in by mistake must not start.
func NewGate(c *chat.Chat, auth Auth, o *Options) *Gate {
	if c == nil {
		panic("transport: the chat is nil")
	}
	if auth == nil {
		panic("transport: the Auth is nil: say who may come in, with transport.Guest.Auth if it is anybody")
	}
	options := o.withDefaults()
	return &Gate{chat: c, auth: auth, options: options, origins: newOrigins(options.Origins)}
}

// Chat returns the chat behind the gate.
func (g *Gate) Chat() *chat.Chat { return g.chat }

// Options returns the options with their defaults filled in.
func (g *Gate) Options() *Options { return &g.options }

// Authenticate asks the Auth who makes the request. The error is one of the
// protocol's.
func (g *Gate) Authenticate(r *http.Request) (grant Grant, err error) {
	returned := false
	defer func() {
		if !returned {
			g.logHook("auth", recover())
			grant, err = Grant{}, chat.ErrInternal
		}
	}()
	grant, err = g.auth(r)
	returned = true
	switch {
	case errors.Is(err, chat.ErrForbidden):
		return Grant{}, err
	case err != nil:
		if log := g.options.Logger; log.Enabled(r.Context(), slog.LevelDebug) {
			log.Debug("request was not authenticated", "error", withoutCredentials(r, err))
		}
		return Grant{}, Errorf(ErrUnauthenticated, "sign in first")
	case grant.User.ID == "":
		g.options.Logger.Error("auth hook gave a user without an id, and no error")
		return Grant{}, chat.ErrInternal
	case grant.expired(g.options.Now()):
		return Grant{}, Errorf(ErrUnauthenticated, "the credentials have expired")
	}
	return grant, nil
}

// Allow returns nil if the grant has not ended and lets the user take the
// action in the room.
func (g *Gate) Allow(grant *Grant, action Action, room string) (err error) {
	if grant.expired(g.options.Now()) {
		return Errorf(ErrUnauthenticated, "the credentials have expired")
	}
	if grant.May == nil {
		return nil
	}
	returned := false
	defer func() {
		if !returned {
			g.logHook("may", recover())
			err = chat.ErrInternal
		}
	}()
	err = grant.May(action, room)
	returned = true
	var known *chat.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, chat.ErrRoomNotFound):
		return noRoom(room) // exactly as if it were not there
	case errors.As(err, &known):
		return err
	}
	return Errorf(chat.ErrForbidden, "%v", err)
}

// logHook logs that a hook did not return. A nil panic is runtime.Goexit: the
// goroutine then ends, and with it the request or the socket.
func (g *Gate) logHook(name string, p any) {
	g.options.Logger.Error(name+" hook panicked", "panic", panics.Text(p), "stack", string(debug.Stack()))
}

// UntilExpiry returns how long the grant still holds, and whether it ends at
// all.
func (g *Gate) UntilExpiry(grant *Grant) (time.Duration, bool) {
	if grant.Expires.IsZero() {
		return 0, false
	}
	return grant.Expires.Sub(g.options.Now()), true
}

// Log logs an error that the caller is only told of as a failure. Refusals are
// not logged, nor is what the store says once itself: that it is full.
func (g *Gate) Log(what string, err error) {
	switch p := ProblemOf(err); {
	case p.Status < 500, p.Code == chat.ErrShuttingDown.Code, p.Code == chat.ErrStorageFull.Code:
		return
	}
	g.options.Logger.Error(fmt.Sprintf("%s failed", what), "error", err)
}

// noRoom is the answer about a room that is not there, or that must seem so.
func noRoom(room string) error {
	if len(room) > 128 {
		room = room[:128]
	}
	return Errorf(chat.ErrRoomNotFound, "%q", room)
}
