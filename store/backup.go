package store

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// backups are the backups that are under way. The committer tells them what it
// changes behind them: everything else in a log is append-only.
type backups struct {
	mu   sync.Mutex
	runs map[*backup]struct{}
}

// A backup copies the log, page by page, into another file.
type backup struct {
	src *bolt.DB
	dst *bolt.DB
	at  ID // copied up to here
	// ended are the rooms whose earlier records are left out: see findEnded.
	ended map[string]*endedRoom

	mu      sync.Mutex
	erased  []ID // overwritten since they may have been copied
	trimmed bool // some may be gone since
}

func (b *backups) each(f func(*backup)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for run := range b.runs {
		run.mu.Lock()
		f(run)
		run.mu.Unlock()
	}
}

func (b *backups) erased(id ID) { b.each(func(r *backup) { r.erased = append(r.erased, id) }) }

func (b *backups) trimmed() { b.each(func(r *backup) { r.trimmed = true }) }

func (b *backups) add(run *backup) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.runs == nil {
		b.runs = map[*backup]struct{}{}
	}
	b.runs[run] = struct{}{}
}

func (b *backups) remove(run *backup) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.runs, run)
}

// lastPage is how few records may be left for the copy to end in one
// transaction.
const lastPage = 4096

// Backup writes a copy of the log to path, which must not exist, while the
// store goes on: it is the state at some moment before Backup returns. It never
// holds one transaction for long. The copy opens as a store of its own with
// the same identity and the checkpoints of observers; views are not copied, they
// are rebuilt. What ended rooms still hold goes when it is opened. To go on with a
// copy beside the original, use Restore.
func (s *Store) Backup(ctx context.Context, path string, progress func(Progress)) error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if progress == nil {
		progress = s.o.Progress
	}
	err := buildFile(path, func(dst *bolt.DB) (err error) {
		defer guard(s.path, &err)
		b := &backup{src: s.log, dst: dst}
		s.backups.add(b)
		defer s.backups.remove(b)
		return b.run(ctx, progress)
	})
	if err != nil {
		return fmt.Errorf("backup %s to %s: %w", s.path, path, err)
	}
	return nil
}

func (b *backup) run(ctx context.Context, progress func(Progress)) error {
	if err := b.dst.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket(bucketLog)
		return err
	}); err != nil {
		return err
	}
	var done, size int64
	for last := false; !last; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var keys, values [][]byte
		var fileSize int64
		err := b.src.View(func(tx *bolt.Tx) (err error) {
			fileSize = tx.Size()
			keys, values, last, err = readPage(tx, b.at, lastPage)
			return err
		})
		if err != nil {
			return err
		}
		if last { // few are left: what ends the copy is one state
			err = b.src.View(func(rest *bolt.Tx) (err error) {
				if keys, values, last, err = readPage(rest, b.at, 2*lastPage); err != nil {
					return err
				}
				return b.write(keys, values, rest, last)
			})
		} else {
			err = b.write(keys, values, nil, false)
		}
		if err != nil {
			return err
		}
		for i := range keys {
			size += int64(len(keys[i]) + len(values[i]))
		}
		if done += int64(len(keys)); len(keys) > 0 {
			copy(b.at[:], keys[len(keys)-1])
			progress(Progress{Phase: "backup", Done: done, Total: max(fileSize*done/max(size, 1), done)})
		}
	}
	progress(Progress{Phase: "backup", Done: done, Total: done})
	return nil
}

// readPage copies up to max records behind a position, checking each.
func readPage(tx *bolt.Tx, after ID, max int) (keys, values [][]byte, last bool, err error) {
	cur := tx.Bucket(bucketLog).Cursor()
	k, v := cur.Seek(after[:])
	if bytes.Equal(k, after[:]) {
		k, v = cur.Next()
	}
	for ; k != nil && len(keys) < max; k, v = cur.Next() {
		var r Record
		if err := decode(&r, ID(k), v); err != nil {
			return nil, nil, false, err
		}
		keys, values = append(keys, bytes.Clone(k)), append(values, bytes.Clone(v))
	}
	return keys, values, k == nil, nil
}

