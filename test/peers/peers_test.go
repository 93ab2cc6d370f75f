package peers_test

import (
	"context"
	"math/rand/v2"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// peer is a client of others. follow has it follow with all readers until ctx is
// done, and hands on what they tell; it returns at once.
type peer struct {
	name   string
	socket bool
	most   int // readers at once
	follow func(ctx context.Context, t *testing.T, s *server, readers []*reader)
}

var peers = []peer{
	{"coder-websocket", true, 20, followCoder},
	{"node-ws", true, 20, nodeScript("ws.mjs")},
	{"chromium-websocket", true, 8, chromiumPage(true)}, // with more handshakes at once it makes each wait, up to seconds
	{"go-sse", false, 20, followGoSSE},
	{"node-eventsource", false, 20, nodeScript("eventsource.mjs")},
	{"node-eventsource-parser", false, 20, nodeScript("parser.mjs")},
	{"chromium-eventsource", false, 20, chromiumPage(false)},
}

// mode is what the readers of a run read, and from where.
type mode struct {
	name   string
	rooms  []string
	named  bool   // on streams: the type of an event is in its event field
	cursor string // the first; empty: every other reader has none, the others the earliest
}

var modes = []mode{
	{name: "a room", rooms: []string{"general"}},
	{name: "rooms from the earliest", rooms: []string{"general", "random"}, named: true, cursor: "earliest"},
}

// elsewhere is a room that nobody reads, so that ids have holes for the readers.
const elsewhere = "elsewhere"

// names are the frames of a stream that a reader may have to listen to by name.
var (
	signals    = []string{"chat.hello", "chat.live", "chat.reset", "chat.end", "chat.presence", "chat.read"}
	eventTypes = []string{"UserJoined", "MessagePosted", "MessageEdited", "ReactionAdded", "ReactionRemoved"}
)

// However often and wherever its connection is cut, a client that resumes after
// the last event that it has taken in gets every event once, in order, and in the
// bytes of the log. Each finds its way back as it does by nature: an EventSource
// with Last-Event-ID and its own timer, the others after their last event.
//
// Seen to fail: without the step over what lies at the cursor in tail.after or in
// store.nextIDs (double), with Feed.Next forgetting what it has read beyond the mark
// (gap), with the chat's head for the mark of a socket that is live (gap), without
// the id of chat.live, with the parameter after before Last-Event-ID (double), with
// streams whose body ends with the connection (gap, go-sse), and with a reader that
// tells every fiftieth event twice, or not at all.
func TestPeers_missNothingAndDoubleNothing(t *testing.T) {
	for _, p := range peers {
		for _, m := range modes {
			t.Run(p.name+"/"+m.name, func(t *testing.T) { run(t, p, m) })
		}
	}
}

// run has readers of a kind read through cutters until they have resumed often
// enough, and then to the end. It is void, and fails, if too little was cut or
// written meanwhile.
func run(t *testing.T, p peer, m mode) {
	began := time.Now()
	s := serve(t)
	s.fill(append([]string{elsewhere}, m.rooms...), 100)
	cutting, calm := context.WithCancel(t.Context())
	defer calm()
	readers, cutters := s.readers(t, p, m, cutting)
	following, stop := context.WithCancel(t.Context())
	defer stop()
	p.follow(following, t, s, readers)

	writing, silence := context.WithCancel(t.Context())
	defer silence()
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write(writing, append([]string{elsewhere}, m.rooms...))
	}()
	await(t, readers, "to have resumed often enough", patience+time.Duration(*resumes)*200*time.Millisecond,
		func(r *reader) <-chan struct{} { return r.enough })
	calm()
	silence()
	<-written

	logs, ends, events := make(map[string][]event), make(map[string]string), 0
	for _, room := range m.rooms {
		logs[room] = s.read(room)
		ends[room] = logs[room][len(logs[room])-1].ID
		events += len(logs[room]) - 101
	}
	for _, r := range readers {
		r.finish(ends)
	}
	await(t, readers, "to have the last event", patience, func(r *reader) <-chan struct{} { return r.done })
	stop()

	var total tally
	resumed, reopened, got := 0, 0, 0
	for i, r := range readers {
		if err := r.compare(logs); err != nil {
			t.Errorf("reader %d, from %q: %v", i, r.After, err)
		}
		r.mu.Lock() // a page goes on until it is closed
		resumed, reopened, got = resumed+r.resumes, reopened+r.reopened, got+len(r.got)
		r.mu.Unlock()
		total.add(cutters[i].counted())
	}
	t.Logf("%d readers resumed %d times after %d cuts and got %d events of %d written meanwhile, in %v",
		len(readers), resumed, total.cuts, got, events, time.Since(began).Round(time.Millisecond))
	t.Logf("%d cuts within an event, frame or head; %d connections held up before; %d EventSources opened anew", total.inside, total.held, reopened)
	total.check(t)
	if resumed < *resumes || total.cuts < *resumes || events < *resumes {
		t.Errorf("void: of everything there must be %d", *resumes)
	}
}

