package store

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/roomlog/chat/internal/panics"
)

// batchMax bounds the commands of one commit.
const batchMax = 1024

// The committer is the only writer of the log. It takes all that waits,
// decides each command on the state that the ones before it left, appends
// their records, commits once, publishes, wakes readers, and answers.
type committer struct {
	*Store
	w     *workspace
	mint  *mint
	batch []*request

	// Of the running batch.
	tx       *bolt.Tx
	log      *bolt.Bucket
	now      time.Time
	nowText  []byte
	appended []Record
	raw      [][]byte      // the same, as stored
	erased   map[string]ID // newest record a room that was erased, or that its end took

	// Of the views' way to their file.
	timer       *time.Timer
	saveTimer   *time.Timer // for asides
	asides      []aside
	timerSet    bool
	flushing    bool
	flushErr    error
	job         flushJob
	flushFailed time.Time
	head        ID     // of the last commit
	headLink    uint32 // its record's link
	checkpoint  ID     // up to which the views file holds
	trims       uint64 // trims ever made, as the log file counts them
	lost        ID     // the greatest id that retention has taken, as the log file has it
	over        map[string]struct{}
	ending      map[string]*ending
	sweep       sweep
	due         bool // a flush has ended since rooms were last trimmed
}

func (c *committer) run() {
	defer close(c.stopped)
	debug.SetPanicOnFault(true) // a damaged page must not end the process
	for {
		c.housekeeping()
		c.batch = c.queue.take(c.batch[:0], batchMax)
		took := len(c.batch) > 0
		if took && c.commit() {
			continue // what was due of the asides has gone with it
		}
		c.saveAsides()
		if took {
			continue
		}
		if c.queue.drained() {
			break
		}
		if c.due {
			continue // retention has more to do
		}
		select {
		case <-c.queue.wake:
		case <-c.timer.C:
			c.timerSet = false
			c.freeze()
		case err := <-c.flushed:
			c.flushEnded(err)
		case <-c.observers.knock:
		case <-c.markers.knock:
		case <-c.saveTimer.C:
		}
	}
	c.finish()
}

// commit carries out a batch. It reports whether that has written anything.
func (c *committer) commit() (wrote bool) {
	taken := c.batch[:0]
	for _, r := range c.batch {
		if r.state.CompareAndSwap(requestWaiting, requestTaken) {
			taken = append(taken, r)
		}
	}
	c.batch = taken
	if len(taken) == 0 {
		return false
	}
	err := c.Failed()
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrFailed, err)
	} else if time.Now().UnixNano() < c.fullTil.Load() {
		err = ErrFull
	} else {
		err = c.roomInMemory()
	}
	if err != nil {
		c.answer(err)
		return false
	}
	start := time.Now()
	c.now = c.o.Now().UTC().Truncate(time.Millisecond)
	c.nowText = appendTime(c.nowText[:0], c.now.UnixMilli())
	for !c.attempt() { // again without the command that panicked
	}
	if len(c.appended) > 0 {
		took := time.Since(start)
		c.counts.commits.Add(1)
		c.counts.records.Add(int64(len(c.appended)))
		c.counts.commitTook.Add(int64(took))
		touched := c.release()
		appended := len(c.appended)
		c.answer(nil) // writers first: they do not wait for the waking of readers
		c.tell(Commit{Records: appended, Took: took})
		for _, r := range touched {
			r.ring()
		}
		c.live.all.ring()
		return true
	}
	c.answer(nil)
	return false
}

// attempt decides the batch, appends and commits. It reports false if a
// command panicked: nothing is left of the attempt then, the command is marked
// and the batch must be tried again.
func (c *committer) attempt() (done bool) {
	c.appended, c.raw = c.appended[:0], c.raw[:0]
	clear(c.erased)
	for _, r := range c.batch {
		if !r.poison {
			r.result, r.err = Result{}, nil
		}
	}
	last := c.mint.last
	undo := func(err error) {
		if c.tx != nil {
			rollback(c.tx)
			c.tx = nil
		}
		c.mint.last = last
		c.w.reset(c.root.Load().active)
		c.appended, c.raw = c.appended[:0], c.raw[:0]
		if err != nil {
			for _, r := range c.batch {
				if !r.poison {
					r.result, r.err = Result{}, err
				}
			}
		}
	}
	err := c.open()
	if err != nil {
		c.w.end()
		undo(c.refusal(err, 0))
		return true
	}
	for _, r := range c.batch {
		if r.poison {
			continue
		}
		first := len(c.appended)
		switch r.err = c.decide(r); {
		case r.err == nil || !errors.Is(r.err, ErrPanic) && len(c.appended) == first:
			// done, or refused before anything was touched
		default: // it left something half done
			r.poison = true
			c.w.end()
			undo(nil)
			return false
		}
	}
	c.w.settle()
	if len(c.appended) == 0 {
		c.w.end()
		rollback(c.tx)
		c.tx = nil
		return true
	}
	txid := c.tx.ID()
	_, err = c.writeAsides(c.tx)
	c.w.end()
	if err == nil {
		err = commitTx(c.tx)
		c.tx = nil
	}
	if err != nil {
		err = c.refusal(err, txid)
		undo(err)
	}
	c.wroteAsides(err)
	return true
}

