//go:build linux

package load_test

import (
	"fmt"
	"testing"
	"time"
)

// plans returns what the flags say: a run, and how many pairs of them. In the
// quick form that is the most: one that says what is expected is enough.
func plans() (p plan, n int) {
	if *seconds == 0 {
		// Fewer readers and larger texts, so that buffers are full within seconds.
		return plan{streams: 200, rate: 100, size: 2500, length: 6 * time.Second, writeTimeout: 2 * time.Second}, 3
	}
	return plan{
		streams: *streams, rate: 100, size: *size,
		length: time.Duration(*seconds) * time.Second, writeTimeout: 10 * time.Second,
	}, *pairs
}

const (
	// goal is how many times the 99th percentile without frozen readers that with
	// them may be.
	goal = 1.5
	// loose is the same of the quick form, of its best pair: on a machine that does
	// something else, short runs vary by more than what is measured.
	loose = 5
	// fine is what a percentile may be in the quick form, whatever the other is.
	fine = 20 * time.Millisecond
)

func TestFrozenReaders_delayNobodyAndAreClosedInTime(t *testing.T) {
	p, n := plans()
	var all []*result
	var without, with []time.Duration
	for i := range n {
		if *seconds == 0 && i > 0 && (with[i-1] <= fine || with[i-1] <= loose*without[i-1]) {
			break
		}
		for j := range 2 {
			p.other, p.alone = frozen, (i+j)%2 == 0 // which goes first takes turns
			name := fmt.Sprintf("frozen %d", i+1)
			if p.alone {
				name = fmt.Sprintf("quiet %d", i+1)
			}
			res := p.run(t, name)
			all = append(all, res)
			if p.alone {
				without = append(without, res.p99)
				continue
			}
			with = append(with, res.p99)
			res.wantClosed(t)
		}
	}
	ratio := float64(median(with)) / float64(median(without))
	t.Logf("%s\nmedian of the 99th percentiles: %s without, %s with frozen readers: %.2f times", table(all), ms(median(without)), ms(median(with)), ratio)
	last := len(with) - 1
	switch {
	case *seconds > 0 && ratio > goal:
		t.Errorf("with frozen readers the live ones wait %.2f times as long, not %.1f", ratio, goal)
	case *seconds == 0 && with[last] > fine && with[last] > loose*without[last]:
		t.Errorf("in none of %d pairs do the live readers wait less than %d times as long with frozen ones", n, loose)
	}
}

// wantClosed wants all frozen readers closed, not before they have taken
// nothing for the write timeout, and not long after.
func (res *result) wantClosed(t *testing.T) {
	t.Helper()
	kept, bytes := 0, int64(0)
	for i, r := range res.readers {
		f := res.fates[r]
		if f.kept > 0 {
			kept, bytes = kept+1, bytes+f.kept
		}
		switch took := f.closed - f.moved; {
		case f.full == 0:
			t.Errorf("void: frozen reader %d (socket %v) has %d bytes unread: its buffers were never full", i, r.socket, f.unacked)
		case f.closed == 0:
			t.Errorf("frozen reader %d (socket %v) is still open; it last took something at %s", i, r.socket, f.moved)
		case took > res.inTime() || took < res.writeTimeout-2*res.every():
			t.Errorf("frozen reader %d (socket %v) was closed %s after it took something, not %s", i, r.socket, took, res.writeTimeout)
		}
	}
	if kept > 0 {
		t.Errorf("%s: %d readers were closed, but the system keeps %d bytes for them", res.name, kept, bytes)
	}
}

func TestSlowReaders_areNotClosedAndDelayNobody(t *testing.T) {
	p, _ := plans()
	p.other = slow
	p.silent = true // else what is told of two hundred who come is all that so slow a reader gets to in that time
	res := p.run(t, "slow")
	t.Log(table([]*result{res}))
	for i, r := range res.readers {
		f := res.fates[r]
		switch {
		case r.err != nil || f.closed != 0:
			t.Errorf("slow reader %d (socket %v) was closed at %s, with %d events of %d: %v", i, r.socket, f.closed, len(r.got), len(res.log), r.err)
		case f.full == 0 || res.length-f.full < res.writeTimeout*3/2:
			t.Errorf("void: slow reader %d (socket %v) was behind for too short a time: its buffers were full at %s", i, r.socket, f.full)
		case len(r.got) == 0:
			t.Errorf("slow reader %d (socket %v) has read nothing", i, r.socket)
		}
	}
}
