package store

import (
	"fmt"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// saveEvery is how long what observers have saved waits for a commit to go
// with, before it gets one of its own.
const saveEvery = time.Second

// observerName bounds the bytes of an observer's name.
const observerName = 128

// observers are the checkpoints of durable observers: those of the file, with
// what has been saved since laid over.
type observers struct {
	knock
	mu      sync.Mutex
	at      map[string]ID
	dirty   map[string]bool // not yet in the file
	since   time.Time       // when something began to be dirty
	writing []seen          // in a transaction; the committer's alone
	closed  bool
}

func newObservers() observers {
	return observers{knock: newKnock(), at: map[string]ID{}, dirty: map[string]bool{}}
}

// Observer returns up to where the durable observer of a name has come; ok is
// false for a name that has saved nothing. It may be called concurrently.
func (s *Store) Observer(name string) (at ID, ok bool, err error) {
	if err := checkObserver(name); err != nil {
		return ID{}, false, err
	}
	s.observers.mu.Lock()
	defer s.observers.mu.Unlock()
	at, ok = s.observers.at[name]
	return at, ok, nil
}

// SaveObserver notes up to where a durable observer has come. The name is 1 to
// 128 bytes. An id that is not greater than the one known changes nothing; one
// behind the head counts as the head. It returns at once: the file has it with
// the next commit, or within about a second, or at Close. A process that is
// killed meanwhile starts again from an earlier record: observers see each
// record at least once. It fails with ErrClosed and ErrFailed.
func (s *Store) SaveObserver(name string, at ID) error {
	if head := s.Head(); at.Compare(head) > 0 {
		at = head
	}
	return s.changeObserver(name, func(o *observers) (changed bool) {
		known, ok := o.at[name]
		if ok && at.Compare(known) <= 0 {
			return false
		}
		o.at[name] = at
		return true
	})
}

// ForgetObserver removes what is known of a durable observer, as durably as
// SaveObserver saves. A name that is not known is no error.
func (s *Store) ForgetObserver(name string) error {
	return s.changeObserver(name, func(o *observers) (changed bool) {
		_, changed = o.at[name]
		delete(o.at, name)
		return changed
	})
}

func (s *Store) changeObserver(name string, change func(o *observers) (changed bool)) error {
	if err := checkObserver(name); err != nil {
		return err
	}
	if err := s.Failed(); err != nil {
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	o := &s.observers
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	if change(o) {
		if len(o.dirty) == 0 {
			o.since = time.Now()
			o.ring()
		}
		o.dirty[name] = true
	}
	return nil
}

func checkObserver(name string) error {
	if len(name) == 0 || len(name) > observerName {
		return fmt.Errorf("observer %.40q: a name is 1 to %d bytes", name, observerName)
	}
	return nil
}

// load reads what the file knows.
func (o *observers) load(db *bolt.DB) error {
	return db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketSeen)
		if b == nil { // no observer was ever saved
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			if len(v) != len(ID{}) {
				return fmt.Errorf("checkpoint of observer %.40q: %w", k, ErrDamaged)
			}
			o.at[string(k)] = ID(v)
			return nil
		})
	})
}

// A seen is a checkpoint as it has been written.
type seen struct {
	name string
	at   ID
	ok   bool // else it was removed
}

func (o *observers) due() (at time.Time, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return time.Time{}, len(o.dirty) > 0
	}
	return o.since.Add(saveEvery), len(o.dirty) > 0
}

// write puts what is dirty into a transaction of the log file.
func (o *observers) write(tx *bolt.Tx, _ *workspace, _ time.Time) (changed bool, err error) {
	o.writing = o.writing[:0]
	o.mu.Lock()
	for name := range o.dirty {
		at, ok := o.at[name]
		o.writing = append(o.writing, seen{name, at, ok})
	}
	o.mu.Unlock()
	if len(o.writing) == 0 {
		return false, nil
	}
	defer guard("observers", &err)
	b, err := tx.CreateBucketIfNotExists(bucketSeen)
	for _, s := range o.writing {
		if err != nil {
			return false, err
		}
		if s.ok {
			err = b.Put([]byte(s.name), s.at[:])
		} else {
			err = b.Delete([]byte(s.name))
		}
	}
	return true, err
}

// wrote marks as clean what has been committed and has not changed since.
// Anything else is tried again.
func (o *observers) wrote(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.writing
	o.writing = o.writing[:0]
	if err != nil || len(list) == 0 {
		return
	}
	for _, s := range list {
		if at, ok := o.at[s.name]; at == s.at && ok == s.ok {
			delete(o.dirty, s.name)
		}
	}
	o.since = time.Now() // for what was saved while the commit was under way
}

func (o *observers) refuse(error) {} // nobody waits

func (o *observers) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
}
