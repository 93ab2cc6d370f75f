package shutdown_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat/test/web"
)

// A server that is told to end, and told again, ends with status 0; all its
// readers are told to come back, what was acknowledged is stored, no file is left
// but the two, and the next one opens them at once and has nothing to fold.
func TestSIGTERM_twiceEndsCleanly(t *testing.T) {
	var took, opened []time.Duration
	posts, seen := 0, 0
	for round := range *rounds {
		dir := t.TempDir()
		db := filepath.Join(dir, "chat.db")
		p := web.Start(t, db, "127.0.0.1:0")
		if !p.Ready(t) {
			t.Fatal(p.Said())
		}
		c := gather(t, p.URL(), true)
		select {
		case <-p.Gone:
			t.Fatal(p.Said())
		case <-time.After(600*time.Millisecond + time.Duration(round%10)*10*time.Millisecond):
		}
		began := time.Now()
		p.Stop()
		select {
		case <-p.Gone:
			t.Error("it ended before it was told again")
		case <-time.After(time.Duration(round%20) * time.Millisecond):
			p.Stop()
		}
		err := p.End(t)
		took = append(took, time.Since(began))
		if err != nil || took[round] > patience {
			t.Errorf("round %d: it ended after %v with %v: %s", round, took[round], err, p.Said())
		}
		began = time.Now()
		next := web.Start(t, db, "127.0.0.1:0") // as soon as it is gone
		if !next.Ready(t) {
			t.Fatalf("the next one does not open the file: %s", next.Said())
		}
		opened = append(opened, time.Since(began))
		c.over()
		if said := next.Said(); strings.Contains(said, "rebuil") {
			t.Errorf("the next one had something to do: %s", said)
		}
		c.check(next.URL())
		posts += len(c.acked)
		seen += c.seen
		next.Stop()
		if err := next.End(t); err != nil {
			t.Error(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if want := []string{db, db + ".views"}; err != nil || !slices.Equal(files, want) {
			t.Errorf("the files %v are left, %v", files, err)
		}
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(took)
	slices.Sort(opened)
	t.Logf("%d rounds of %d readers, %d posts acknowledged, %d events read; ended after a median of %v, at most %v; opened again after a median of %v, at most %v",
		*rounds, readers, posts, seen, took[len(took)/2], took[len(took)-1], opened[len(opened)/2], opened[len(opened)-1])
	if *rounds >= enough && took[len(took)/2] > usual {
		t.Errorf("half of the servers took more than %v", usual)
	}
	if posts < 30**rounds || seen < posts*100 {
		t.Error("void: too little was done")
	}
}