// open begins the transactions of a batch.
func (c *committer) open() (err error) {
	defer guard(c.path, &err)
	if c.tx, err = c.Store.log.Begin(true); err != nil {
		return err
	}
	c.log = c.tx.Bucket(bucketLog)
	c.log.FillPercent = 1 // ids rise: pages fill from the right
	return c.w.begin(c.log)
}

// refusal tells what became of a batch whose commit ended with err.
func (c *committer) refusal(err error, txid int) error {
	if isFull(err) && c.unchanged(txid) {
		c.fullTil.Store(time.Now().Add(idle).UnixNano())
		c.o.Logger.Warn("chat log is full", "file", c.path, "error", err)
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	c.fail(fmt.Errorf("commit: %w", err))
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}

// isFull reports whether an error says that there is no room. bbolt does not wrap
// what it meets while it makes the file larger, so there its words must do.
func isFull(err error) bool {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, berrors.ErrMaxSizeReached} {
		if errors.Is(err, full) || strings.HasSuffix(err.Error(), ": "+full.Error()) {
			return true
		}
	}
	return false
}

// unchanged reports whether the log is as it was before a commit that failed.
func (c *committer) unchanged(txid int) (same bool) {
	var err error
	defer func() { same = same && err == nil }()
	defer guard(c.path, &err)
	err = c.Store.log.View(func(tx *bolt.Tx) error {
		k, _ := tx.Bucket(bucketLog).Cursor().Last()
		same = (txid == 0 || tx.ID() == txid-1) && string(k) == string(keyOf(c.head))
		return nil
	})
	return same
}

// keyOf is an id as a key of the log, nil for the zero id.
func keyOf(id ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// decide runs one command and appends what it yields.
func (c *committer) decide(r *request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(p)
			c.o.Logger.Error("command panicked", "room", r.Room, "panic", panics.Text(p), "stack", string(debug.Stack()))
		}
	}()
	if r.Key != "" {
		if room := c.w.find(r.Room); room != nil {
			if k, ok := c.w.lookupKey(room, r.UserID, r.Key, keyTime(c.now, c.mint.last), c.o.KeyTTL); ok {
				rec, err := c.w.Record(k.id)
				r.result, err = c.replay(r.Proposal, k, rec, err)
				return err
			}
		}
	}
	drafts, err := r.Decide(c.w, c.now)
	if err != nil {
		return err
	}
	for i, d := range drafts {
		if i > 0 && d.Key != "" { // a key is answered with one record
			return fmt.Errorf("draft of type %.40q: only the first of a command has an idempotency key", d.Type)
		}
	}
	first := len(c.appended)
	for _, d := range drafts {
		if err := c.append(d, r.Room); err != nil {
			if len(c.appended) > first {
				err = fmt.Errorf("%w: %w", ErrPanic, err) // all of a command or nothing
			}
			return err
		}
	}
	r.result = Result{Records: c.appended[first:len(c.appended):len(c.appended)]}
	return nil
}

// replay answers a proposal whose key is known. The record may have been
// taken away by retention since; then what is left of it is answered.
func (s *Store) replay(p *Proposal, k keyed, rec Record, err error) (Result, error) {
	switch {
	case errors.Is(err, ErrNotFound):
		rec = Record{ID: k.id, At: k.at, Room: p.Room, Type: k.kind, UserID: p.UserID, UserName: p.UserName, Erased: true, Lane: Others}
		rec.Body = s.o.Erase(&rec)
	case err != nil:
		return Result{}, err
	case !rec.Erased && p.Same != nil && !p.Same(&rec):
		return Result{}, ErrKeyReused
	}
	s.counts.replayed.Add(1)
	return Result{Records: []Record{rec.keep()}, Replayed: true}, nil
}

// release shows a durable batch to the world. It returns the rooms whose
// readers are to be woken.
func (c *committer) release() []*liveRoom {
	newest := &c.appended[len(c.appended)-1]
	c.head, c.headLink = newest.ID, newest.link
	c.w.sure = c.w.next
	c.counts.removing.Store(int64(len(c.ending)))
	active := c.w.active.Copy()
	// A reader that joined a room between the two would be rung by neither: it
	// looks before the batch is there, and its room was not live when offered.
	c.live.mu.RLock()
	touched := c.live.offer(c.appended, c.raw, c.erased, c.o.TailBytes)
	c.publish(func(r *root) {
		r.head, r.active = c.head, active
		if len(c.erased) > 0 {
			r.erasures++
		}
	})
	c.live.mu.RUnlock()
	if !c.timerSet {
		c.arm(c.o.FlushEvery)
	}
	return touched
}

// answer wakes the callers of the batch. err, if any, is for all of them.
func (c *committer) answer(err error) {
	for _, r := range c.batch {
		if err != nil {
			r.result, r.err = Result{}, err
		}
		if r.err != nil {
			c.counts.refused.Add(1)
		}
		r.done <- struct{}{}
	}
	c.appended = nil // the callers' now
	clear(c.raw)
}

// tell calls the host's hook, whose panic is its own.
func (c *committer) tell(done Commit) {
	if c.o.OnCommit == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			c.o.Logger.Error("OnCommit panicked", "panic", panics.Text(p), "stack", string(debug.Stack()))
		}
	}()
	c.o.OnCommit(done)
}
