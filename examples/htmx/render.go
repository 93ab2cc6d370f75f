package main

import (
	"bytes"
	"embed"
	"html/template"
	"log"
	"net/http"
	"time"

	"github.com/roomlog/chat"
)

//go:embed page.html
var pages embed.FS

// templates escape all that users have written.
var templates = template.Must(template.ParseFS(pages, "page.html"))

// view is what a page shows.
type view struct {
	User     chat.User
	Room     string
	Cursor   chat.ID // the stream goes on after it
	Key      string  // of the message that the form will post
	Messages []message
}

// message is a message as the page shows it.
type message struct {
	ID      chat.ID
	Name    string
	At      time.Time
	Text    string
	Deleted bool
}

// renderEvent makes a fragment of HTML of an event. Of what is no message it
// makes nothing: the stream skips it.
func renderEvent(e chat.Event) []byte {
	fact, err := e.Fact()
	posted, ok := fact.(chat.MessagePosted)
	if err != nil || !ok || e.Erased {
		return nil
	}
	var b bytes.Buffer
	m := message{ID: e.ID, Name: e.User.Name, At: e.At, Text: posted.Text}
	if err := templates.ExecuteTemplate(&b, "message", m); err != nil {
		log.Printf("event %s cannot be rendered: %v", e.ID, err)
		return nil
	}
	return b.Bytes()
}

// write answers with a template.
func write(w http.ResponseWriter, name string, data any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		log.Printf("%s cannot be rendered: %v", name, err)
		http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = b.WriteTo(w)
}
