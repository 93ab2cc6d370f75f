package rest

import (
	"net/http"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// putMember adds a member, or gives one another role.
func (a *api) putMember(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	return a.about(w, r, grant, body, transport.MemberOf(body, grant.User, r.PathValue("user")))
}

// deleteMember removes a member, and bans them if asked.
func (a *api) deleteMember(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	member := transport.NamedOf(body, grant.User, r.PathValue("user"))
	var fact chat.Fact = chat.UserLeft{Member: member}
	switch ban := r.URL.Query().Get("ban"); ban {
	case "", "0", "false":
	case "1", "true":
		fact = chat.UserBanned{Member: member}
	default:
		return transport.Errorf(chat.ErrInvalidField, "ban is %.100q, not 1", ban)
	}
	return a.about(w, r, grant, body, fact)
}

func (a *api) ban(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	fact := chat.UserBanned{Member: transport.NamedOf(body, grant.User, r.PathValue("user")), Until: body.OptionalTime("until")}
	return a.about(w, r, grant, body, fact)
}

func (a *api) unban(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	return a.about(w, r, grant, body, chat.UserUnbanned{Member: transport.NamedOf(body, grant.User, r.PathValue("user"))})
}

func (a *api) mute(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	fact := chat.UserMuted{Member: transport.NamedOf(body, grant.User, r.PathValue("user")), Until: body.OptionalTime("until")}
	return a.about(w, r, grant, body, fact)
}

func (a *api) unmute(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	return a.about(w, r, grant, body, chat.UserUnmuted{Member: transport.NamedOf(body, grant.User, r.PathValue("user"))})
}

// about carries out a command about the user of the path. Like all that repeats
// itself harmlessly it takes a key, and does not use it.
func (a *api) about(w http.ResponseWriter, r *http.Request, grant *transport.Grant, body *transport.Object, fact chat.Fact) error {
	if _, err := takeKey(r, body); err != nil {
		return err
	}
	return a.carryOut(w, r, grant, "", http.StatusOK, fact)
}
