package store

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Store is a log in a file. Its methods may be called concurrently.
type Store struct {
	o    Options
	path string
	id   string
	log  *bolt.DB // the truth
	// views is the folded state; it may be deleted while the store is closed.
	views *bolt.DB

	queue    queue
	requests sync.Pool // of *request; per store, so that no channel of a synctest bubble leaves it
	live     live
	root     atomic.Pointer[root]
	pubMu    sync.Mutex // held while root is replaced: by the committer and the flusher

	flush   chan flushJob // to the flusher, holds one
	flushed chan error    // from it, holds one
	stopped chan struct{} // closed when the committer has returned

	failure atomic.Pointer[error]
	fullTil atomic.Int64 // Unix nanoseconds until which a full disk is not tried again

	observers observers
	markers   markers
	backups   backups
	counts    counts
	closing   sync.Once
	ended     atomic.Bool
	closed    error
}

// A root is what readers see: one durable position of the log, and the rows
// as they were then. It is replaced as a whole.
type root struct {
	head ID
	// The rows of memory. frozen is being written to the views file, or nil.
	active, frozen *table
	// viewsTx is the newest transaction of the views file that these tables lie
	// over; while frozen is there, the one after it fits too.
	viewsTx int
	// erasures counts the commits that erased something.
	erasures uint64
}

// Buckets of the log file.
var (
	bucketLog    = []byte("log")
	bucketBase   = []byte("base") // rows of rooms as they were at their floors
	bucketSeen   = []byte("observer")
	bucketMarker = []byte("marker") // made when first needed
)

// ID is the store's identity, 32 hexadecimal digits. Cursors belong to it.
func (s *Store) ID() string { return s.id }

// Path is the file of the log.
func (s *Store) Path() string { return s.path }

// Head is the id of the newest durable record, zero for an empty store.
func (s *Store) Head() ID { return s.root.Load().head }

// Failed returns why the store no longer writes, nil while it does. A store
// that has failed still reads.
func (s *Store) Failed() error {
	if p := s.failure.Load(); p != nil {
		return *p
	}
	return nil
}

// fail stops all writing.
func (s *Store) fail(err error) {
	if s.failure.CompareAndSwap(nil, &err) {
		s.o.Logger.Error("chat log stops writing; reopen it", "file", s.path, "error", err)
	}
}

// publish replaces the root with what change makes of a copy of it.
func (s *Store) publish(change func(r *root)) {
	s.pubMu.Lock()
	r := *s.root.Load()
	change(&r)
	s.root.Store(&r)
	s.pubMu.Unlock()
}

// Close commits the proposals that wait, writes the views, and closes the
// files. Later proposals, and readers that have caught up, get ErrClosed.
// Further calls return what the first one did.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.queue.close()
		<-s.stopped
		s.ended.Store(true)
		s.live.ringAll()
		s.closed = s.closeFiles()
	})
	return s.closed
}

// closeFiles ends a store whose committer has returned. It leaves the
// freelists in the files, so that the next open need not scan for free pages.
func (s *Store) closeFiles() error {
	var errs []error
	for _, db := range []*bolt.DB{s.views, s.log} {
		if db == nil {
			continue
		}
		if s.Failed() == nil {
			db.NoFreelistSync = false
			errs = append(errs, touch(db))
		}
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// touch commits an empty transaction.
func touch(db *bolt.DB) (err error) {
	defer guard(db.Path(), &err)
	return db.Update(func(*bolt.Tx) error { return nil })
}

// viewsPath is where the views of a log stand.
func viewsPath(path string) string { return path + ".views" }

func newMint(last ID, seed [32]byte) *mint {
	return &mint{last: last, rand: rand.NewChaCha8(seed)}
}

// name is a file's name as messages give it.
func name(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// counts are what Stats tells of the running store.
type counts struct {
	commits, records, replayed, refused, flushes atomic.Int64
	flushTook                                    atomic.Int64 // nanoseconds, sum
	removing                                     atomic.Int64
	commitTook                                   atomic.Int64
}

// idle is how long a full disk is left alone before it is tried again: bbolt
// scans the file after a failed commit.
const idle = time.Second
