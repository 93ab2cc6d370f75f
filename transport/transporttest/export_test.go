package transporttest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// Obligations returns the names of the subtests of Run.
func Obligations() (names []string) {
	for _, o := range obligations {
		names = append(names, o.name)
	}
	return names
}

// Alone reports whether the obligation must be checked beside no other.
func Alone(name string) bool {
	o := find(name)
	return o.alone || o.hurried
}

func find(name string) obligation {
	i := slices.IndexFunc(obligations, func(o obligation) bool { return o.name == name })
	return obligations[i]
}

// Complaints checks one obligation, and returns what would have failed the test.
// What must come may take as long as patience.
func Complaints(t *testing.T, tr Transport, name string, patience time.Duration) []string {
	tr.patience = patience
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // which Fatalf ends
		defer close(done)
		defer r.clean()
		find(name).check(r, &tr)
	}()
	<-done
	return r.all()
}

// recorder is a testing.TB that takes down what fails, and fails nothing.
type recorder struct {
	testing.TB
	mu         sync.Mutex
	complaints []string
	cleanups   []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.complaints = append(r.complaints, fmt.Sprintf(format, args...))
}

func (r *recorder) Error(args ...any) { r.Errorf("%s", fmt.Sprint(args...)) }

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

func (r *recorder) Failed() bool { return len(r.all()) > 0 }

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.complaints)
}

func (r *recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

// clean does what Cleanup was told, the last first.
func (r *recorder) clean() {
	r.mu.Lock()
	cleanups := r.cleanups
	r.cleanups = nil
	r.mu.Unlock()
	for _, f := range slices.Backward(cleanups) {
		f()
	}
}
