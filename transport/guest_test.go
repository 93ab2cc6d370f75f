package transport_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

type guestAnswer struct {
	User  chat.User `json:"user"`
	Token string    `json:"token"`
}

func TestGuest_makesANewUserAtEachCall(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	var first, second guestAnswer
	a := s.Call("POST", "/guest", "", `{"name":"  Ann "}`).Want(201).Decode(&first)
	s.Call("POST", "/guest", "", `{"name":"Ann"}`).Want(201).Decode(&second)
	if first.User.Name != "Ann" || first.User.ID == "" || first.User.ID == second.User.ID {
		t.Errorf("users are %+v and %+v", first.User, second.User)
	}
	var me guestAnswer
	s.Call("GET", "/me", first.Token, "").Want(200).Decode(&me)
	if me.User != first.User {
		t.Errorf("the token is for %+v, not %+v", me.User, first.User)
	}
	cookies := (&http.Response{Header: a.Header}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies are %v", cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Value != first.Token || c.Path != "/" {
		t.Errorf("cookie is %+v", c)
	}
	s.Call("GET", "/me", "", "", "Cookie", c.Name+"="+c.Value).Want(200).Decode(&me)
	if me.User != first.User {
		t.Errorf("the cookie is for %+v", me.User)
	}
}

func TestGuest_refusesNames(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	for _, name := range []string{
		"", "  \\t ", strings.Repeat("ä", 51), `a\u0007b`,
		`\u200b\u2060`, `\ufeff`, ` \u200d\ufe0f `, `\u3164`, `\u00ad`,
		`a\u0085b`, `\u202eAnn`, `An\u202an`, `Ann\u2066`, `Ann\u2069`,
	} {
		s.Call("POST", "/guest", "", `{"name":"`+name+`"}`).WantProblem(400, "invalid_field")
	}
	s.Call("POST", "/guest", "", `{"name":"`+strings.Repeat("ä", 50)+`"}`).Want(201)
	for _, name := range []string{`👩\u200d🚀`, `\u200fعلي`, `❤\ufe0f`, `م\u200cی`} {
		s.Call("POST", "/guest", "", `{"name":"`+name+`"}`).Want(201)
	}
	s.Call("POST", "/guest", "", `{}`).WantProblem(400, "invalid_field")
	s.Call("POST", "/guest", "", `{"name":"Ann","id":"root"}`).WantProblem(400, "invalid_field")
}

func TestGuest_neverFallsBackToTheCookie(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	cookie := "chat_guest=" + token
	s.Call("GET", "/me", "", "", "Cookie", cookie).Want(200)
	for _, header := range []string{"Bearer rubbish", "Bearer", "Basic dTpw", "Bearer " + token + "x"} {
		a := s.Call("GET", "/me", "", "", "Cookie", cookie, "Authorization", header)
		a.WantProblem(401, "unauthenticated")
		if a.Header.Get("WWW-Authenticate") == "" {
			t.Error("there is no WWW-Authenticate")
		}
	}
}

func TestGuest_takesNoTokenThatItHasNotSigned(t *testing.T) {
	guest := transport.NewGuest([]byte("one secret of sixteen"))
	other := transport.NewGuest([]byte("another secret, as long"))
	now := time.Now()
	user := chat.User{ID: "ann", Name: "Ann"}
	good := guest.Token(user, time.Time{})
	forged := "g1." + base64.RawURLEncoding.EncodeToString([]byte(`{"id":"root","name":"Root"}`)) +
		good[strings.LastIndexByte(good, '.'):]
	for name, token := range map[string]string{
		"forged":       forged,
		"other secret": other.Token(user, time.Time{}),
		"cut":          good[:len(good)-2],
		"empty":        "",
		"prefix":       "g1.",
		"no signature": good[:strings.LastIndexByte(good, '.')],
		"other prefix": "g2" + good[2:],
	} {
		if _, err := guest.Auth(bearer(token)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	grant, err := guest.Auth(bearer(guest.Token(user, now.Add(time.Hour))))
	if err != nil || grant.User != user || grant.Expires.Unix() != now.Add(time.Hour).Unix() {
		t.Errorf("grant is %+v, %v", grant, err)
	}
}

func TestNewGuest_refusesASecretThatCanBeGuessed(t *testing.T) {
	mustPanic(t, "secret", func() { transport.NewGuest([]byte("short")) })
}

func bearer(token string) *http.Request {
	return &http.Request{Header: http.Header{"Authorization": {"Bearer " + token}}}
}

func mustPanic(t *testing.T, word string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if p, _ := recover().(string); !strings.Contains(p, word) {
			t.Errorf("panic is %q, without %q", p, word)
		}
	}()
	f()
}
