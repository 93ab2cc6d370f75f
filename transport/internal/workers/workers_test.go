package workers_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat/transport/internal/workers"
)

// Whoever makes something and rings then must find that it has been seen, however
// that falls together with a turn. Seen to fail with the state rung left out: a ring
// during a turn was lost.
func TestRing_isFollowedByATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := workers.New()
		counters := make([]counter, 50)
		tasks := make([]*workers.Task, len(counters))
		for i := range counters {
			c := &counters[i]
			tasks[i] = start(p, func(*workers.Task) workers.Next {
				c.seen.Store(c.made.Load())
				runtime.Gosched()
				return workers.Idle
			})
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for n := range 20_000 {
					c := &counters[n%len(counters)]
					c.made.Add(1)
					tasks[n%len(counters)].Ring()
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		for i := range counters {
			if made, seen := counters[i].made.Load(), counters[i].seen.Load(); made != seen {
				t.Fatalf("task %d has seen %d of %d", i, seen, made)
			}
		}
	})
}

// Seen to fail with Ring pushing a task whose turn runs.
func TestTurns_ofATaskDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := workers.New()
		var at, most atomic.Int64
		task := start(p, func(*workers.Task) workers.Next {
			most.Store(max(most.Load(), at.Add(1)))
			runtime.Gosched()
			at.Add(-1)
			return workers.Idle
		})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10_000 {
					task.Ring()
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		if most.Load() != 1 {
			t.Errorf("%d turns at once", most.Load())
		}
	})
}

// Tasks that have more to do wait for those that are due.
func TestMore_letsOthersGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := workers.New()
		var left atomic.Int64
		left.Store(1000)
		var begun [3]atomic.Int64
		for i := range begun {
			start(p, func(*workers.Task) workers.Next {
				begun[i].Add(1)
				if left.Add(-1) <= 0 {
					return workers.Done
				}
				return workers.More
			})
		}
		synctest.Wait()
		for i := range begun {
			if n := begun[i].Load(); n < 100 {
				t.Errorf("task %d had %d turns of 1000", i, n)
			}
		}
	})
}

func TestDone_isTheLastTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns atomic.Int64
		task := start(workers.New(), func(*workers.Task) workers.Next {
			turns.Add(1)
			return workers.Done
		})
		for range 10 {
			task.Ring()
			synctest.Wait()
		}
		if turns.Load() != 1 {
			t.Errorf("%d turns", turns.Load())
		}
	})
}

func TestRing_beforeStartBeginsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns atomic.Int64
		var task workers.Task
		task.Init(workers.New(), turner(func() workers.Next {
			turns.Add(1)
			return workers.Idle
		}))
		task.Ring()
		synctest.Wait()
		if turns.Load() != 0 {
			t.Error("a turn began before Start")
		}
		task.Start()
		synctest.Wait()
		if turns.Load() != 1 {
			t.Errorf("%d turns after Start", turns.Load())
		}
	})
}

// A hundred turns wait for ever, some of them without a word, and one more task has
// its turns all the same. Seen to fail with Block doing nothing, and for those that do
// not say so with look doing nothing.
func TestATurnThatWaits_holdsUpNobody(t *testing.T) {
	for name, says := range map[string]bool{"says so": true, "says nothing": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := workers.New()
				gate := make(chan struct{})
				open := sync.OnceFunc(func() { close(gate) })
				defer open()
				var waiting, turns atomic.Int64
				for range 100 {
					start(p, func(task *workers.Task) workers.Next {
						if says {
							task.Block()
							defer task.Unblock()
						}
						waiting.Add(1)
						<-gate
						waiting.Add(-1)
						return workers.Done
					})
				}
				task := start(p, func(*workers.Task) workers.Next {
					turns.Add(1)
					return workers.Idle
				})
				settle := synctest.Wait
				if !says { // some are found to take long at each look
					settle = func() { time.Sleep(5 * time.Second) }
				}
				settle()
				if waiting.Load() != 100 || turns.Load() != 1 {
					t.Fatalf("%d wait, and %d turns", waiting.Load(), turns.Load())
				}
				task.Ring()
				settle()
				if turns.Load() != 2 {
					t.Error("no turn while others wait")
				}
				open()
				synctest.Wait()
				if waiting.Load() != 0 {
					t.Errorf("%d still wait", waiting.Load())
				}
				// All places are free again: two can meet.
				meet := make(chan struct{})
				for range 2 {
					start(p, func(*workers.Task) workers.Next {
						select {
						case meet <- struct{}{}:
						case <-meet:
						}
						return workers.Done
					})
				}
				synctest.Wait() // else the bubble would not end
			})
		})
	}
}

// A hook of a host may end the goroutine that it is called on. Seen to fail with leave
// not starting another.
func TestATurnThatEndsItsGoroutine_takesNoPlaceFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := workers.New()
		var turns atomic.Int64
		for range 20 {
			start(p, func(*workers.Task) workers.Next {
				turns.Add(1)
				runtime.Goexit()
				return workers.Idle
			})
		}
		task := start(p, func(*workers.Task) workers.Next {
			turns.Add(1)
			return workers.Idle
		})
		synctest.Wait()
		if turns.Load() != 21 {
			t.Fatalf("%d turns of 21", turns.Load())
		}
		task.Ring()
		synctest.Wait()
		if turns.Load() != 22 {
			t.Error("no turn after that")
		}
	})
}

// Workers are gone when nothing is due: synctest fails if a goroutine is left.
func TestWorkers_areAsManyAsProcessorsAndGoWhenNothingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := workers.New()
		var at, most atomic.Int64
		for range 200 {
			start(p, func(*workers.Task) workers.Next {
				n := at.Add(1)
				for {
					m := most.Load()
					if n <= m || most.CompareAndSwap(m, n) {
						break
					}
				}
				runtime.Gosched()
				at.Add(-1)
				return workers.Done
			})
		}
		synctest.Wait()
		if limit := int64(max(2, runtime.GOMAXPROCS(0))); most.Load() > limit {
			t.Errorf("%d turns at once, of %d processors", most.Load(), limit)
		}
	})
}

// Each turn asks for the next one in another time, and it comes then or before, though
// the timer is not set anew each time. Seen to fail with the timer left alone where it is
// to ring later than asked for, and where it has rung.
func TestRingWithin_ringsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := workers.New()
		began := time.Now()
		waits := []time.Duration{10 * time.Second, time.Second, 30 * time.Second, 5 * time.Second, time.Hour}
		var turns atomic.Int64
		var due time.Time
		task := start(p, func(task *workers.Task) workers.Next {
			n := int(turns.Load())
			if n > 0 && time.Now().After(due) {
				t.Errorf("turn %d is late by %s", n, time.Since(due))
			}
			if n == 60 {
				return workers.Done
			}
			d := waits[n%len(waits)]
			due = time.Now().Add(d)
			task.RingWithin(d)
			turns.Add(1)
			return workers.Idle
		})
		synctest.Wait()
		for turns.Load() < 60 {
			time.Sleep(700 * time.Millisecond)
			if turns.Load()%2 == 0 {
				task.Ring() // between the times, too
			}
			synctest.Wait()
			if time.Since(began) > 100*time.Hour {
				t.Fatal("no turn comes")
			}
		}
	})
}
