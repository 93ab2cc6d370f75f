package rest

import (
	"net/http"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// markRead moves the caller's marker in a room.
func (a *api) markRead(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadObject(w, r)
	if err != nil {
		return err
	}
	upTo := body.Cursor("up_to")
	if err := body.Err(); err != nil {
		return err
	}
	state, err := a.gate.MarkRead(r.Context(), grant, r.PathValue("room"), upTo)
	if err != nil {
		return err
	}
	transport.Answer(w, http.StatusOK, state)
	return nil
}

// receipts tells how far the members of a room have read.
func (a *api) receipts(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	return a.read(w, r, grant, func(room *chat.Room) (any, error) {
		list, err := room.Receipts(r.Context(), grant.User.ID)
		return struct {
			Receipts []chat.Receipt `json:"receipts"`
		}{list}, err
	})
}

// typing says that the caller is typing in a room.
func (a *api) typing(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	if err := body.Err(); err != nil {
		return err
	}
	return done(w, a.gate.Typing(r.Context(), grant, r.PathValue("room")))
}

// signal tells those who are in a room something of the host's own.
func (a *api) signal(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadObject(w, r)
	if err != nil {
		return err
	}
	kind, data := body.String("kind"), body.Raw("data")
	if err := body.Err(); err != nil {
		return err
	}
	return done(w, a.gate.Signal(r.Context(), grant, r.PathValue("room"), kind, data))
}

// presence tells who is in a room.
func (a *api) presence(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	p, err := a.gate.Presence(r.Context(), grant, r.PathValue("room"))
	if err != nil {
		return err
	}
	transport.Answer(w, http.StatusOK, p)
	return nil
}

// status sets what others see of the caller.
func (a *api) status(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadObject(w, r)
	if err != nil {
		return err
	}
	status, err := a.gate.SetStatus(grant, body)
	if err != nil {
		return err
	}
	transport.Answer(w, http.StatusOK, status)
	return nil
}

// done answers a command that leaves nothing to tell.
func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}
