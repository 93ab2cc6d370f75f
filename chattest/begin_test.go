package chattest_test

import (
	"log"
	"os"
	"slices"
	"testing"
)

// example is the testing.TB of an Example, which is given none.
type example struct {
	testing.TB
	cleanups []func()
}

func begin() *example { return &example{} }

func (*example) Helper()                           {}
func (*example) Error(args ...any)                 { log.Fatal(args...) }
func (*example) Errorf(format string, args ...any) { log.Fatalf(format, args...) }
func (*example) Fatal(args ...any)                 { log.Fatal(args...) }
func (*example) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (e *example) Cleanup(f func())                { e.cleanups = append(e.cleanups, f) }

func (e *example) TempDir() string {
	dir, err := os.MkdirTemp("", "chattest")
	if err != nil {
		log.Fatal(err)
	}
	e.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// end does what is done when a test ends.
func (e *example) end() {
	for _, f := range slices.Backward(e.cleanups) {
		f()
	}
}
