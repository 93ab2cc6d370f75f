package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func seamDraft(room string) *Draft {
	head := `{"id":"00000000000000000000000000","at":"`
	return &Draft{
		Room: room, Type: "Note", UserID: "ann",
		Body: []byte(head + `2026-01-02T03:04:05.678Z"}`), IDAt: 7, TimeAt: len(head),
	}
}

// A reader that begins between the offer of a batch to the tails and its
// publication must be rung when the batch is published.
func TestRead_begunWhileABatchIsReleasedIsRung(t *testing.T) {
	s, err := Create(filepath.Join(t.TempDir(), "log.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.pubMu.Lock() // the committer will stand between offer and publish
	done := make(chan error, 1)
	go func() {
		_, err := s.Propose(context.Background(), &Proposal{
			Room: "a", UserID: "ann",
			Decide: func(View, time.Time) ([]*Draft, error) { return []*Draft{seamDraft("a")}, nil },
		})
		done <- err
	}()
	until(t, func() bool { // the committer stands between offer and publish, and holds this
		if s.live.mu.TryLock() {
			s.live.mu.Unlock()
			return false
		}
		return true
	})
	got := make(chan int, 1)
	began := make(chan struct{})
	go func() {
		r := s.Read([]string{"a"}, ID{}, nil)
		defer r.Close()
		n := 0
		if es, _, err := r.Poll(); err == nil {
			n += len(es)
		}
		close(began)
		for n == 0 {
			select {
			case <-r.Bell().C:
			case <-time.After(3 * time.Second):
				got <- 0
				return
			}
			es, _, _ := r.Poll()
			n += len(es)
		}
		got <- n
	}()
	select { // with a fix the reader may have to wait for the publication
	case <-began:
	case <-time.After(200 * time.Millisecond):
	}
	s.pubMu.Unlock()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != 1 {
		t.Fatal("the reader slept through the record")
	}
}

// What is in the file and not yet published is not shown by its id either.
func TestSnapshot_showsNoRecordBehindItsHead(t *testing.T) {
	s, err := Create(filepath.Join(t.TempDir(), "log.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.pubMu.Lock()
	done := make(chan Result, 1)
	go func() {
		res, _ := s.Propose(context.Background(), &Proposal{
			Room: "a", UserID: "ann",
			Decide: func(View, time.Time) ([]*Draft, error) { return []*Draft{seamDraft("a")}, nil },
		})
		done <- res
	}()
	var written ID
	until(t, func() bool {
		_ = s.log.View(func(tx *bolt.Tx) error {
			k, _ := tx.Bucket(bucketLog).Cursor().Last()
			copy(written[:], k)
			return nil
		})
		return !written.IsZero()
	})
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.pubMu.Unlock(); <-done }()
	defer sn.Close()
	if _, err := sn.Record(written); err == nil {
		t.Fatalf("record %s is shown by a snapshot at %s", written, sn.Head())
	}
}

// until waits for a state of the committer that nothing announces.
func until(t *testing.T, reached func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !reached(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the committer does not get there")
		}
	}
}