// readers makes the readers of a run, each with a cutter of its own.
func (s *server) readers(t *testing.T, p peer, m mode, cutting context.Context) ([]*reader, []*cutter) {
	n := min(p.most, max(6, *resumes/50))
	first := *seed
	if first == 0 {
		first = rand.Uint64()
	}
	t.Logf("-seed %d", first)
	plans := newDealer(first)
	var readers []*reader
	var cutters []*cutter
	for i := range n {
		o := order{Reader: i, Rooms: m.rooms, After: m.cursor, Token: s.token("ann"), Pause: 10, Types: signals}
		var begin *plan
		if m.cursor == "" && i%2 == 1 {
			o.After = "earliest"
		} else if m.cursor == "" { // has a cursor, and no event yet, when it is cut off for the first time
			begin = &plan{where: afterLive, how: manner(i/2) % manners}
		}
		c := s.cut(cutting, plans, begin)
		o.URL = "http://" + c.addr() + "/api/rooms/" + m.rooms[0] + "/events"
		if len(m.rooms) > 1 {
			o.URL = "http://" + c.addr() + "/api/events?" + url.Values{"room": m.rooms}.Encode()
		}
		if m.named {
			o.URL += "&named=1"
			o.Types = append(o.Types[:len(o.Types):len(o.Types)], eventTypes...)
		}
		if p.socket {
			o.URL = "ws://" + c.addr() + "/api/ws"
		}
		readers = append(readers, newReader(o, p.socket, (*resumes+n-1)/n))
		cutters = append(cutters, c)
	}
	return readers, cutters
}

// await waits for all readers.
func await(t *testing.T, readers []*reader, what string, limit time.Duration, ready func(*reader) <-chan struct{}) {
	t.Helper()
	late := time.After(limit)
	for i, r := range readers {
		select {
		case <-ready(r):
		case <-late:
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Errorf("waited %v for reader %d %s: it has resumed %d times, its last events are %v", limit, i, what, r.resumes, r.last)
			return
		}
	}
}

// check fails a run in which some kind of cut is missing.
func (a *tally) check(t *testing.T) {
	t.Helper()
	var where, how string
	for i, n := range a.where {
		where += " " + placeNames[i] + " " + strconv.Itoa(n)
		if n == 0 && place(i) != afterLive {
			t.Errorf("void: nothing was cut at the place %q", placeNames[i])
		}
	}
	for i, n := range a.how {
		how += " " + mannerNames[i] + " " + strconv.Itoa(n)
		if n == 0 {
			t.Errorf("void: nothing was cut by %s", mannerNames[i])
		}
	}
	t.Logf("cuts by place:%s; by manner:%s", where, how)
	if a.inside == 0 || a.held == 0 {
		t.Errorf("void: %d cuts within an event, %d connections held up", a.inside, a.held)
	}
}
