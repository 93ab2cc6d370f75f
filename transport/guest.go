package transport

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/roomlog/chat"
)

// Guest lets anybody in under a name of their choice: for demos and public
// rooms. Whoever asks is made a new user, with a random id, and handed a signed
// token that says who they are; nothing is stored. Put its Auth method where an
// Auth is asked for, and it itself into Options.Guest.
type Guest struct {
	// TTL is how long a token is good. 0 = without end.
	TTL time.Duration
	// Secure marks the cookie for https only. It is so anyway for requests that
	// came over TLS; set it behind a proxy that speaks TLS for the server.
	Secure bool

	secret []byte
}

// minSecret is how many bytes a secret must have.
const minSecret = 16

// guestCookie is the name of the cookie.
const guestCookie = "chat_guest"

// tokenVersion begins every token, and is signed with it.
const tokenVersion = "g1."

// NewGuest returns a Guest whose tokens are signed with the secret: as long as
// the secret stays, they do. It panics if the secret has less than 16 bytes,
// which could be guessed.
func NewGuest(secret []byte) *Guest {
	if len(secret) < minSecret {
		panic(fmt.Sprintf("transport: the secret of guests has %d bytes, at least %d are needed", len(secret), minSecret))
	}
	return &Guest{secret: append([]byte(nil), secret...)}
}

// claims is what a token says.
type claims struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Expires int64  `json:"exp,omitempty"` // Unix seconds
}

// Token returns a token for a user, good until expires; the zero time is never.
func (g *Guest) Token(u chat.User, expires time.Time) string {
	c := claims{ID: u.ID, Name: u.Name}
	if !expires.IsZero() {
		c.Expires = expires.Unix()
	}
	payload, err := json.Marshal(c)
	if err != nil { // strings and a number: it cannot
		panic(err)
	}
	signed := tokenVersion + base64.RawURLEncoding.EncodeToString(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(g.sign(signed))
}

func (g *Guest) sign(s string) []byte {
	mac := hmac.New(sha256.New, g.secret)
	mac.Write([]byte(s))
	return mac.Sum(nil)
}

// Auth is an Auth: it tells the guest by the Authorization header and, only if
// there is none, by the cookie. ErrUnauthenticated if neither holds a token of
// this secret.
func (g *Guest) Auth(r *http.Request) (Grant, error) {
	if values, has := r.Header["Authorization"]; has {
		scheme, token, ok := strings.Cut(strings.Join(values, ","), " ")
		if !ok || !strings.EqualFold(scheme, "Bearer") {
			return Grant{}, Errorf(ErrUnauthenticated, "the Authorization header holds no bearer token")
		}
		return g.verify(strings.TrimSpace(token))
	}
	cookie, err := r.Cookie(guestCookie)
	if err != nil {
		return Grant{}, Errorf(ErrUnauthenticated, "there is neither a token nor a cookie")
	}
	return g.verify(cookie.Value)
}

// verify returns the grant of a token.
func (g *Guest) verify(token string) (Grant, error) {
	i := strings.LastIndexByte(token, '.')
	if i < len(tokenVersion) || !strings.HasPrefix(token, tokenVersion) {
		return Grant{}, Errorf(ErrUnauthenticated, "the token is not one of ours")
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(token[i+1:])
	if err != nil || !hmac.Equal(mac, g.sign(token[:i])) { // in constant time
		return Grant{}, Errorf(ErrUnauthenticated, "the token is not signed by this server")
	}
	payload, err := base64.RawURLEncoding.DecodeString(token[len(tokenVersion):i])
	if err != nil {
		return Grant{}, Errorf(ErrUnauthenticated, "the token is damaged")
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Grant{}, Errorf(ErrUnauthenticated, "the token is damaged")
	}
	grant := Grant{User: chat.User{ID: c.ID, Name: c.Name}}
	if c.Expires != 0 {
		grant.Expires = time.Unix(c.Expires, 0)
	}
	return grant, nil
}

// Handler serves POST {"name":"Ann"}: it makes a user and answers 201 with
// {"user","token"} and the token as a cookie. It panics if g is nil.
func (g *Guest) Handler(o *Options) http.Handler {
	if g == nil {
		panic("transport: the Guest is nil")
	}
	options := o.withDefaults()
	gate := &Gate{options: options, origins: newOrigins(options.Origins)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gate.AllowOrigin(w, r)
		user, err := g.create(gate, w, r)
		if err != nil {
			ProblemOf(err).ServeHTTP(w, r)
			return
		}
		var expires time.Time
		if g.TTL > 0 {
			expires = options.Now().Add(g.TTL)
		}
		token := g.Token(user, expires)
		http.SetCookie(w, g.cookie(token, r.TLS != nil))
		Answer(w, http.StatusCreated, struct {
			User  chat.User `json:"user"`
			Token string    `json:"token"`
		}{user, token})
	})
}

// create reads the request for a guest and makes the user.
func (g *Guest) create(gate *Gate, w http.ResponseWriter, r *http.Request) (chat.User, error) {
	if err := gate.CheckWrite(r); err != nil {
		return chat.User{}, err
	}
	if err := CheckQuery(r.URL); err != nil {
		return chat.User{}, err
	}
	if err := gate.options.newGuest(r); err != nil {
		return chat.User{}, err
	}
	body, err := gate.ReadObject(w, r)
	if err != nil {
		return chat.User{}, err
	}
	given := body.String("name")
	if err := body.Err(); err != nil {
		return chat.User{}, err
	}
	name, err := guestName(given)
	if err != nil {
		return chat.User{}, err
	}
	return chat.User{ID: strings.ToLower(rand.Text()), Name: name}, nil
}

// cookieAge is how long browsers keep a cookie at most.
const cookieAge = 400 * 24 * time.Hour

func (g *Guest) cookie(token string, secure bool) *http.Cookie {
	age := cookieAge
	if g.TTL > 0 {
		age = min(age, g.TTL)
	}
	return &http.Cookie{
		Name: guestCookie, Value: token, Path: "/", MaxAge: max(1, int(age.Seconds())),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure || g.Secure,
	}
}
