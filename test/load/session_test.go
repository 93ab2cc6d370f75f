//go:build linux

package load_test

import (
	"fmt"
	"testing"
	"time"
)

// sessionMost is what being present may cost beside an open connection, in bytes.
const sessionMost = 4 << 10

func TestSession_costsLittleMemory(t *testing.T) {
	n := 200
	if *seconds > 0 {
		n = 1000
	}
	for _, socket := range []bool{false, true} {
		name := "stream"
		if socket {
			name = "socket"
		}
		var each [2]int64
		for i, silent := range []bool{true, false} {
			each[i] = idleMemory(t, n, socket, silent)
		}
		t.Logf("an idle %s takes %d bytes without a session and %d with one", name, each[0], each[1])
		if session := each[1] - each[0]; session > sessionMost {
			t.Errorf("the session of a %s takes %d bytes, more than %d", name, session, sessionMost)
		}
	}
}

// idleMemory is what a connection takes in the server while nothing happens.
func idleMemory(t *testing.T, n int, socket, silent bool) int64 {
	t.Helper()
	srv := start(t, order{})
	before := srv.heap()
	c := &crowd{byFD: make(map[int32]*reader)}
	for i := range n {
		r, err := dial(srv.port, fmt.Sprintf("reader%d", i), socket, silent, live)
		if err != nil {
			t.Fatal(err)
		}
		defer r.close()
		c.readers = append(c.readers, r)
	}
	after := srv.heap()
	for _, r := range c.readers {
		r.close()
	}
	srv.stop()
	return (after - before) / int64(n)
}

// dear is how many times the processor time of the server for the same deliveries
// may be with signals what it is without, in the quick form, of its best pair.
const dear = 2

func TestSession_costsDeliveriesLittle(t *testing.T) {
	p := plan{streams: 200, rate: 100, size: 100, length: 3 * time.Second, writeTimeout: 10 * time.Second}
	n := 3
	if *seconds > 0 {
		p, n = plans()
	}
	p.other, p.alone = slow, true
	var all []*result
	var cost [2][]time.Duration
	best := 0.0
	for i := range n {
		var pair [2]*result
		for j := range 2 {
			k := (i + j) % 2 // which goes first takes turns
			p.silent = k == 0
			pair[k] = p.run(t, fmt.Sprintf("%s %d", [2]string{"silent", "present"}[k], i+1))
			cost[k] = append(cost[k], pair[k].server)
		}
		all = append(all, pair[0], pair[1])
		if ratio := float64(pair[1].server) / float64(pair[0].server); best == 0 || ratio < best {
			best = ratio
		}
		if *seconds == 0 && best <= dear {
			break
		}
	}
	ratio := float64(median(cost[1])) / float64(median(cost[0]))
	t.Logf("%s\nthe same deliveries take %.2f times the processor time of the server with signals (best pair %.2f)", table(all), ratio, best)
	switch {
	case *seconds > 0 && ratio > 1.25:
		t.Errorf("deliveries cost %.2f times as much with signals", ratio)
	case *seconds == 0 && best > dear:
		t.Errorf("in none of %d pairs do deliveries cost less than %d times as much with signals", n, dear)
	}
}
