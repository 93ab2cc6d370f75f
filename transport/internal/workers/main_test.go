package workers_test

import (
	"sync/atomic"
	"testing"

	"github.com/roomlog/chat/internal/testkit"
	"github.com/roomlog/chat/transport/internal/workers"
)

func TestMain(m *testing.M) {
	testkit.AtOnce(16)
	m.Run()
}

// turner is a function as a Turner.
type turner func() workers.Next

func (f turner) Turn() workers.Next { return f() }

// start starts a task of a function.
func start(p *workers.Pool, f func(t *workers.Task) workers.Next) *workers.Task {
	var t workers.Task
	t.Init(p, turner(func() workers.Next { return f(&t) }))
	t.Start()
	return &t
}

// counter is something that turns look for.
type counter struct{ made, seen atomic.Int64 }
