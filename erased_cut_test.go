package chat_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/internal/testkit"
)

// Whatever is left on the disk at any moment between a deletion and the end of
// the Compact after it serves the message as deleted.
func TestDelete_holdsInEveryImageOfTheFileUpToCompact(t *testing.T) {
	const unique = "xyzzy-9207"
	dir := t.TempDir()
	path := filepath.Join(dir, "chat.db")
	c, err := chat.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	room, ctx := c.Room("r"), within(t)
	m := do(t, room, ann, chat.MessagePosted{Text: unique})
	for i := range 300 {
		do(t, room, bob, chat.MessagePosted{Text: fmt.Sprint(i, strings.Repeat(" and so on", 300))})
	}
	do(t, room, ann, chat.MessageEdited{Message: m.ID, Text: unique + " again"})
	do(t, room, ann, chat.MessageDeleted{Message: m.ID})

	images := []string{filepath.Join(dir, "cut.db")}
	testkit.Copy(t, path, images[0]) // as the deletion was answered
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	compacted := make(chan error)
	go func() { compacted <- chat.Compact(path, nil) }()
	for done := false; !done; {
		select {
		case err := <-compacted:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
		}
		images = append(images, filepath.Join(dir, fmt.Sprintf("image%d.db", len(images))))
		testkit.Copy(t, path, images[len(images)-1])
	}
	if last, err := os.ReadFile(images[len(images)-1]); err != nil || bytes.Contains(last, []byte(unique)) {
		t.Errorf("after Compact the text is in the file (%v)", err)
	}
	for _, image := range images {
		c, err := chat.Open(image, nil)
		if err != nil {
			t.Fatalf("%s: %v", image, err)
		}
		got, err := c.Room("r").Message(ctx, m.ID, "")
		if err != nil || !got.Deleted {
			t.Errorf("%s: the message is %+v, %v", filepath.Base(image), got, err)
		}
		for e, err := range c.Room("r").Replay(ctx, chat.Start) {
			if err != nil || bytes.Contains(e.JSON(), []byte(unique)) {
				t.Errorf("%s: the log has %s, %v", filepath.Base(image), e.JSON(), err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Log(len(images), "images")
}
