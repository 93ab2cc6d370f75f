package store_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

// No byte of what an end has taken is in the files after Compact, whether it
// had been removed by then or not.
func TestCompact_leavesNothingOfAnEndedRoom(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"removed", "begun", "pending", "pending, with retention", "views lost"} {
		t.Run(state, func(t *testing.T) {
			o := testOptions()
			o.FlushEvery = 20 * time.Millisecond
			if state == "pending, with retention" {
				o.Keep = 20
			}
			o.Steps(5, 5)
			s, path := create(t, o)
			put(t, s, note{room: "zero", text: "stays"})
			put(t, s, note{room: "one", text: "stays"})
			for i := range 100 {
				put(t, s, note{room: "a", user: "secretuser", name: "secretname", key: fmt.Sprint("secretkey", i), text: strings.Repeat("secrettext", 200)})
				put(t, s, note{room: "b", key: fmt.Sprint("k", i), text: "stays"})
			}
			settle(t, s, o.Keep)
			if state != "removed" && state != "begun" {
				closeStore(t, s)
				o.FlushEvery = time.Hour
				s = open(t, path, o)
			}
			put(t, s, end("a"))
			switch state {
			case "removed":
				settle(t, s, 0)
			case "begun":
				waitFor(t, func() bool { return countIndex(t, s) < 190 })
			}
			put(t, s, note{room: "a", text: "anew"})
			want := dump(t, s)
			room, _ := snapshotRoom(t, s, "a")
			wantLog := ids(readRooms(t, s, "a", "b", "zero"))
			closeStore(t, s)
			removed := s.Stats().Removing == 0
			if removed != (state == "removed") && state != "begun" {
				t.Fatalf("void: %d rooms are being removed", s.Stats().Removing)
			}
			if state == "views lost" {
				removeViews(t, path)
			}
			if !bytes.Contains(readFile(t, path), []byte("secrettext")) {
				t.Fatal("void: the text was not in the file before")
			}
			if err := store.Compact(path, nil); err != nil {
				t.Fatal(err)
			}
			_, err := os.Stat(path + ".views")
			// One that has begun may have ended by now: the machine may be slow.
			if kept := err == nil; kept != removed {
				t.Errorf("views: %v", err)
			}
			grep(t, path, state)
			o.FlushEvery = 20 * time.Millisecond
			s = open(t, path, o)
			settle(t, s, o.Keep)
			verify(t, s)
			same(t, s)
			if again, err := snapshotRoom(t, s, "a"); err != nil || again.Number != room.Number || again.Total != room.Total {
				t.Errorf("room %+v, was %+v", again, room)
			}
			if got := ids(readRooms(t, s, "a", "b", "zero")); got != wantLog && o.Keep == 0 {
				t.Errorf("log before:\n%s\nafter:\n%s", wantLog, got)
			}
			if got := dump(t, s); got != want && state == "removed" {
				t.Error(diff(want, got))
			}
			closeStore(t, s)
			if err := store.Compact(path, nil); err != nil {
				t.Fatal(err)
			}
			grep(t, path, "")
		})
	}
}

func grep(t testing.TB, path, state string) {
	t.Helper()
	for _, secret := range []string{"secrettext", "secretkey", "secretname", "secretuser"} {
		if secret == "secretuser" && state == "pending, with retention" {
			continue // in rows that the host made, which only an open store can drop
		}
		for _, file := range []string{path, path + ".views"} {
			if b, err := os.ReadFile(file); err == nil && bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s is in %s", secret, file)
			}
		}
	}
}
