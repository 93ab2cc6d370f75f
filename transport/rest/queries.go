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
	q.Scope = chat.Scope(query.Get("scope"))
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
	info, err := a.chat.Room(after).Info(ctx, grant.User.ID)
	switch {
	case errors.Is(err, chat.ErrRoomNotFound), errors.Is(err, chat.ErrInvalidRoomID), errors.Is(err, chat.ErrForbidden):
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
	q, err := historyQuery(r, grant)
	if err != nil {
		return err
	}
	return a.read(w, r, grant, func(room *chat.Room) (any, error) {
		return room.History(r.Context(), q)
	})
}

func (a *api) thread(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	q, err := historyQuery(r, grant)
	if err != nil {
		return err
	}
	return a.read(w, r, grant, func(room *chat.Room) (any, error) {
		return room.Thread(r.Context(), id, q)
	})
}

func historyQuery(r *http.Request, grant *transport.Grant) (q chat.HistoryQuery, err error) {
	query := r.URL.Query()
	q.Viewer = grant.User.ID
	if q.Limit, err = limit(query); err != nil {
		return q, err
	}
	for name, to := range map[string]*chat.ID{"before": &q.Before, "after": &q.After, "around": &q.Around} {
		if *to, err = bound(query, name); err != nil {
			return q, err
		}
	}
	return q, nil
}

// bound reads a parameter that bounds a page; zero where it is not there.
func bound(query url.Values, name string) (chat.ID, error) {
	s := query.Get(name)
	if s == "" {
		return chat.ID{}, nil
	}
	return transport.ParseCursor(s).Bound()
}

func (a *api) search(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	query := r.URL.Query()
	q := chat.SearchQuery{Words: query.Get("q"), Viewer: grant.User.ID}
	var err error
	if q.Limit, err = limit(query); err != nil {
		return err
	}
	if q.Before, err = bound(query, "before"); err != nil {
		return err
	}
	return a.read(w, r, grant, func(room *chat.Room) (any, error) {
		return room.Search(r.Context(), q)
	})
}

// mentions serves the messages that mention the caller. Rooms that the host
// hides from them are left out, so a page may hold fewer than its limit.
func (a *api) mentions(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	query := r.URL.Query()
	var q chat.MentionsQuery
	var err error
	if q.Limit, err = limit(query); err != nil {
		return err
	}
	if q.Before, err = bound(query, "before"); err != nil {
		return err
	}
	page, err := a.gate.Mentions(r.Context(), grant, q)
	if err != nil {
		return err
	}
	transport.Answer(w, http.StatusOK, page)
	return nil
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
