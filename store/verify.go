package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// A chain is where a room's records have been followed to.
type chain struct {
	last ID
	link uint32
}

// Verify reads the whole log and checks every record: its checksum, its place
// in the order, and its link to the record before it in its room; then that
// each room ends where the views say. It returns all that is wrong, joined, up
// to a hundred findings, each ErrDamaged. Writers go on meanwhile.
//
// What it cannot see: that the newest records of a room are missing in log and
// views alike, as after restoring an older copy of the files.
func (s *Store) Verify(ctx context.Context, progress func(Progress)) error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if progress == nil {
		progress = s.o.Progress
	}
	v := verifier{store: s, rooms: map[string]chain{}}
	upTo := s.Head()
	var done, size int64
	for v.at != upTo && len(v.found) < 100 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, read, fileSize, err := v.page(upTo)
		if err != nil {
			return errors.Join(append(v.found, err)...)
		}
		if n == 0 {
			break
		}
		done, size = done+int64(n), size+int64(read)
		progress(Progress{Phase: "verify", Done: done, Total: max(fileSize*done/max(size, 1), done)})
	}
	if len(v.found) < 100 { // retention may have taken the record at upTo since: ends tells what is missing
		v.ends(upTo)
		progress(Progress{Phase: "verify", Done: done, Total: done})
	}
	return errors.Join(v.found...)
}

type verifier struct {
	store *Store
	at    ID
	rooms map[string]chain
	found []error
}

func (v *verifier) report(err error) {
	v.found = append(v.found, fmt.Errorf("%s: %w: %w", v.store.path, ErrDamaged, err))
}

// page checks the next records, under one short transaction.
func (v *verifier) page(upTo ID) (n, read int, fileSize int64, err error) {
	tx, err := v.store.log.Begin(false)
	if err != nil {
		return 0, 0, 0, closedErr(err)
	}
	defer rollback(tx)
	defer guard(v.store.path, &err)
	fileSize = tx.Size()
	cur := tx.Bucket(bucketLog).Cursor()
	k, val := cur.Seek(v.at[:])
	if bytes.Equal(k, v.at[:]) {
		k, val = cur.Next()
	}
	for ; k != nil && n < 4*pageRecords && bytes.Compare(k, upTo[:]) <= 0; k, val = cur.Next() {
		if len(k) != 16 {
			v.report(fmt.Errorf("key %x of the log", k))
			continue
		}
		if bytes.Compare(k, v.at[:]) <= 0 && !v.at.IsZero() {
			v.report(fmt.Errorf("record %x stands behind %s", k, v.at))
			return n, read, fileSize, nil
		}
		copy(v.at[:], k)
		v.record(tx, v.at, val)
		n, read = n+1, read+len(k)+len(val)
	}
	return n, read, fileSize, nil
}

func (v *verifier) record(tx *bolt.Tx, id ID, val []byte) {
	var r Record
	if err := decode(&r, id, val); err != nil {
		v.report(err)
		return
	}
	known, ok := v.rooms[r.Room]
	if !ok || known.last != r.Prev {
		// The room's earlier records may have gone into the base, perhaps since.
		if b, inBase := (&baseRows{bucket: tx.Bucket(bucketBase)}).Room(r.Room); inBase && (!ok || b.Floor.Compare(known.last) > 0) {
			known = chain{b.Last, b.link}
		}
	}
	if r.Prev != known.last || r.link != r.linkAfter(known.link) {
		v.report(fmt.Errorf("room %q: record %s does not follow %s", r.Room, r.ID, known.last))
	}
	room := string(bytesOf(r.Room))
	v.rooms[room] = chain{r.ID, r.link}
}

// ends checks that no room's newest records are missing.
func (v *verifier) ends(upTo ID) {
	sn, err := v.store.Snapshot()
	if err != nil {
		v.report(err)
		return
	}
	defer sn.Close()
	for room := range sn.Rooms("") {
		if room.Last.Compare(upTo) > 0 || room.Events == 0 {
			continue // written since
		}
		if v.rooms[room.ID].last != room.Last {
			v.report(fmt.Errorf("room %q: its newest record %s is missing", room.ID, room.Last))
		}
	}
	if sn.Err() != nil {
		v.report(sn.Err())
	}
}
