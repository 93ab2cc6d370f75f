package rest

import (
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
	if after := query.Get("after"); after != "" {
		if q.After, err = transport.ParseCursor(after).Bound(); err != nil {
			return err
		}
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
