package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roomlog/chat/internal/panics"
)

// A Proposal is a command: what it says of itself, and the rule that decides it.
type Proposal struct {
	Room, UserID, Key string
	// UserName is the actor's name, for the answer to a key whose record
	// retention has taken away.
	UserName string
	// Decide is called in the committer's goroutine with the state that all
	// earlier commands left. It returns the drafts to append, in order and all
	// of this room, or none if nothing is to change, or the reason to refuse.
	// It must not block, must not keep v, and must be ready to be called again
	// if another command of the same commit panics.
	Decide func(v View, now time.Time) ([]*Draft, error)
	// Same tells whether a record that was stored under this proposal's key
	// says the same as the proposal. nil means yes.
	Same func(r *Record) bool
}

// Result is the answer to a proposal.
type Result struct {
	Records  []Record // what was appended, or the record that the key stands for
	Replayed bool     // the key was known: Records is the first answer
}

// A request is a proposal on its way through the committer.
type request struct {
	*Proposal
	state  atomic.Int32 // requestWaiting and so on
	done   chan struct{}
	result Result
	err    error
	poison bool // its Decide or Apply has panicked
}

const (
	requestWaiting = iota
	requestTaken
	requestWithdrawn
)

// Propose runs a command and waits for its commit to be durable. If ctx ends
// before the committer has taken the command it is withdrawn and nothing is
// written; from then on Propose waits for the outcome.
//
// Errors are those of Decide, ErrKeyReused, ErrPanic, ErrFull, ErrFailed,
// ErrUnknown, ErrClosed, or that of ctx.
func (s *Store) Propose(ctx context.Context, p *Proposal) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if p.Key != "" {
		s.touchKey(p)
	}
	r, _ := s.requests.Get().(*request)
	if r == nil {
		r = &request{done: make(chan struct{}, 1)}
	}
	r.Proposal = p
	r.state.Store(requestWaiting)
	if err := s.queue.put(r); err != nil {
		return Result{}, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(requestWaiting, requestWithdrawn) {
			return Result{}, ctx.Err() // the committer may still hold r: it is not used again
		}
		<-r.done
	}
	res, err := r.result, r.err
	*r = request{done: r.done}
	s.requests.Put(r)
	return res, err
}

// touchKey reads the pages of the views file that the committer will look for
// the key in, so that it is this goroutine that waits if they are on disk.
func (s *Store) touchKey(p *Proposal) {
	sn, err := s.Snapshot()
	if err != nil {
		return // Propose will meet it again
	}
	defer sn.Close()
	room, ok := sn.Room(p.Room)
	if !ok {
		return
	}
	defer sn.caught(s.path)
	g := keyGeneration(keyTime(s.o.Now(), sn.Head()), s.o.KeyTTL)
	for _, gen := range [2]uint32{g, g - 1} {
		sn.fileGet(keyKey(gen, p.Key, room.Number, p.UserID))
	}
}

// A queue holds the requests that wait for the committer.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	closed  bool
	wake    chan struct{} // holds one token while there may be something
}

func (q *queue) put(r *request) error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return ErrClosed
	}
	q.waiting = append(q.waiting, r)
	first := len(q.waiting) == 1
	q.mu.Unlock()
	if first {
		q.ring()
	}
	return nil
}

func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes all that waits, up to max, and appends it to batch.
func (q *queue) take(batch []*request, max int) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), max)
	batch = append(batch, q.waiting[:n]...)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	if rest > 0 {
		q.ring()
	}
	return batch
}

// close refuses what comes from now on.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.ring()
}

// drained reports whether nothing waits and nothing more can come.
func (q *queue) drained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && len(q.waiting) == 0
}

// recovered turns a panic of a command into its error, which may be logged.
func recovered(p any) error { return fmt.Errorf("%w: %s", ErrPanic, panics.Text(p)) }
