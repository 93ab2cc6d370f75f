package transporttest_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// queuesSignals is the handler of a transport that polls signals beside its feed,
// and queues them until the reader has taken what else there was.
func queuesSignals(_ testing.TB, _ http.Handler, gate *transport.Gate) http.Handler {
	return &attended{newLineHandler(gate.Chat(), gate.Authenticate, gate.Options())}
}

type attended struct{ *lineHandler }

func (h *attended) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	grant, err := h.gate.Authenticate(r)
	if err != nil {
		transport.ProblemOf(err).ServeHTTP(w, r)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	room, bell := r.URL.Query().Get("room"), chat.NewBell()
	feed, err := h.gate.Open(ctx, transport.FeedQuery{
		Rooms: []string{room}, Grant: &grant, Cursor: transport.RequestCursor(r), Bell: bell,
	})
	if err != nil {
		transport.ProblemOf(err).ServeHTTP(w, r)
		return
	}
	defer feed.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	l := &lines{lineHandler: h.lineHandler, grant: grant, feed: feed, w: w, rc: http.NewResponseController(w)}
	l.hello()
	news := newSignalQueue(ctx, h.gate.Chat().Room(room), grant.User, bell)
	live := false
	for l.err == nil && !feed.Over() {
		batch, err := feed.Next(ctx)
		if err != nil {
			return
		}
		live = live || batch.Live
		if live {
			batch.Signals = news.take()
		}
		l.batch(batch)
		if batch.Empty() {
			l.flush()
			select {
			case <-bell.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// signalQueue holds all that a session is told until it is taken.
type signalQueue struct {
	mu   sync.Mutex
	news []chat.Signal
}

func newSignalQueue(ctx context.Context, room *chat.Room, user chat.User, ring *chat.Bell) *signalQueue {
	q := new(signalQueue)
	bell := chat.NewBell()
	session := room.Attend(user, bell)
	go func() {
		defer session.Close()
		for {
			news, _, err := session.Poll(ctx)
			if err != nil {
				return
			}
			q.mu.Lock()
			q.news = append(q.news, news...)
			q.mu.Unlock()
			ring.Ring()
			select {
			case <-bell.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return q
}

func (q *signalQueue) take() []chat.Signal {
	q.mu.Lock()
	defer q.mu.Unlock()
	news := q.news
	q.news = nil
	return news
}
