//go:build linux

package load_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// signalRate is how many signals a second a user may give, by default.
	signalRate = 20
	// signallers is how many users give them.
	signallers = 100
	// heldMost is what a frozen reader may cost the server more than no reader, in
	// bytes of its memory and whatever it misses: the buffer of one write, which is of
	// 64 KiB and doubles where the last signal does not fit; 64 signals of 1 KiB that
	// were taken up for it and are those of nobody else by now; and the stream itself.
	// A queue of what it misses would take 400 KiB a second.
	heldMost = (128 + 64 + 16) << 10
)

// signalRun is how signals came to the live readers of a run.
type signalRun struct {
	name           string
	live, frozen   int
	given, got     int
	p50, p99       time.Duration
	before, after  int64 // memory in use: when all were there, and when the last signal had been given
	server, others time.Duration
	unread         int64 // the least that the system keeps for a frozen reader, in bytes
}

func TestFrozenReaders_holdNoSignals(t *testing.T) {
	length, n := 5*time.Second, 1
	if *seconds > 0 {
		length, n = time.Duration(*seconds)*time.Second, *pairs
	}
	var all []*signalRun
	var held []int64
	var p99 [2][]time.Duration
	for i := range n {
		runs := make([]*signalRun, 2)
		for j := range 2 {
			frozen := (i+j)%2 == 1 // which goes first takes turns
			k := 0
			if frozen {
				k = 1
			}
			runs[k] = runSignals(t, fmt.Sprintf("%s %d", [2]string{"quiet", "frozen"}[k], i+1), length, frozen)
			p99[k] = append(p99[k], runs[k].p99)
		}
		quiet, with := runs[0], runs[1]
		each := (with.after - with.before - (quiet.after - quiet.before)) / int64(with.frozen)
		held = append(held, each)
		all = append(all, quiet, with)
		if with.unread < much {
			t.Errorf("void: for one frozen reader only %d bytes are unread: its buffers were never full", with.unread)
		}
	}
	slices.Sort(held)
	each := held[(len(held)-1)/2]
	t.Logf("%s\neach frozen reader holds %d bytes (%v); p99 %s without, %s with them", signalTable(all), each, held, ms(median(p99[0])), ms(median(p99[1])))
	if each > heldMost {
		t.Errorf("a frozen reader holds %d bytes, more than %d", each, heldMost)
	}
	if without, with := median(p99[0]), median(p99[1]); with > max(2*without, without+time.Second) {
		t.Errorf("a signal takes %s with frozen readers and %s without", with, without)
	}
}

// runSignals lets users give signals for a while at the rate that is allowed.
func runSignals(t *testing.T, name string, length time.Duration, withFrozen bool) *signalRun {
	t.Helper()
	// More than 100 sessions are rung together, a few times a second: here with the
	// frozen ones and without them. Those are not to be closed meanwhile.
	const streams = 220
	res := &signalRun{name: name}
	srv := start(t, order{WriteTimeout: 5 * time.Minute})
	c, err := gather(srv.port, streams, 0, 0, false, false)
	if err != nil {
		t.Fatal(err)
	}
	res.live = len(c.byFD)
	var stuck []*reader
	if withFrozen {
		for i := range 100 {
			r, err := dial(srv.port, fmt.Sprintf("frozen%d", i), i%2 == 1, false, frozen)
			if err != nil {
				t.Fatal(err)
			}
			defer r.close()
			stuck = append(stuck, r)
		}
		res.frozen = len(stuck)
	}
	senders, err := dialSenders(srv.port)
	if err != nil {
		t.Fatal(err)
	}
	res.before = srv.heap()
	cpu := srv.cpu()
	own := srv.own()
	c.began = time.Now()
	go c.read()
	res.given, err = senders.give(c.began, length)
	if err != nil {
		t.Error(err)
	}
	now := srv.cpu()
	res.server = now.server - cpu.server
	res.others = max(0, now.all-cpu.all-res.server-(srv.own()-own))
	res.after = srv.heap()
	close(c.stop)
	<-c.done
	slices.Sort(c.delays)
	res.got, res.p50, res.p99 = len(c.delays), percentile(c.delays, 50), percentile(c.delays, 99)
	if least := res.live * int(length/time.Second); res.got < least {
		t.Errorf("%s: %d readers got %d signals, not even one a second", name, res.live, res.got)
	}
	for _, r := range c.readers {
		if r.err != nil {
			t.Errorf("%s: a reader was lost: %v", name, r.err)
			break
		}
	}
	all, err := ends(srv.port)
	if err != nil {
		t.Error(err)
	}
	for i, r := range stuck {
		if e := all[r.port]; i == 0 || e.unacked < res.unread {
			res.unread = e.unacked
		}
	}
	senders.close()
	c.close()
	for _, r := range stuck {
		r.close()
	}
	srv.stop()
	return res
}

// senders are users who give signals over sockets and are in no room.
type senders []*reader

func dialSenders(port int) (senders, error) {
	var all senders
	for i := range signallers {
		r, err := connect(port, live)
		if err == nil {
			r.socket = true
			all = append(all, r)
			if err = r.ask(r.request(token(fmt.Sprintf("sender%d", i))), greeting); err == nil {
				err = syscall.SetNonblock(r.fd, true)
			}
		}
		if err != nil {
			all.close()
			return nil, err
		}
	}
	return all, nil
}

func (s senders) close() {
	for _, r := range s {
		r.close()
	}
}

// give gives signals at the rate that users may: in turns one of the host's own,
// of nearly 1 KiB, and that they are typing.
func (s senders) give(began time.Time, length time.Duration) (given int, err error) {
	answers := make([]byte, 16<<10)
	for {
		due := time.Duration(given) * time.Second / time.Duration(signalRate*len(s))
		if due >= length {
			return given, nil
		}
		if wait := due - time.Since(began); wait > 0 {
			time.Sleep(wait)
		}
		r := s[given%len(s)]
		body := fmt.Sprintf(`{"op":"typing","room":%q,"id":"t"}`, room)
		if given/len(s)%2 == 0 {
			body = fmt.Sprintf(`{"op":"signal","room":%q,"id":"x","kind":"x.cursor","data":{"text":%q}}`, room, text(given, due, 900))
		}
		if err := r.write(frame(0x1, body)); err != nil {
			return given, err
		}
		given++
		n, err := syscall.Read(r.fd, answers)
		switch {
		case err == syscall.EAGAIN:
		case err != nil || n == 0:
			return given, fmt.Errorf("answers end: %w", err)
		case bytes.Contains(answers[:n], []byte(`"error"`)):
			return given, fmt.Errorf("answer: %s", answers[:n])
		}
	}
}

func signalTable(all []*signalRun) string {
	var b strings.Builder
	b.WriteString("\n| run | live | frozen | given | got | p50 | p99 | memory before, after | CPU: server, others | least unread |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range all {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %s | %s | %.2f, %.2f MiB | %.1f, %.1f s | %d |\n", r.name, r.live, r.frozen, r.given, r.got,
			ms(r.p50), ms(r.p99), float64(r.before)/(1<<20), float64(r.after)/(1<<20), r.server.Seconds(), r.others.Seconds(), r.unread)
	}
	return b.String()
}
