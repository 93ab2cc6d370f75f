//go:build linux

package load_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// presenceEvery is how often at most a reader is told who is there.
	presenceEvery = time.Second
	// scatter is by how much two arrivals may be closer than the server meant them
	// to be: between its look at the clock and its write others may run.
	scatter = 300 * time.Millisecond
	// settled is how long after the last has come, or gone for good, all must know:
	// a second, and as long as it takes to send thousands each other's joining.
	settled = patience
)

// A gathering is a crowd that comes into one room within a second and goes at
// once, but for every twentieth.
type gathering struct {
	name  string
	n     int
	form  string // "streams", "sockets" or "both"
	joins bool   // they join as they come; else they have joined before
	grace time.Duration
}

// gathered is what a gathering has shown.
type gathered struct {
	gathering
	opened          time.Duration // how long the asking took
	last            []time.Duration
	closest         time.Duration // the least time between two frames of a reader
	frames, most    int           // in all, and of one reader, until all knew
	bytes           int64         // to all readers until then
	server          time.Duration // processor time of the server until then
	farewell        []time.Duration
	farewellFrames  int
	before, atEnd   string // head and file of the log
	events, members int
}

func TestPresence_tellsACrowdOnceASecondAndWritesNothing(t *testing.T) {
	plans := []gathering{
		{name: "have joined", n: 400, form: "both", grace: time.Second},
		{name: "join", n: 400, form: "both", joins: true, grace: time.Second},
	}
	if *crowdSize > 0 {
		plans = nil
		for _, form := range []string{"streams", "sockets"} {
			for _, joins := range []bool{false, true} {
				name := form + " of members"
				if joins {
					name = form + " of newcomers"
				}
				plans = append(plans, gathering{name: name, n: *crowdSize, form: form, joins: joins})
			}
		}
	}
	var all []*gathered
	for _, g := range plans {
		res := g.run(t)
		all = append(all, res)
		if want := g.n + 1; res.members != want || res.events != want { // and the host
			t.Errorf("%s: %d members and %d events, want %d of each", g.name, res.members, res.events, want)
		}
		if !g.joins && res.atEnd != res.before {
			t.Errorf("%s: the log was %s, and is %s", g.name, res.before, res.atEnd)
		}
	}
	t.Log(presenceTable(all))
}

// run makes a gathering at a server of its own.
func (g gathering) run(t *testing.T) *gathered {
	t.Helper()
	res := &gathered{gathering: g}
	srv := start(t, order{Grace: g.grace})
	site := newSite(srv.port)
	if g.grace == 0 {
		g.grace = 15 * time.Second
	}
	if !g.joins {
		if err := site.joinAll(t.Context(), g.n); err != nil {
			t.Fatal(err)
		}
	}
	a, err := assemble(srv.port, g.n, g.form, g.joins)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	res.before = site.logState(t, srv)
	cpu := srv.cpu()
	a.began = time.Now()
	if err := a.open(); err != nil {
		t.Fatal(err)
	}
	res.opened = a.since()
	if !a.until(g.n, settled) {
		t.Errorf("%s: not all know after %s that %d are there", g.name, settled, g.n)
	}
	res.server = srv.cpu().server - cpu.server
	for _, at := range a.attendees {
		res.arrived(t, at)
	}

	seen := make([]int, len(a.attendees))
	for i, at := range a.attendees {
		seen[i] = len(at.told)
	}
	gone := a.since()
	left := a.leave()
	if !a.until(left, g.grace+settled) {
		t.Errorf("%s: not all of %d who are left know it %s after the grace time", g.name, left, settled)
	}
	for i, at := range a.attendees {
		if i%20 == 0 {
			res.stayed(t, at, seen[i], gone+g.grace)
		}
	}
	res.atEnd = site.logState(t, srv)
	if res.events, err = site.pages(t.Context(), func([]byte) {}); err != nil {
		t.Error(err)
	}
	res.members = site.state(t).Members
	a.close()
	a.byFD = nil
	site.client.CloseIdleConnections()
	srv.stop()
	return res
}

