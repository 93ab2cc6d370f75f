package docs_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/roomlog/chat/client"
)

// The route for the pages of yesterday is in the same room as the pages of today.
func TestGorilla_oldPagesTalkToNewOnes(t *testing.T) {
	p := start(t, find(t, "from-gorilla", "func old("))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ann := dial(ctx, t, p, "Ann", client.WebSocket)
	if _, err := ann.Post(ctx, "before the old page"); err != nil { // which gets what comes, as it always did
		t.Fatal(err)
	}
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(p.url, "http", "ws", 1)+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte("from the old page")); err != nil {
		t.Fatal(err)
	}
	for e, err := range ann.Follow(ctx, client.Earliest) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(e.JSON()), "from the old page") {
			break
		}
	}
	if _, err := ann.Post(ctx, "from the new page"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"from the old page", "from the new page"} {
		if _, got, err := conn.ReadMessage(); err != nil || string(got) != want {
			t.Fatalf("the old page gets %q, %v, want %q", got, err, want)
		}
	}
}

// A hub is published to, in order, also what was stored while it failed; and what
// the program posts of its own is posted once, however often it is asked.
func TestMercure_getsWhatIsStored(t *testing.T) {
	var asked atomic.Int32
	published := make(chan string, 100)
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			http.Error(w, "not now", http.StatusBadGateway)
			return
		}
		if r.Header.Get("Authorization") != "Bearer secret" || r.PostFormValue("topic") != "https://example.com/rooms/general" || r.PostFormValue("private") != "on" {
			t.Errorf("published: %v %v", r.Header, r.PostForm)
		}
		var e struct{ ID, Type string }
		if err := json.Unmarshal([]byte(r.PostFormValue("data")), &e); err != nil || r.PostFormValue("id") != "urn:ulid:"+e.ID {
			t.Errorf("published: %v %v", r.PostForm, err)
		}
		published <- e.Type
	}))
	defer hub.Close()
	p := start(t, find(t, "from-mercure-centrifuge", "MERCURE_URL"), "MERCURE_URL="+hub.URL, "MERCURE_TOKEN=secret")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ann := dial(ctx, t, p, "Ann", client.Streams)
	for range 2 {
		resp, err := http.Post(p.url+"/orders/7", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("the order is answered %s", resp.Status)
		}
	}
	if _, err := ann.Post(ctx, "Hello."); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"UserJoined", "x.order", "MessagePosted"} {
		select {
		case got := <-published:
			if got != want {
				t.Fatalf("published is %s, want %s", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("%s is not published", want)
		}
	}
}
