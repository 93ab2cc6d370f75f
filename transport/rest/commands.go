package rest

import (
	"net/http"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func (a *api) post(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadObject(w, r)
	if err != nil {
		return err
	}
	fact := transport.PostOf(body)
	return a.do(w, r, grant, body, http.StatusCreated, fact)
}

func (a *api) edit(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	body, err := a.gate.ReadObject(w, r)
	if err != nil {
		return err
	}
	fact := transport.EditOf(body)
	fact.Message = id
	return a.do(w, r, grant, body, http.StatusOK, fact)
}

func (a *api) delete(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	return a.doAgain(w, r, grant, http.StatusOK, chat.MessageDeleted{Message: id})
}

func (a *api) react(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	return a.doAgain(w, r, grant, http.StatusCreated, chat.ReactionAdded{Message: id, Emoji: r.PathValue("emoji")})
}

func (a *api) unreact(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	return a.doAgain(w, r, grant, http.StatusOK, chat.ReactionRemoved{Message: id, Emoji: r.PathValue("emoji")})
}

// do carries out a command under the key that the request has, if any.
func (a *api) do(w http.ResponseWriter, r *http.Request, grant *transport.Grant, body *transport.Object, status int, fact chat.Fact) error {
	key, err := takeKey(r, body)
	if err != nil {
		return err
	}
	return a.carryOut(w, r, grant, key, status, fact)
}

// doAgain carries out a command that needs no body and repeats itself
// harmlessly. A body and a key are judged as everywhere, but the key is not
// used: the second time is answered that nothing has changed.
func (a *api) doAgain(w http.ResponseWriter, r *http.Request, grant *transport.Grant, status int, fact chat.Fact) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	if _, err := takeKey(r, body); err != nil {
		return err
	}
	return a.carryOut(w, r, grant, "", status, fact)
}

// carryOut carries out a command and answers it.
func (a *api) carryOut(w http.ResponseWriter, r *http.Request, grant *transport.Grant, key string, status int, fact chat.Fact) error {
	res, err := a.gate.Do(r.Context(), grant, r.PathValue("room"), key, fact)
	if err != nil {
		return err
	}
	answer(w, status, res)
	return nil
}

// takeKey takes the idempotency key, the last thing to be taken of a body.
func takeKey(r *http.Request, body *transport.Object) (string, error) {
	key, err := transport.IdempotencyKey(r.Header, body)
	if err := body.Err(); err != nil {
		return "", err
	}
	return key, err
}

func (a *api) join(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	key, err := takeKey(r, body)
	if err != nil {
		return err
	}
	joined, res, err := a.gate.Join(r.Context(), grant, r.PathValue("room"), key)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if res.Changed {
		status = http.StatusCreated
	}
	answerMembership(w, status, joined, res)
	return nil
}

func (a *api) leave(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	key, err := takeKey(r, body)
	if err != nil {
		return err
	}
	res, err := a.gate.Do(r.Context(), grant, r.PathValue("room"), key, chat.UserLeft{})
	if err != nil {
		return err
	}
	answerMembership(w, http.StatusOK, transport.Membership{Event: res.Event.JSON()}, res)
	return nil
}

func answerMembership(w http.ResponseWriter, status int, m transport.Membership, res chat.Result) {
	if res.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	transport.Answer(w, status, m)
}

// messageID reads the id of a message in the path: one that cannot be one is
// not there.
func messageID(r *http.Request) (chat.ID, error) {
	id, ok := transport.ParseID(r.PathValue("id"))
	if !ok {
		return id, transport.Errorf(chat.ErrMessageNotFound, "%.100q is not the id of one", r.PathValue("id"))
	}
	return id, nil
}
