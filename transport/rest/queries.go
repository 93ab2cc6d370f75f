package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// rooms lists the rooms that the caller may read. A page may hold fewer than
// its limit, since those that they may not are left out.
func (a *api) rooms(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	query := r.URL.Query()
	q := chat.RoomsQuery{Viewer: grant.User.ID}
	var err error
	if q.Limit, err = limit(query); err != nil {
		return err
	}
	if q.After, err = a.afterRoom(r.Context(), grant, query.Get("after")); err != nil {
		return err
	}
	switch scope := query.Get("scope"); scope {
	case "", "public":
	case "mine":
		q.Member = true
	default:
		return transport.Errorf(chat.ErrInvalidField, "scope is %.100q, not mine or public", scope)
	}
	page, err := a.chat.Rooms(r.Context(), q)
	if err != nil {
		return err
	}
	visible := page.Rooms[:0]
	for _, room := range page.Rooms {
		if a.gate.Allow(grant, transport.Read, room.ID) == nil {
			visible = append(visible, room)
		}
	}
	page.Rooms = visible
	transport.Answer(w, http.StatusOK, page)
	return nil
}

// afterRoom returns where a page of rooms begins: after the next of the page
// before, or after a room, by its id. A room that the caller may not read is no
// such place, as one that is not there.
func (a *api) afterRoom(ctx context.Context, grant *transport.Grant, after string) (chat.ID, error) {
	if after == "" {
		return chat.ID{}, nil
	}
	id, invalid := transport.ParseCursor(after).Bound()
	if invalid == nil {
		return id, nil
	}
	if a.gate.Allow(grant, transport.Read, after) != nil {
		return id, invalid
	}
	info, err := a.chat.Room(after).Info(ctx)
	switch {
	case errors.Is(err, chat.ErrRoomNotFound), errors.Is(err, chat.ErrInvalidRoomID):
		return id, invalid
	case err != nil:
		return id, err
	}
	return info.Head, nil
}

func (a *api) room(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	return a.read(w, r, grant, func(room *chat.Room) (any, error) {
		return room.Overview(r.Context(), grant.User.ID)
	})
}

func (a *api) history(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	query := r.URL.Query()
	q := chat.HistoryQuery{Viewer: grant.User.ID}
	var err error
	if q.Limit, err = limit(query); err != nil {
		return err
	}
	for name, bound := range map[string]*chat.ID{"before": &q.Before, "after": &q.After, "around": &q.Around} {
		if s := query.Get(name); s != "" {
			if *bound, err = transport.ParseCursor(s).Bound(); err != nil {
				return err
			}
		}
	}
	return a.read(w, r, grant, func(room *chat.Room) (any, error) {
		return room.History(r.Context(), q)
	})
}

func (a *api) message(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	return a.read(w, r, grant, func(room *chat.Room) (any, error) {
		if r.URL.Query().Get("history") == "1" {
			return room.MessageVersions(r.Context(), id, grant.User.ID)
		}
		return room.Message(r.Context(), id, grant.User.ID)
	})
}

// read answers a query about a room that the caller may read.
func (a *api) read(w http.ResponseWriter, r *http.Request, grant *transport.Grant, query func(*chat.Room) (any, error)) error {
	id := r.PathValue("room")
	if err := a.gate.Allow(grant, transport.Read, id); err != nil {
		return err
	}
	body, err := query(a.chat.Room(id))
	if err != nil {
		return transport.RoomError(err, id)
	}
	transport.Answer(w, http.StatusOK, body)
	return nil
}

// limit reads the parameter of that name; 0 where it is not there.
func limit(query url.Values) (int, error) {
	s := query.Get("limit")
	if s == "" {
		return 0, nil
	}
	return transport.ParseLimit(s)
}
