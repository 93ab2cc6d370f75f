package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if _, is := os.LookupEnv(serverEnv); is { // the servers are this program, too
		if err := command(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// tiny are settings with which everything is measured in little time.
func tiny(t *testing.T) settings {
	return settings{
		dir: t.TempDir(), took: 30 * time.Millisecond, warm: 10 * time.Millisecond, pairs: 1, events: 2000, rooms: 20,
		spread: []int{1, 20}, callers: []int{1, 16}, readers: []int{8}, posters: 4, rate: 200, window: 64, short: 300, long: 1000, conns: 20, replay: 500, clients: 5, behind: 100, over: []string{"ws", "sse"},
	}
}

// Every part prints a table that has a row for each thing that it measures, and
// leaves nothing behind.
func TestRun_printsEveryTable(t *testing.T) {
	rows := map[string]int{ // with the heads of the tables
		"posts": 1 + 4, "http": 1 + 6, "deliver": 1 + 7 + 4, "rooms": 1 + 6, "latency": 1 + 6, "replay": 1 + 2, "stream": 1 + 4 + 8, "reconnect": 1 + 4, "bell": 1 + 2, "idle": 1 + 4, "long": 1 + 7 + 1 + 3, "unread": 1 + 6, "marks": 1 + 2,
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			var out bytes.Buffer
			s := tiny(t)
			if err := run(&out, s, p.name); err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(out.String(), "\n| "); got != rows[p.name] {
				t.Errorf("%d rows, want %d:\n%s", got, rows[p.name], &out)
			}
			left, err := os.ReadDir(s.dir)
			if err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestRun_knowsItsParts(t *testing.T) {
	if err := run(&bytes.Buffer{}, tiny(t), "posts,nothing"); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("got %v", err)
	}
}
