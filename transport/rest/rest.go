// Package rest serves the commands and queries of a chat as JSON over HTTP:
// section 3 of docs/protocol.md.
package rest

import (
	"encoding/json"
	"net/http"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// api holds what the calls need.
type api struct {
	gate *transport.Gate
	chat *chat.Chat
}

// Handler serves the calls below the path that it is mounted at, without that
// prefix: use http.StripPrefix. It panics if c or auth is nil. More patterns can
// be added to it.
func Handler(c *chat.Chat, auth transport.Auth, o *transport.Options) *transport.Mux {
	gate := transport.NewGate(c, auth, o)
	a := &api{gate: gate, chat: c}
	m := transport.NewMux(gate)
	m.Handle("GET /me", a.call(a.me))
	m.Handle("POST /ticket", a.call(a.ticket))
	m.Handle("GET /rooms", a.call(a.rooms))
	m.Handle("POST /rooms", a.call(a.create))
	m.Handle("GET /rooms/{room}", a.call(a.room))
	m.Handle("PATCH /rooms/{room}", a.command(chat.ActChange, a.change))
	m.Handle("DELETE /rooms/{room}", a.command(chat.ActDeleteRoom, a.deleteRoom))
	m.Handle("POST /rooms/{room}/join", a.command(transport.Join, a.join))
	m.Handle("POST /rooms/{room}/leave", a.command(transport.Leave, a.leave))
	m.Handle("PUT /rooms/{room}/members/{user}", a.call(a.about(joined)))
	m.Handle("DELETE /rooms/{room}/members/{user}", a.call(a.about(removed)))
	m.Handle("PUT /rooms/{room}/bans/{user}", a.command(chat.ActBan, a.about(banned)))
	m.Handle("DELETE /rooms/{room}/bans/{user}", a.command(chat.ActUnban, a.about(unbanned)))
	m.Handle("PUT /rooms/{room}/mutes/{user}", a.command(chat.ActMute, a.about(muted)))
	m.Handle("DELETE /rooms/{room}/mutes/{user}", a.command(chat.ActUnmute, a.about(unmuted)))
	m.Handle("PUT /me/status", a.call(a.status))
	m.Handle("PUT /rooms/{room}/read", a.command(transport.Read, a.markRead))
	m.Handle("GET /rooms/{room}/receipts", a.call(a.receipts))
	m.Handle("POST /rooms/{room}/typing", a.command(chat.ActSignal, a.typing))
	m.Handle("POST /rooms/{room}/signals", a.command(chat.ActSignal, a.signal))
	m.Handle("GET /rooms/{room}/presence", a.call(a.presence))
	m.Handle("GET /mentions", a.call(a.mentions))
	m.Handle("GET /rooms/{room}/log", a.call(a.log))
	m.Handle("GET /rooms/{room}/search", a.call(a.search))
	m.Handle("GET /rooms/{room}/messages", a.call(a.history))
	m.Handle("POST /rooms/{room}/messages", a.command(transport.Post, a.post))
	m.Handle("GET /rooms/{room}/messages/{id}", a.call(a.message))
	m.Handle("GET /rooms/{room}/messages/{id}/thread", a.call(a.thread))
	m.Handle("PATCH /rooms/{room}/messages/{id}", a.command(transport.Edit, a.edit))
	m.Handle("DELETE /rooms/{room}/messages/{id}", a.command(transport.Delete, a.delete))
	m.Handle("PUT /rooms/{room}/messages/{id}/reactions/{emoji}", a.command(transport.React, a.react))
	m.Handle("DELETE /rooms/{room}/messages/{id}/reactions/{emoji}", a.command(transport.React, a.unreact))
	return m
}

// call is a handler of a request whose sender is known. An error is answered
// with its problem; nothing has been written then.
type call func(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error

// call makes a handler of a call: it asks who makes the request before anything
// of it is read.
func (a *api) call(serve call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.admit(w, r, serve); err != nil {
			a.gate.Log(r.Method+" "+r.URL.Path, err)
			transport.ProblemOf(err).ServeHTTP(w, r)
		}
	})
}

// command makes a handler of a call that takes an action in the room of the
// path. Whether the user may is asked before a body is read, which may take its
// time, and once more by what carries the command out.
func (a *api) command(action transport.Action, serve call) http.Handler {
	return a.call(func(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
		if r.ContentLength != 0 {
			if err := a.gate.Allow(grant, action, r.PathValue("room")); err != nil {
				return err
			}
		}
		return serve(w, r, grant)
	})
}

func (a *api) admit(w http.ResponseWriter, r *http.Request, serve call) error {
	if err := a.gate.CheckWrite(r); err != nil {
		return err
	}
	grant, err := a.gate.Authenticate(r)
	if err != nil {
		return err
	}
	if err := transport.CheckQuery(r.URL); err != nil {
		return err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := a.gate.Command(&grant); err != nil {
			return err
		}
	}
	return serve(w, r, &grant)
}

// me tells a client who it is.
func (a *api) me(w http.ResponseWriter, _ *http.Request, grant *transport.Grant) error {
	transport.Answer(w, http.StatusOK, struct {
		User chat.User `json:"user"`
	}{grant.User})
	return nil
}

// answer answers a command with its event: status if it is new, 200 if the key
// was known, 204 if nothing was to change.
func answer(w http.ResponseWriter, status int, res chat.Result) {
	switch {
	case res.Replayed:
		w.Header().Set("Idempotent-Replayed", "true")
		status = http.StatusOK
	case !res.Changed:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	transport.Answer(w, status, json.RawMessage(res.Event.JSON()))
}