// arrived looks at what one was told until all were there.
func (res *gathered) arrived(t *testing.T, at *attendee) {
	t.Helper()
	if at.err != nil || len(at.told) == 0 {
		t.Errorf("%s: %s was told %d times: %v", res.name, at.name, len(at.told), at.err)
		return
	}
	res.frames += len(at.told)
	res.most = max(res.most, len(at.told))
	res.bytes += at.bytes
	res.last = append(res.last, at.told[len(at.told)-1].at-res.opened)
	res.apart(t, at, 0)
}

// apart wants no two frames within a second, from one on, as far as the test has kept up. That the frame with number i comes
// not before i seconds is held to without any tolerance: whatever was late, it was
// not the asking. Newcomers are held to that alone: they are sent each other's
// joining, and a server that has more to do than it can is late with its writes.
func (res *gathered) apart(t *testing.T, at *attendee, from int) {
	t.Helper()
	for i := from; i < len(at.told); i++ {
		told := at.told[i]
		if early := at.asked + time.Duration(i)*presenceEvery - told.at; early > 0 {
			t.Errorf("%s: frame %d of %s comes %s too early: %v", res.name, i, at.name, early, at.told)
		}
		if i == 0 {
			continue
		}
		gap := told.at - at.told[i-1].least
		if res.closest == 0 || gap < res.closest {
			res.closest = gap
		}
		if !res.joins && gap < presenceEvery-scatter {
			t.Errorf("%s: two frames of %s are %s apart: %v", res.name, at.name, gap, at.told)
		}
	}
}

// stayed looks at what one was told when the others had gone: seen frames came
// before that.
func (res *gathered) stayed(t *testing.T, at *attendee, seen int, over time.Duration) {
	t.Helper()
	res.apart(t, at, seen)
	for _, told := range at.told[seen:] {
		res.farewellFrames++
		if told.at < over {
			t.Errorf("%s: %s is told %s before the grace time is over that %d are there", res.name, at.name, over-told.at, told.count)
		}
	}
	res.farewell = append(res.farewell, at.told[len(at.told)-1].at-over)
}

// joinAll lets all attendees join.
func (s *site) joinAll(ctx context.Context, n int) error {
	errs := make([]error, posters)
	var all sync.WaitGroup
	for p := range posters {
		all.Go(func() {
			for i := p; i < n && errs[p] == nil; i += posters {
				_, errs[p] = s.call(ctx, token(attendeeName(i)), "POST", "/rooms/"+room+"/join", "{}")
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// roomState is what a room tells of itself.
type roomState struct {
	Members int
	Head    string
}

func (s *site) state(t *testing.T) (state roomState) {
	t.Helper()
	answer, err := s.call(t.Context(), token("host"), "GET", "/rooms/"+room, "")
	if err == nil {
		var body struct{ Room json.RawMessage }
		if err = json.Unmarshal(answer, &body); err == nil {
			if body.Room != nil {
				answer = body.Room
			}
			err = json.Unmarshal(answer, &state)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// logState is the head of the room and what its file holds.
func (s *site) logState(t *testing.T, srv *child) string {
	t.Helper()
	f, err := os.Open(srv.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("head %s, %d bytes %x", s.state(t).Head, size, sum.Sum(nil)[:8])
}

func presenceTable(all []*gathered) string {
	var b strings.Builder
	b.WriteString("\n| readers | asked within | frames, most of one | closest two | all there: p50, p99, max | bytes a reader | CPU of the server | all gone: p50, p99 after the grace time | frames |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range all {
		slices.Sort(r.last)
		slices.Sort(r.farewell)
		fmt.Fprintf(&b, "| %d %s | %.2f s | %d, %d | %s | %s, %s, %s | %d | %.2f s | %s, %s | %d |\n",
			r.n, r.name, r.opened.Seconds(), r.frames, r.most, ms(r.closest),
			ms(percentile(r.last, 50)), ms(percentile(r.last, 99)), ms(percentile(r.last, 100)),
			r.bytes/int64(r.n), r.server.Seconds(),
			ms(percentile(r.farewell, 50)), ms(percentile(r.farewell, 99)), r.farewellFrames)
	}
	return b.String()
}

// percentile is that of sorted times.
func percentile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}
