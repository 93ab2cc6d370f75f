package main

import (
	"slices"
	"sync"
)

// round goes to the readers of the logs in which there is something new.
type round struct {
	mu   sync.Mutex
	logs []*tailLog
	wake chan struct{}
}

// queue makes the round, which is the i-th, look at a log.
func (r *round) queue(l *tailLog, i int) {
	if l.queued[i].Swap(true) {
		return
	}
	r.mu.Lock()
	r.logs = append(r.logs, l)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run is the round's goroutine, until closed is.
func (r *round) run(i int, closed <-chan struct{}) {
	var logs []*tailLog
	for {
		select {
		case <-r.wake:
		case <-closed:
			return
		}
		r.mu.Lock()
		logs, r.logs = r.logs, logs[:0]
		r.mu.Unlock()
		for _, l := range logs {
			l.queued[i].Store(false) // before it looks: what comes meanwhile rings again
			l.serve(i)
		}
	}
}

// serve writes each reader of a share what it is behind.
func (l *tailLog) serve(share int) {
	l.mu.Lock()
	readers := l.shares[share]
	l.mu.Unlock()
	var gone []*tailReader
	for _, r := range readers {
		if !l.write(r, share) {
			gone = append(gone, r)
		}
	}
	if gone == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shares[share] = slices.DeleteFunc(slices.Clone(l.shares[share]), func(r *tailReader) bool { return slices.Contains(gone, r) })
	l.count.Add(-int64(len(gone)))
}
