//go:build linux

package load_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child is a server in a process of its own.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	port int
	path string // of the chat's file
}

// start starts a server with a new file, which must have been stopped when the
// test ends.
func start(t *testing.T, o order) *child {
	t.Helper()
	o.Path = filepath.Join(t.TempDir(), "chat.db")
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command(os.Args[0]), path: o.Path}
	c.cmd.Env = append(os.Environ(), childEnv+"="+string(raw))
	c.cmd.Stderr = t.Output()
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	if c.port, err = strconv.Atoi(c.line()); err != nil {
		t.Fatal(err)
	}
	return c
}

// stop drains the server and waits for its end.
func (c *child) stop() {
	c.t.Helper()
	if err := c.in.Close(); err != nil {
		c.t.Error(err)
	}
	late := time.AfterFunc(2*patience, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("server: %v", err)
	}
}

func (c *child) line() string {
	c.t.Helper()
	late := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.t.Fatalf("server: %v", err)
	}
	return strings.TrimSpace(line)
}

// goroutines asks how many there are.
func (c *child) goroutines() int {
	c.t.Helper()
	return c.ask("stats").Goroutines
}

// heap asks how much memory is in use when the garbage has gone, stacks included,
// in bytes.
func (c *child) heap() int64 {
	c.t.Helper()
	return c.ask("heap").Heap
}

func (c *child) ask(what string) (s stats) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.in, what); err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(c.line()), &s); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// descriptors counts the open files of the server.
func (c *child) descriptors() int {
	c.t.Helper()
	files, err := os.ReadDir(c.proc("fd"))
	if err != nil {
		c.t.Fatal(err)
	}
	return len(files)
}

// memory returns the resident memory of the server and the most that it was, in
// bytes: VmRSS and VmHWM of proc_pid_status(5).
func (c *child) memory() (now, most int64) {
	c.t.Helper()
	text, err := os.ReadFile(c.proc("status"))
	if err != nil {
		c.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			now = kib << 10
		}
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			most = kib << 10
		}
	}
	return now, most
}

// busy is processor time that was used so far.
type busy struct {
	server, all time.Duration // all: of the whole machine
}

// cpu returns how busy the processors were, in the ticks of 10 ms of
// proc_pid_stat(5) and proc_stat(5).
func (c *child) cpu() busy {
	c.t.Helper()
	text, err := os.ReadFile(c.proc("stat"))
	if err != nil {
		c.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // behind the name of the program
	server := strings.Fields(after)
	if text, err = os.ReadFile("/proc/stat"); err != nil {
		c.t.Fatal(err)
	}
	all := strings.Fields(string(text)) // "cpu", user, nice, system, idle, iowait, irq, softirq, steal
	if len(server) < 13 || len(all) < 9 {
		c.t.Fatalf("the times of the server are %q, of all %q", server, all)
	}
	return busy{
		server: c.ticks(server[11:13]), // utime, stime
		all:    c.ticks(append(all[1:4:4], all[6:9]...)),
	}
}

func (c *child) ticks(fields []string) (sum time.Duration) {
	c.t.Helper()
	for _, f := range fields {
		n, err := strconv.Atoi(f)
		if err != nil {
			c.t.Fatal(err)
		}
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum
}

// own returns the processor time that the test itself has used.
func (c *child) own() time.Duration {
	c.t.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		c.t.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func (c *child) proc(file string) string {
	return fmt.Sprintf("/proc/%d/%s", c.cmd.Process.Pid, file)
}

// level is how much the server holds.
type level struct {
	goroutines, descriptors int
	memory                  int64 // resident, in bytes
}

func (c *child) level() level {
	c.t.Helper()
	now, _ := c.memory()
	return level{goroutines: c.goroutines(), descriptors: c.descriptors(), memory: now}
}

// settle waits until the server holds no more goroutines and descriptors than
// it did, and returns what it holds then.
func (c *child) settle(before level) level {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		now := c.level()
		if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors {
			return now
		}
		select {
		case <-late:
			c.t.Errorf("the server keeps %d goroutines of %d and %d descriptors of %d",
				now.goroutines, before.goroutines, now.descriptors, before.descriptors)
			return now
		case <-tick.C:
		}
	}
}
