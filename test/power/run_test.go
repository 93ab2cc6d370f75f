package power_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// sessions is how many processes work on a chat in one recording, one after the
// other: the third and the seventh compact it, the fourth works until its views
// have been flushed beside it.
const sessions = 8

// record has processes work on a new chat on a recorded disk. About half of them
// are killed, after any op or at a sync; their power stays on, so that what they have asked
// for is still under way when the next one begins.
func record(t *testing.T, seed uint64, keep int) (*recording, *ledger) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 0))
	began := time.Now()
	rec := &recording{}
	dir := mount(t, rec)
	var l *ledger
	killed := 0
	for n := range sessions {
		o := orders{Dir: dir, Seed: rnd.Uint64(), Keep: keep, Commands: 10 + rnd.IntN(30), Flush: n == 3, LoseViews: rnd.IntN(4) == 0}
		l = readLedger(t, rec.ops)
		o.Writers = l.writers
		o.Compact = l.ready > 0 && n%4 == 2
		e := atLast
		if n != 3 && rnd.IntN(5) > 0 {
			e = []func(int) end{after, atSync, atSync}[rnd.IntN(3)](soon(rnd, 2500))
		}
		if rec.run(t, o, e) {
			killed++
		}
	}
	l = readLedger(t, rec.ops)
	t.Logf("recording %d, keep %d, %v: %d ops, %d of %d processes killed, %d commands answered", seed, keep, time.Since(began).Round(time.Millisecond), len(rec.ops), killed, sessions, l.answers)
	if l.answers < 100 {
		t.Fatalf("void: %d commands were answered, too few to show anything", l.answers)
	}
	return rec, l
}

// soon draws a number below a bound, as often a small one as a large one.
func soon(rnd *rand.Rand, below int) int {
	return int(math.Exp(rnd.Float64() * math.Log(float64(below))))
}

// run has a process work until it is done, or its end has come.
func (r *recording) run(t *testing.T, o orders, e end) (killed bool) {
	t.Helper()
	in, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stdin = bytes.NewReader(in)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	started := make(chan struct{})
	r.begin(e, func() {
		<-started
		killed = true
		_ = cmd.Process.Kill() // it may have ended
	})
	err = cmd.Start()
	close(started)
	if err == nil {
		err = cmd.Wait()
	}
	r.over()
	if err != nil && !killed {
		t.Fatalf("the process at work: %v: %s", err, &stderr)
	}
	return killed
}
