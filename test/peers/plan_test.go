package peers_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"sync"

	cutters "github.com/roomlog/chat/test/internal/cutter"
)

// place is where a connection is cut.
type place int

const (
	inHead    place = iota // within the head of the response
	early                  // among its first bytes behind that: hello, verdict, first events
	atSeam                 // about where the replay ends and live begins
	amid                   // after some kilobytes
	late                   // after some tens of kilobytes
	atLine                 // exactly behind a line of an event, or between the header of a frame and what it holds
	afterLive              // exactly behind the mark of that seam: the reader has a cursor, and no event
	places
)

var placeNames = [places]string{"head", "early", "seam", "amid", "late", "line", "after live"}

// manner is how a connection is cut.
type manner = cutters.Manner

const (
	reset   = cutters.Reset
	finish  = cutters.Finish
	deafen  = cutters.Deafen
	mute    = cutters.Mute
	manners = cutters.Manners
)

var mannerNames = [manners]string{"RST", "FIN", "half to the client", "half to the server"}

// plan is what becomes of a connection.
type plan struct {
	where place
	bytes int // from the beginning, from the end of the head, or from the mark of the seam
	how   manner
	lag   int // so many events are to be stored before the server hears of the client: it finds a replay
}

// dealer deals the plans of a run. Places and manners are drawn from packs that
// are shuffled anew when they are empty, so that even a short run has all.
type dealer struct {
	mu      sync.Mutex
	rng     *rand.Rand
	places  []place
	manners []manner
}

func newDealer(seed uint64) *dealer { return &dealer{rng: rand.New(rand.NewPCG(seed, 0))} }

// The packs: how often there is what.
var (
	placePack = slices.Concat(slices.Repeat([]place{inHead}, 2), slices.Repeat([]place{early}, 4),
		slices.Repeat([]place{atSeam}, 4), slices.Repeat([]place{amid}, 5),
		slices.Repeat([]place{late}, 2), slices.Repeat([]place{atLine}, 3))
	mannerPack = slices.Concat(slices.Repeat([]manner{reset}, 4), slices.Repeat([]manner{finish}, 3), []manner{deafen, mute, mute})
)

func (d *dealer) next() plan {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := plan{where: draw(d.rng, &d.places, placePack), how: draw(d.rng, &d.manners, mannerPack)}
	switch p.where {
	case inHead:
		p.bytes = 1 + d.rng.IntN(180)
	case early:
		p.bytes = d.rng.IntN(300)
	case atSeam:
		p.bytes = d.rng.IntN(400) - 30
	case atLine:
		p.bytes = d.rng.IntN(4000)
	case amid:
		p.bytes = 300 + d.rng.IntN(7700)
	case late:
		p.bytes = 8<<10 + d.rng.IntN(56<<10)
	}
	if d.rng.IntN(10) < 3 {
		p.lag = 1 + d.rng.IntN(100)
	}
	return p
}

// draw takes a card of a hand, which is a pack again when it is empty.
func draw[T any](rng *rand.Rand, hand *[]T, pack []T) T {
	if len(*hand) == 0 {
		*hand = slices.Clone(pack)
		rng.Shuffle(len(*hand), func(i, j int) { (*hand)[i], (*hand)[j] = (*hand)[j], (*hand)[i] })
	}
	card := (*hand)[0]
	*hand = (*hand)[1:]
	return card
}

// scan looks at what a server sends for the place where a plan cuts.
type scan struct {
	passed []byte // all so far
	limit  int    // how much of it may pass; 0 is not known yet
}

// lastCut is where a connection is cut at the latest, for want of its place.
const lastCut = 256 << 10

// endOfHead is what ends the head of a response.
var endOfHead = []byte("\r\n\r\n")

// keep returns how many bytes of the chunk may pass: fewer than all where the
// connection is to be cut.
func (s *scan) keep(chunk []byte, p *plan) int {
	before := len(s.passed)
	s.passed = append(s.passed, chunk...)
	if s.limit == 0 {
		s.limit = p.limit(s.passed)
	}
	keep := len(chunk)
	if s.limit != 0 && s.limit < len(s.passed) {
		keep = max(0, s.limit-before)
	}
	s.passed = s.passed[:before+keep]
	return keep
}

// limit returns the place of the plan, 0 if it is not in sight.
func (p *plan) limit(passed []byte) int {
	if p.where == inHead {
		return p.bytes
	}
	head := bytes.Index(passed, endOfHead)
	if head < 0 {
		return 0
	}
	head += len(endOfHead)
	begin, end := seam(passed[head:])
	switch {
	case p.where == atLine:
		return lineEnd(passed, head+p.bytes, p.bytes%2 == 0)
	case p.where != atSeam && p.where != afterLive:
		return head + p.bytes
	case end < 0 && len(passed) >= head+lastCut:
		return head + lastCut
	case end < 0:
		return 0
	case p.where == afterLive:
		return head + end
	}
	return head + max(0, begin+p.bytes)
}

// seam returns where the mark that the reader is live begins and ends in a body,
// negative if all of it is not in sight.
func seam(body []byte) (begin, end int) {
	for _, m := range []struct{ begin, end string }{
		{"event: chat.live\n", "\n\n"}, // of a stream
		{`,"live":"`, "}"},             // of a socket
	} {
		if begin = bytes.Index(body, []byte(m.begin)); begin < 0 {
			continue
		}
		if end = bytes.Index(body[begin:], []byte(m.end)); end >= 0 {
			return begin, begin + end + len(m.end)
		}
	}
	return -1, -1
}

// lineEnd returns where, from some place on, the first whole line of an event
// ends that is not its last, that of its id or else that of its data, or where
// the first frame of a socket begins; 0 if there is none in sight. Readers that
// take the end of a connection there for the end of an event lose or double it.
func lineEnd(passed []byte, from int, id bool) int {
	if from >= len(passed) {
		return 0
	}
	if i := bytes.Index(passed[from:], []byte(`{"room":"`)); i >= 0 {
		return from + i
	}
	i := bytes.Index(passed[from:], []byte("\nid: "))
	if i < 0 {
		return 0
	}
	from += i + 1
	for range 2 {
		if i = bytes.IndexByte(passed[from:], '\n'); i < 0 {
			return 0
		}
		if from += i + 1; id {
			break
		}
	}
	return from
}

// atBoundary reports whether what has passed ends with a whole event or frame.
func atBoundary(passed []byte) bool {
	for _, end := range []string{"\n\n", "\n\n\r\n", "}"} {
		if bytes.HasSuffix(passed, []byte(end)) {
			return true
		}
	}
	return false
}
