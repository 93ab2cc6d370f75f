package rest

import (
	"net/http"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// create makes a room. One that is there already, as a direct one may be, is
// answered as a retry is.
func (a *api) create(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadObject(w, r)
	if err != nil {
		return err
	}
	id, chosen := body.OptionalString("id")
	fact := transport.CreateOf(body)
	key, err := takeKey(r, body)
	if err != nil {
		return err
	}
	if chosen && id == "" {
		return transport.Errorf(chat.ErrInvalidRoomID, "it is empty: leave it out to be given one")
	}
	res, err := a.gate.Create(r.Context(), grant, id, key, fact)
	if err != nil {
		return err
	}
	answer(w, http.StatusCreated, res)
	return nil
}

func (a *api) change(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadObject(w, r)
	if err != nil {
		return err
	}
	fact := transport.ChangeOf(body)
	return a.do(w, r, grant, body, http.StatusOK, fact)
}

func (a *api) deleteRoom(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	return a.doAgain(w, r, grant, http.StatusOK, chat.RoomDeleted{})
}
