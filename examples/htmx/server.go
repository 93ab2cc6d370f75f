package main

import (
	"context"
	"crypto/rand"
	"embed"
	"io/fs"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/sse"
)

//go:embed static
var static embed.FS

// roomID is the one room there is.
const roomID = "general"

// cookieName is that of the cookie that holds a guest's token.
const cookieName = "htmx_chat"

// policy lets the page load and speak to what is its own, and nothing else. htmx
// needs no more once eval and its inline style are off (see page.html).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// server serves the pages, the form and the stream.
type server struct {
	chat   *chat.Chat
	guest  *transport.Guest
	stream *sse.Handler
	http.Handler
}

func newServer(c *chat.Chat, guest *transport.Guest) *server {
	s := &server{chat: c, guest: guest}
	s.stream = sse.NewRendered(c, s.auth, nil, renderEvent)
	files, err := fs.Sub(static, "static")
	if err != nil { // embedded: it cannot
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /timeline", s.timeline)
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /messages", s.post)
	mux.Handle("GET /rooms/{room}/stream", s.stream)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(files)))
	protected := http.NewCrossOriginProtection().Handler(mux) // a form of another site posts nothing here
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		protected.ServeHTTP(w, r)
	})
	return s
}

// auth tells a guest by the cookie.
func (s *server) auth(r *http.Request) (transport.Grant, error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return transport.Grant{}, transport.ErrUnauthenticated
	}
	bearer := &http.Request{Header: http.Header{"Authorization": {"Bearer " + cookie.Value}}}
	return s.guest.Auth(bearer)
}

// signIn makes a guest of whoever chooses a name.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	if n := utf8.RuneCountInString(name); n < 1 || n > 50 || !utf8.ValidString(name) {
		http.Error(w, "a name has 1 to 50 characters", http.StatusUnprocessableEntity)
		return
	}
	user := chat.User{ID: strings.ToLower(rand.Text()), Name: name}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: s.guest.Token(user, time.Time{}), Path: "/", MaxAge: int((30 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// post stores a message and answers with empty fields for the next one. Their key
// makes sure that a form which is sent twice, since the first answer was lost,
// posts once. A form that was sent before htmx was there gets a new page.
func (s *server) post(w http.ResponseWriter, r *http.Request) {
	grant, err := s.auth(r)
	if err != nil {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	_, err = s.chat.Room(roomID).Do(r.Context(), chat.Command{
		User: grant.User, Key: r.PostFormValue("key"), Fact: chat.MessagePosted{Text: r.PostFormValue("text")},
	})
	if err != nil {
		problem := transport.ProblemOf(err)
		http.Error(w, problem.Title, problem.Status)
		return
	}
	if r.Header.Get("HX-Request") == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	write(w, "fields", rand.Text())
}

// page is the chat, or asks for a name.
func (s *server) page(w http.ResponseWriter, r *http.Request) {
	grant, err := s.auth(r)
	if err != nil {
		write(w, "welcome", nil)
		return
	}
	if _, err := s.chat.Room(roomID).Join(r.Context(), grant.User); err != nil { // the first one makes the room
		http.Error(w, "the room is closed", http.StatusServiceUnavailable)
		return
	}
	view, err := s.view(r.Context(), grant.User)
	if err != nil {
		http.Error(w, "the history cannot be read", http.StatusServiceUnavailable)
		return
	}
	write(w, "chat", view)
}

// timeline is the history anew, for a page whose cursor was of no use.
func (s *server) timeline(w http.ResponseWriter, r *http.Request) {
	grant, err := s.auth(r)
	if err != nil {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	view, err := s.view(r.Context(), grant.User)
	if err != nil {
		http.Error(w, "the history cannot be read", http.StatusServiceUnavailable)
		return
	}
	write(w, "timeline", view)
}

// view reads the newest messages, and where the stream goes on from them.
func (s *server) view(ctx context.Context, user chat.User) (view, error) {
	page, err := s.chat.Room(roomID).History(ctx, chat.HistoryQuery{Limit: 100})
	if err != nil {
		return view{}, err
	}
	v := view{User: user, Room: roomID, Cursor: page.Cursor, Key: rand.Text()}
	for _, m := range page.Messages {
		v.Messages = append(v.Messages, message{ID: m.ID, Name: m.User.Name, At: m.At, Text: m.Text, Deleted: m.Deleted})
	}
	return v, nil
}
