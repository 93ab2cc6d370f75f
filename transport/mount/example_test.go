package mount_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// Mount a chat beside a mux, with guests for users.
func Example() {
	dir, err := os.MkdirTemp("", "chat")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c, err := chat.Open(filepath.Join(dir, "chat.db"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	guest := transport.NewGuest([]byte("keep this in a file of your own"))
	api := mount.Handler(c, guest.Auth, &transport.Options{Guest: guest})
	mux := http.NewServeMux() // of the rest of the program
	srv := httptest.NewServer(api.Under("/chat", mux))
	defer srv.Close()

	token := guest.Token(chat.User{ID: "ann", Name: "Ann"}, time.Time{}) // what POST /guest would answer
	call := func(method, path, body string) {
		r, _ := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		fmt.Println(method, path, resp.StatusCode)
	}
	call("POST", "/chat/rooms/general/join", "")
	call("POST", "/chat/rooms/general/messages", `{"text":"Hello."}`)
	call("GET", "/chat/rooms/general/messages", "")
	call("POST", "/chat/rooms/other/messages", `{"text":"Is anybody here?"}`)
	// Output:
	// POST /chat/rooms/general/join 201
	// POST /chat/rooms/general/messages 201
	// GET /chat/rooms/general/messages 200
	// POST /chat/rooms/other/messages 404
}
