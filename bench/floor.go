package main

import (
	"encoding/binary"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// floor is the least that durable posts on a bbolt file cost: one goroutine
// takes all callers that wait, puts one record for each at the right edge of
// one bucket, commits once, and answers all. It decides nothing, keeps no index
// and tells nobody but who is given as committed.
type floor struct {
	db        *bolt.DB
	committed func([]*caller) // called with those whose records are durable, before they are answered; may be nil
	mu        sync.Mutex
	waiting   []*caller
	wake      chan struct{}
	closed    chan struct{}
	done      chan error
}

// caller is one who waits for its record to be durable.
type caller struct {
	record []byte
	id     []byte // where in the record its id goes, as text; nil if nowhere
	room   string
	answer chan error
}

var floorBucket = []byte("log")

func boltOptions() *bolt.Options {
	return &bolt.Options{
		NoFreelistSync: true, FreelistType: bolt.FreelistMapType,
		InitialMmapSize: 8 << 30, Timeout: time.Second,
	}
}

func openFloor(dir string, committed func([]*caller)) (*floor, error) {
	db, err := bolt.Open(filepath.Join(dir, "floor.db"), 0o600, boltOptions())
	if err != nil {
		return nil, err
	}
	f := &floor{db: db, committed: committed, wake: make(chan struct{}, 1), closed: make(chan struct{}), done: make(chan error, 1)}
	go func() { f.done <- f.commitAll() }()
	return f, nil
}

func (f *floor) close() error {
	close(f.closed)
	<-f.done
	return f.db.Close()
}

// post waits until c's record is durable.
func (f *floor) post(c *caller) error {
	f.mu.Lock()
	f.waiting = append(f.waiting, c)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return <-c.answer
}

func (f *floor) commitAll() error {
	var batch []*caller
	var key [16]byte
	var n uint64
	for {
		select {
		case <-f.wake:
		case <-f.closed:
			return nil
		}
		f.mu.Lock()
		batch, f.waiting = f.waiting, batch[:0]
		f.mu.Unlock()
		if len(batch) == 0 {
			continue
		}
		err := f.db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists(floorBucket)
			if err != nil {
				return err
			}
			b.FillPercent = 1
			// A ULID: 48 bits of milliseconds, then what rises.
			binary.BigEndian.PutUint64(key[:], uint64(time.Now().UnixMilli())<<16)
			for _, c := range batch {
				n++
				binary.BigEndian.PutUint64(key[8:], n)
				if c.id != nil {
					numberID(c.id, &key)
				}
				if err := b.Put(key[:], c.record); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil && f.committed != nil {
			f.committed(batch)
		}
		for _, c := range batch {
			c.answer <- err
		}
	}
}
