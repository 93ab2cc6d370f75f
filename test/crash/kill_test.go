package crash_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	era     = 10  // cycles on one file
	leastAt = 100 // acknowledged posts a cycle, on average, below which nothing was shown
)

// A process with 64 writers is killed again and again. Each post that was
// acknowledged is there once, each event that a reader saw is there with the
// same bytes, and a post that was not acknowledged is there once when it was
// tried again. In some cycles the views file is gone, or older than the log, or
// that of another chat.
func TestKill_losesNothingAcknowledged(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rnd := rand.New(rand.NewPCG(*seed, 0))
	k := &killer{t: t, rnd: rnd}
	acks, early := 0, 0
	for cycle := range *cycles {
		if cycle%era == 0 {
			k.start()
		}
		k.tamper(cycle)
		k.kill()
		if !k.ledger.ready {
			early++
		}
		if last := cycle%era == era-1 || cycle == *cycles-1; last || rnd.IntN(2) == 0 {
			k.ledger.inspect(t)
			k.keepViews(k.ledger.views())
		}
		if t.Failed() {
			t.Fatalf("cycle %d", cycle)
		}
		if cycle%era == era-1 || cycle == *cycles-1 {
			acks += k.ledger.acks
		}
	}
	t.Logf("%d cycles, %d posts acknowledged, %d kills while opening", *cycles, acks, early)
	if acks < *cycles*leastAt {
		t.Fatalf("void: %d posts acknowledged in %d cycles, too few to show anything", acks, *cycles)
	}
}

type killer struct {
	t      *testing.T
	rnd    *rand.Rand
	ledger *ledger
	kept   []string // the views file of another chat, and older ones of this
}

// start begins a new chat.
func (k *killer) start() {
	k.kept = nil
	other := newLedger(filepath.Join(k.t.TempDir(), "chat.db"))
	other.inspect(k.t) // makes it, with a post of each writer
	k.keepViews(other.views())
	k.ledger = newLedger(filepath.Join(k.t.TempDir(), "chat.db"))
}

// keepViews puts a copy of a views file, which is closed, aside.
func (k *killer) keepViews(views string) {
	data, err := os.ReadFile(views)
	if err != nil {
		k.t.Fatal(err)
	}
	path := filepath.Join(k.t.TempDir(), "views")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		k.t.Fatal(err)
	}
	k.kept = append(k.kept, path)
}

// tamper takes the views file away or puts another one in its place: that of
// the other chat and an older one at least once in an era, else by chance.
func (k *killer) tamper(cycle int) {
	switch choice := k.rnd.IntN(10); {
	case cycle%era == 3:
		k.replaceViews(k.kept[0])
	case cycle%era == 6 || choice < 2:
		k.replaceViews(k.kept[k.rnd.IntN(len(k.kept))])
	case cycle%era == 8 || choice < 4:
		if err := os.Remove(k.ledger.views()); err != nil && !errors.Is(err, os.ErrNotExist) {
			k.t.Fatal(err)
		}
	}
}

func (k *killer) replaceViews(with string) {
	data, err := os.ReadFile(with)
	if err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(k.ledger.views(), data, 0o600); err != nil {
		k.t.Fatal(err)
	}
}

// kill starts a child and kills it: mostly at some moment while it writes, at
// times before it has opened the chat.
func (k *killer) kill() {
	k.t.Helper()
	in, err := json.Marshal(k.ledger.orders)
	if err != nil {
		k.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=write")
	cmd.Stdin = strings.NewReader(string(in))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.ledger.ready = false
	lines := bufio.NewReader(out)
	if k.rnd.IntN(5) == 0 {
		defer time.AfterFunc(time.Duration(k.rnd.IntN(100))*time.Millisecond, func() { cmd.Process.Kill() }).Stop()
	} else {
		slow := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
		line, err := lines.ReadString('\n')
		slow.Stop()
		if err != nil {
			cmd.Wait()
			k.t.Fatalf("child ended before it was killed: %v: %s", err, &stderr)
		}
		k.note(line)
		defer time.AfterFunc(time.Duration(20+k.rnd.IntN(300))*time.Millisecond, func() { cmd.Process.Kill() }).Stop()
	}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that was cut in two was never said
		}
		k.note(line)
	}
	io.Copy(io.Discard, out)
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		k.t.Fatalf("child was not killed: %v: %s", err, &stderr)
	}
}

func (k *killer) note(line string) {
	if err := k.ledger.note(strings.TrimSuffix(line, "\n")); err != nil {
		k.t.Error(fmt.Errorf("after a kill: %w", err))
	}
}
