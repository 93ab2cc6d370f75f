package rest

import (
	"net/http"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// A factAbout is what a call of a user's proposes about the user of the path.
type factAbout func(r *http.Request, body *transport.Object, by chat.User) (chat.Fact, error)

// about makes a call of a fact about the user of the path. Like all that repeats
// itself harmlessly it takes a key, and does not use it.
func (a *api) about(factOf factAbout) call {
	return func(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
		body, err := a.gate.ReadOptionalObject(w, r)
		if err != nil {
			return err
		}
		fact, err := factOf(r, body, grant.User)
		if err != nil {
			return err
		}
		if _, err := takeKey(r, body); err != nil {
			return err
		}
		return a.carryOut(w, r, grant, "", http.StatusOK, fact)
	}
}

// member is the user of the path, who goes by the name in the body, if there is one.
func member(r *http.Request, body *transport.Object, by chat.User) chat.User {
	return transport.NamedOf(body, by, r.PathValue("user"))
}

// joined adds a member, or gives one another role.
func joined(r *http.Request, body *transport.Object, by chat.User) (chat.Fact, error) {
	return transport.MemberOf(body, by, r.PathValue("user")), nil
}

// removed removes a member, and bans them if asked.
func removed(r *http.Request, body *transport.Object, by chat.User) (chat.Fact, error) {
	switch ban := r.URL.Query().Get("ban"); ban {
	case "", "0", "false":
		return chat.UserLeft{Member: member(r, body, by)}, nil
	case "1", "true":
		return chat.UserBanned{Member: member(r, body, by)}, nil
	default:
		return nil, transport.Errorf(chat.ErrInvalidField, "ban is %.100q, not 1", ban)
	}
}

func banned(r *http.Request, body *transport.Object, by chat.User) (chat.Fact, error) {
	return chat.UserBanned{Member: member(r, body, by), Until: body.OptionalTime("until")}, nil
}

func unbanned(r *http.Request, body *transport.Object, by chat.User) (chat.Fact, error) {
	return chat.UserUnbanned{Member: member(r, body, by)}, nil
}

func muted(r *http.Request, body *transport.Object, by chat.User) (chat.Fact, error) {
	return chat.UserMuted{Member: member(r, body, by), Until: body.OptionalTime("until")}, nil
}

func unmuted(r *http.Request, body *transport.Object, by chat.User) (chat.Fact, error) {
	return chat.UserUnmuted{Member: member(r, body, by)}, nil
}
