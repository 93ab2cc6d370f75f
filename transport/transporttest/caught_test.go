package transporttest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/transporttest"
)

// anybody is an Auth that lets in whoever asks.
func anybody(*http.Request) (transport.Grant, error) {
	return transport.Grant{User: chat.User{ID: "anybody", Name: "Anybody"}}, nil
}

// seamed is a transport as it is often written: first what the log holds, then
// what is new, and nothing of what came in between.
type seamed struct{ *lineHandler }

func (h *seamed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	room := r.URL.Query().Get("room")
	after, _ := transport.RequestCursor(r).Position()
	l := &lines{lineHandler: h.lineHandler, w: w, rc: http.NewResponseController(w)}
	l.line("hello", hello{Verdict: transport.Resumed})
	for e, err := range h.gate.Chat().Room(room).Replay(r.Context(), after) {
		if err != nil {
			return
		}
		after = e.ID
		l.put(e.Frame(eventLines, eventLine))
	}
	l.line("live", after)
	l.flush()
	for e, err := range h.gate.Chat().Room(room).Follow(r.Context(), chat.End) {
		if err != nil || l.err != nil {
			return
		}
		l.put(e.Frame(eventLines, eventLine))
		l.flush()
	}
}

// Those that bear nothing beside them run one after another, before all others.
func TestFlaws_areCaught(t *testing.T) {
	noticed := map[string]bool{}
	for name, f := range flaws {
		for obligation, says := range f.caught {
			noticed[obligation] = true
			t.Run(name+"/"+obligation, func(t *testing.T) {
				if !transporttest.Alone(obligation) {
					t.Parallel()
				}
				wantComplaint(t, complain(t, f.flaw, obligation), says)
			})
		}
	}
	for _, name := range transporttest.Obligations() {
		if !noticed[name] {
			t.Errorf("no flaw shows that %s notices anything", name)
		}
	}
}

// complain returns what the suite says of an obligation that a flaw breaks.
func complain(t *testing.T, f flaw, obligation string) []string {
	patience := 2 * time.Second
	switch obligation {
	case "Overtaken", "ExpiredCursor", "DrainedAnywhere": // which take their time
		patience = 5 * time.Second
	case "Release": // which has the machine for itself, and nothing in it takes long
		patience = time.Second
	}
	return transporttest.Complaints(t, f.transport(), obligation, patience)
}

func wantComplaint(t *testing.T, complaints []string, says string) {
	switch all := strings.Join(complaints, "\n"); {
	case all == "":
		t.Error("it is not noticed")
	case !strings.Contains(all, says):
		t.Errorf("it is noticed by another thing than %q:\n%s", says, all)
	default:
		first, _, _ := strings.Cut(all, "\n")
		t.Log(first)
	}
}
