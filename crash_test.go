package chat_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/internal/testkit"
)

// driveUntilKilled is set for a copy of this test program that gives random
// commands to the chat at the path until it is killed.
const driveUntilKilled = "CHAT_TEST_DRIVE"

// drive gives commands from several goroutines, and prints the ID of every
// event that it has an answer for.
func drive(path string) {
	keep, _ := strconv.Atoi(os.Getenv(driveUntilKilled + "_KEEP"))
	seed, _ := strconv.ParseUint(os.Getenv(driveUntilKilled+"_SEED"), 10, 64)
	c, err := chat.OpenFlushing(path, &chat.Options{Keep: keep}, 60)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	for i := range uint64(4) {
		go func() {
			t := &driver{}
			rnd := rand.New(rand.NewPCG(seed, i))
			rooms := []string{"a", "b"}
			ids := map[string][]chat.ID{}
			for {
				id := rooms[rnd.IntN(len(rooms))]
				if e := randomCommand(t, rnd, c.Room(id), ids[id]); e != chat.Start {
					ids[id] = append(ids[id], e)
					mu.Lock()
					fmt.Println(id, e)
					mu.Unlock()
				}
			}
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
	os.Exit(1)
}

// A driver is the testing.TB of a process that has no test.
type driver struct{ testing.TB }

func (*driver) Helper()        {}
func (*driver) Cleanup(func()) {}
func (*driver) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

// crash drives the chat at the path until n events were answered and kills the
// process in the middle of its work. It returns their lines.
func crash(t *testing.T, path string, keep, n int, seed uint64) (answered []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), driveUntilKilled+"="+path,
		fmt.Sprint(driveUntilKilled, "_KEEP=", keep), fmt.Sprint(driveUntilKilled, "_SEED=", seed))
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if answered = append(answered, lines.Text()); len(answered) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if len(answered) < n {
		t.Fatalf("the process ended by itself after %d events", len(answered))
	}
	if last := answered[len(answered)-1]; len(strings.Fields(last)) != 2 || len(last) != len("a ")+26 {
		answered = answered[:len(answered)-1] // cut off
	}
	return answered
}

// dump returns all folded rows of the chat at the path, as Open finds or makes
// them, and closes it.
func dump(t *testing.T, path string) string {
	t.Helper()
	c, err := chat.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	return dumpOf(t, c)
}

// dumpOf waits for what goes in the background of rooms that have ended: one dump
// must not find it half done where another has it whole.
func dumpOf(t *testing.T, c *chat.Chat) string {
	t.Helper()
	eventually(t, func() bool { return c.Stats().Removing == 0 })
	var b strings.Builder
	if err := chat.DumpViews(c, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// dumpWith is dump of a copy with another views file, or with none.
func dumpWith(t *testing.T, path, views string) string {
	t.Helper()
	other := filepath.Join(t.TempDir(), "copy.db")
	testkit.Copy(t, path, other)
	if views != "" {
		testkit.Copy(t, views, other+".views")
	}
	return dump(t, other)
}

func expectSameRows(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s: row %d of %d is %s, want %s", what, i, len(g), g[i], w[i])
		}
	}
	t.Fatalf("%s: %d rows, want %d", what, len(g), len(w))
}

// Whether the views were folded as the log grew, from a checkpoint after each
// of several crashes, from an older one, or anew: they are the same.
func TestViews_areTheSameHoweverTheyWereFolded(t *testing.T) {
	t.Parallel()
	for _, keep := range []int{0, 40} {
		t.Run(fmt.Sprint("keep=", keep), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "chat.db")
			older := "" // the views file of the crash before
			for cycle := range uint64(4) {
				answered := crash(t, path, keep, 300, cycle)
				left := filepath.Join(t.TempDir(), "left.views")
				testkit.Copy(t, path+".views", left)

				rebuilt := dumpWith(t, path, "")
				expectSameRows(t, "from the checkpoint of the crash", dumpWith(t, path, left), rebuilt)
				if older != "" {
					expectSameRows(t, "from an older checkpoint", dumpWith(t, path, older), rebuilt)
				}
				older = left
				if keep == 0 {
					expectAnswered(t, path, answered)
				}
			}
			if keep > 0 && floorOf(t, path, "a") == chat.Start {
				t.Errorf("retention took nothing at keep %d", keep)
			}
		})
	}
}

func floorOf(t *testing.T, path, room string) chat.ID {
	t.Helper()
	c, err := chat.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	info, err := c.Room(room).Info(within(t), "")
	if errors.Is(err, chat.ErrRoomNotFound) {
		return chat.End // it is deleted just now
	}
	if err != nil {
		t.Fatal(err)
	}
	return info.Floor
}

// expectAnswered checks that all events that were answered are in the log, and
// that the views of it are what a naive fold says.
func expectAnswered(t *testing.T, path string, answered []string) {
	t.Helper()
	c, err := chat.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var log []string
	ended := map[string]string{} // the newest deletion of a room
	for _, id := range []string{"a", "b"} {
		for _, e := range logOf(t, c.Room(id)) {
			if e.Type == "RoomDeleted" {
				ended[id] = fmt.Sprint(id, " ", e.ID)
			}
			log = append(log, fmt.Sprint(id, " ", e.ID))
		}
		checkAgainstLog(t, rand.New(rand.NewPCG(1, 1)), c, c.Room(id))
	}
	slices.Sort(log)
	for _, line := range answered {
		if _, ok := slices.BinarySearch(log, line); !ok && line > ended[line[:1]] {
			t.Errorf("event %s was answered and is lost", line)
		}
	}
	if err := c.Verify(within(t), nil); err != nil {
		t.Error(err)
	}
}

// The rows of the running chat are those of the chat that is opened again,
// with its views and without.
func TestViews_areTheSameLiveAndReopened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	c, err := chat.OpenFlushing(path, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var ids []chat.ID
	for c.Stats().Flushes < 4 {
		if id := randomCommand(t, rnd, c.Room("a"), ids); id != chat.Start {
			ids = append(ids, id)
		}
	}
	live := dumpOf(t, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	expectSameRows(t, "reopened", dump(t, path), live)
	expectSameRows(t, "rebuilt", dumpWith(t, path, ""), live)
}