// write appends a page to the copy; the last one comes with all that is not
// append-only, as rest has it.
func (b *backup) write(keys, values [][]byte, rest *bolt.Tx, last bool) error {
	return b.dst.Update(func(tx *bolt.Tx) error {
		log := tx.Bucket(bucketLog)
		log.FillPercent = 1
		for i := range keys {
			if out, err := b.leaveOut(ID(keys[i]), values[i]); err != nil {
				return err
			} else if out {
				continue
			}
			if err := log.Put(keys[i], values[i]); err != nil {
				return err
			}
		}
		if !last {
			return nil
		}
		b.mu.Lock()
		erasedIDs := append([]ID(nil), b.erased...)
		b.mu.Unlock()
		for _, id := range erasedIDs {
			if v := rest.Bucket(bucketLog).Get(id[:]); v != nil && log.Get(id[:]) != nil {
				if err := log.Put(id[:], bytes.Clone(v)); err != nil {
					return err
				}
			}
		}
		for _, name := range [][]byte{bucketBase, bucketMeta, bucketSeen, bucketMarker} {
			if err := copyBucket(tx, rest, name); err != nil {
				return err
			}
		}
		if err := b.writeEnded(tx); err != nil {
			return err
		}
		return b.dropTrimmed(tx, log, rest.Bucket(bucketLog))
	})
}

// dropTrimmed removes from the copy what was trimmed after it was copied.
func (b *backup) dropTrimmed(tx *bolt.Tx, log, now *bolt.Bucket) error {
	b.mu.Lock()
	trimmed := b.trimmed
	b.mu.Unlock()
	if !trimmed {
		return nil
	}
	var gone [][]byte
	have := now.Cursor()
	h, _ := have.First()
	cur := log.Cursor()
	for k, _ := cur.First(); k != nil; k, _ = cur.Next() {
		for h != nil && bytes.Compare(h, k) < 0 {
			h, _ = have.Next()
		}
		if !bytes.Equal(h, k) {
			gone = append(gone, bytes.Clone(k))
		}
	}
	for _, k := range gone {
		if err := log.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

func copyBucket(dst, src *bolt.Tx, name []byte) error {
	b, err := dst.CreateBucketIfNotExists(name)
	if err != nil {
		return err
	}
	from := src.Bucket(name)
	if from == nil {
		return nil
	}
	return from.ForEach(func(k, v []byte) error { return b.Put(bytes.Clone(k), bytes.Clone(v)) })
}

// buildFile makes a bolt file with build under a temporary name and moves it
// to path, which must not exist.
func buildFile(path string, build func(db *bolt.DB) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if err := temp.Close(); err != nil {
		return err
	}
	// Synced once at the end; without NoFreelistSync, so that the first open
	// need not scan.
	db, err := bolt.Open(temp.Name(), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, NoSync: true})
	if err != nil {
		return err
	}
	if err := errors.Join(build(db), db.Sync(), db.Close()); err != nil {
		return err
	}
	return install(temp.Name(), path)
}

// Restore makes a new store at path from a backup, or from the log of a store
// that is closed. The new store has an identity of its own: cursors of the old
// one do not fit it, since the two may go different ways from here. path must
// not exist; the source is only read.
func Restore(source, path string, progress func(Progress)) error {
	return new(backup).rewrite("restore", source, path, progress, func(dst *bolt.DB) error {
		var id [16]byte
		_, _ = crand.Read(id[:]) // never fails
		return dst.Update(func(tx *bolt.Tx) error { return putMeta(tx, hex.EncodeToString(id[:])) })
	}, nil)
}

// rewrite copies the log of a closed store, checking every record, and lets
// finish change the copy. place, if any, is called while the lock of the source
// is still held, so that nobody writes to a file that is about to be replaced.
func (b *backup) rewrite(what, source, path string, progress func(Progress), finish, place func(*bolt.DB) error) error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if progress == nil {
		progress = func(Progress) {}
	}
	open := openToRead
	if place != nil { // it will be replaced: nobody else may have it open
		open = func(path string, progress func(Progress)) (*bolt.DB, error) { return openFile(path, 0, progress) }
	}
	src, err := open(source, progress)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer src.Close()
	if _, err := readMeta(src); err != nil {
		return fmt.Errorf("%s %s: %w", what, name(source), err)
	}
	err = buildFile(path, func(dst *bolt.DB) (err error) {
		defer guard(source, &err)
		b.src, b.dst = src, dst
		if place != nil {
			if err := b.findEnded(); err != nil {
				return err
			}
		}
		err = b.run(context.Background(), func(p Progress) { p.Phase = what; progress(p) })
		if err == nil {
			err = finish(dst)
		}
		return err
	})
	if err == nil && place != nil {
		err = place(src)
	}
	if err != nil {
		return fmt.Errorf("%s %s to %s: %w", what, name(source), name(path), err)
	}
	return nil
}
