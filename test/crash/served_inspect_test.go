package crash_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/roomlog/chat/test/web"
)

// inspect reads the log of all rooms from the last server and holds it against
// what was answered and what was read. It returns how many events there are.
func (e *served) inspect(url string, posters []*poster, readers []*reader) int {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), time.Minute)
	defer cancel()
	client := &web.Client{URL: url, Token: web.Token("inspector"), HTTP: overHTTP}
	for _, r := range readers { // once it has joined its rooms it adds nothing more to the log
		if !r.await(ctx, func() bool { return r.at == e.site.number }) {
			e.t.Fatalf("reader %d has not come to the last server", r.r)
		}
	}
	logs := map[string][]web.Event{}
	keys := map[string]web.Event{}
	total := 0
	for _, room := range allRooms() {
		events, err := client.Log(ctx, room)
		if err != nil {
			e.t.Fatal(err)
		}
		logs[room] = events
		total += len(events)
		e.checkLog(room, events, keys)
	}
	e.checkAnswers(posters, keys)
	for _, r := range readers {
		e.checkReader(ctx, r, logs)
	}
	return total
}

// checkLog: ids rise, and keys are there once, with their texts.
func (e *served) checkLog(room string, events []web.Event, keys map[string]web.Event) {
	last := ""
	for _, event := range events {
		if event.ID <= last || event.Room != room {
			e.t.Errorf("%s: event %s of %s after %s", room, event.ID, event.Room, last)
		}
		last = event.ID
		if event.Type != "MessagePosted" {
			continue
		}
		if was, twice := keys[event.Key]; twice {
			e.t.Errorf("key %s is there twice: %s in %s and %s in %s", event.Key, was.ID, was.Room, event.ID, room)
		}
		keys[event.Key] = event
		if event.Data.Text != textOf(event.Key) {
			e.t.Errorf("event %s with key %s has the text %q", event.ID, event.Key, event.Data.Text)
		}
	}
}

// checkAnswers: each post is there as it was acknowledged, and no other.
func (e *served) checkAnswers(posters []*poster, keys map[string]web.Event) {
	made := 0
	for _, p := range posters {
		made += len(p.acked)
		for n, a := range p.acked {
			key := keyOf(p.w, n)
			if is, ok := keys[key]; !ok {
				e.t.Errorf("post %s was acknowledged as %s by server %d and is lost", key, a.id, a.seen)
			} else if is.ID != a.id || is.Sum != a.sum {
				e.t.Errorf("post %s was acknowledged as %s by server %d and is %s", key, a.id, a.seen, is.ID)
			}
		}
	}
	if len(keys) != made {
		e.t.Errorf("%d posts are there, %d were made", len(keys), made)
	}
}

// checkReader: the reader has the log of its rooms.
func (e *served) checkReader(ctx context.Context, r *reader, logs map[string][]web.Event) {
	var want []web.Event
	for _, room := range r.rooms {
		want = append(want, logs[room]...)
	}
	if !r.socket {
		slices.SortFunc(want, func(a, b web.Event) int { return cmp.Compare(a.ID, b.ID) })
	}
	got := r.caughtUp(ctx, len(want))
	for i := range max(len(got), len(want)) {
		switch {
		case i == len(got):
			e.t.Errorf("reader %d has %d events of %d; the next is %s", r.r, len(got), len(want), want[i].ID)
			return
		case i == len(want):
			e.t.Errorf("reader %d has %d events, %d are there; one more is %s", r.r, len(got), len(want), got[i].ID)
			return
		case got[i].ID != want[i].ID || got[i].Sum != want[i].Sum:
			e.t.Errorf("reader %d: event %d is %s in %s, in the log %s in %s", r.r, i, got[i].ID, got[i].Room, want[i].ID, want[i].Room)
			return
		}
	}
}
