package chattest_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// TestMain fails the package if a test leaves a goroutine of the project behind.
func TestMain(m *testing.M) {
	code := m.Run()
	for range 200 {
		if code != 0 || leaked() == "" {
			os.Exit(code)
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Fprintln(os.Stderr, "goroutines are left:\n"+leaked())
	os.Exit(1)
}

// leaked returns the stacks of goroutines, other than this one, that run code of the
// project, or a connection of a client's.
func leaked() string {
	buf := make([]byte, 1<<20)
	var left []string
	for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")[1:] {
		if strings.Contains(stack, "roomlog/chat") || strings.Contains(stack, "persistConn") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// within is a context that fails what waits for too long.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not come true: %s", what)
		}
	}
}

// trial is the testing.TB of a test inside of a test: what it fails with is kept.
type trial struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

// try runs a test inside of a test, with its cleanups, and returns what it failed
// with.
func try(t *testing.T, test func(t testing.TB)) (failures string) {
	t.Helper()
	inner := &trial{TB: t}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer func() {
			for i := len(inner.cleanups) - 1; i >= 0; i-- {
				inner.cleanups[i]()
			}
		}()
		test(inner)
	}()
	<-over
	return inner.told()
}

// told returns what the test has failed with by now.
func (t *trial) told() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.failures, "\n")
}

func (t *trial) Helper()          {}
func (t *trial) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *trial) Error(args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}

func (t *trial) Errorf(format string, args ...any) { t.Error(fmt.Sprintf(format, args...)) }

func (t *trial) Fatal(args ...any) {
	t.Error(args...)
	runtime.Goexit()
}

func (t *trial) Fatalf(format string, args ...any) { t.Fatal(fmt.Sprintf(format, args...)) }
