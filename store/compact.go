package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"

	bolt "go.etcd.io/bbolt"
)

// Compact rewrites the files of a store that is closed, without the free pages
// that erasing, retention and ended rooms have left, and puts them in the place
// of the old ones: no byte of a record that is gone is in them any more. What
// ended rooms still hold is left out, but for the rows that retention made of
// them: those go when the store is opened the next time. It needs room for both.
// Views that are damaged, or of a log that has changed by this, are removed: the
// next open makes them anew.
func Compact(path string, progress func(Progress)) error {
	temp := path + ".compact"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("compact %s: %w", name(path), err)
	}
	defer os.Remove(temp)
	b := &backup{}
	return b.rewrite("compact", path, temp, progress, func(*bolt.DB) error { return nil }, func(src *bolt.DB) error {
		compacted := compactViews(viewsPath(path))
		if compacted != nil || len(b.ended) > 0 {
			if err := os.Remove(viewsPath(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if runtime.GOOS == "windows" { // does not rename over a file that is open
			if err := src.Close(); err != nil {
				return err
			}
		}
		return errors.Join(os.Rename(temp, path), syncDir(filepath.Dir(path)))
	})
}

// compactViews rewrites a views file. After an error the old one is there, or
// none was.
func compactViews(path string) (err error) {
	defer guard(path, &err)
	src, err := openFile(path, 0, func(Progress) {})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer src.Close()
	temp := path + ".compact"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.Remove(temp)
	err = buildFile(temp, func(dst *bolt.DB) error {
		return src.View(func(tx *bolt.Tx) error {
			for _, name := range [][]byte{bucketRows, bucketMeta} {
				if err := copyRows(dst, tx.Bucket(name), name); err != nil {
					return err
				}
			}
			keys := tx.Bucket(bucketKeys)
			if keys == nil {
				return errors.New("not a views file")
			}
			if err := copyRows(dst, keys, bucketKeys); err != nil {
				return err
			}
			return keys.ForEachBucket(func(g []byte) error {
				return copyRows(dst, keys.Bucket(g), bucketKeys, bytes.Clone(g))
			})
		})
	})
	if err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		if err := src.Close(); err != nil {
			return err
		}
	}
	return os.Rename(temp, path)
}

// copyRows copies the rows of a bucket to where path is in dst, a page a
// transaction. Buckets in it are left out.
func copyRows(dst *bolt.DB, src *bolt.Bucket, path ...[]byte) error {
	if src == nil {
		return fmt.Errorf("no bucket %q", path)
	}
	cur := src.Cursor()
	k, v := cur.First()
	for first := true; first || k != nil; first = false {
		err := dst.Update(func(tx *bolt.Tx) error {
			var b interface {
				CreateBucketIfNotExists([]byte) (*bolt.Bucket, error)
			} = tx
			var to *bolt.Bucket
			for _, name := range path {
				var err error
				if to, err = b.CreateBucketIfNotExists(name); err != nil {
					return err
				}
				b = to
			}
			to.FillPercent = 0.9
			for n := 0; k != nil && n < 16*foldPage; n++ {
				if v != nil {
					if err := to.Put(bytes.Clone(k), bytes.Clone(v)); err != nil {
						return err
					}
				}
				k, v = cur.Next()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// An endedRoom is a room as the base of a copy will have it, and the last of the
// records that are left out.
type endedRoom struct {
	Room
	toEnd ID
}

// findEnded finds the rooms of the source that have ended and still hold
// records from before: as the base has them, and with the end that they have.
func (b *backup) findEnded() error {
	b.ended = map[string]*endedRoom{}
	ends := map[string]ID{}
	err := b.eachRecord(func(r *Record) {
		if r.Ends && !r.Prev.IsZero() {
			ends[string(bytesOf(r.Room))] = r.Prev
		}
	})
	if err != nil || len(ends) == 0 {
		return err
	}
	var unnumbered bool
	base := &baseRows{}
	err = b.src.View(func(tx *bolt.Tx) error {
		base.bucket = tx.Bucket(bucketBase)
		for id, end := range ends {
			room, ok := base.Room(id)
			if ok && room.Last.Compare(end) >= 0 {
				continue
			}
			room.ID = id
			unnumbered = unnumbered || !ok
			b.ended[id] = &endedRoom{room, end}
		}
		return base.err
	})
	if err == nil && unnumbered {
		err = b.number()
	}
	return err
}

// number gives rooms that have ended the numbers that a rebuild would.
func (b *backup) number() error {
	seen := map[string]struct{}{}
	taken := map[uint32]struct{}{}
	err := b.src.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketBase).ForEach(func(k, v []byte) error {
			switch {
			case k[0] == rowNumber[0] && len(k) == 5:
				taken[numberIn(string(k))] = struct{}{}
			case k[0] == rowRoom[0]:
				seen[string(k[1:])] = struct{}{}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	next := uint32(1)
	return b.eachRecord(func(r *Record) {
		if _, ok := seen[r.Room]; ok {
			return
		}
		for _, is := taken[next]; is; _, is = taken[next] {
			next++
		}
		seen[string(bytesOf(r.Room))] = struct{}{}
		if room := b.ended[r.Room]; room != nil {
			room.Number = next
		}
		next++
	})
}

// eachRecord calls f with all records of the source, whose strings lie in pages.
func (b *backup) eachRecord(f func(r *Record)) error {
	return b.src.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketLog).ForEach(func(k, v []byte) error {
			if len(k) != len(ID{}) {
				return fmt.Errorf("key %x of the log: %w", k, ErrDamaged)
			}
			var r Record
			if err := decode(&r, ID(k), v); err != nil {
				return err
			}
			f(&r)
			return nil
		})
	})
}

// leaveOut reports whether a record is one that the end of its room took, and
// takes it into account.
func (b *backup) leaveOut(id ID, rec []byte) (bool, error) {
	if len(b.ended) == 0 {
		return false, nil
	}
	var r Record
	split(&r, id, rec)
	room := b.ended[r.Room]
	if room == nil || id.Compare(room.toEnd) > 0 {
		return false, nil
	}
	if r.Prev != room.Last || r.link != r.linkAfter(room.link) {
		return true, fmt.Errorf("room %q: record %s does not follow %s: %w", room.ID, r.ID, room.Last, ErrDamaged)
	}
	room.move(&r)
	return true, nil
}

// writeEnded writes into the copy how far ended rooms have been removed: all
// but for the rows of the host. Their markers go from it.
func (b *backup) writeEnded(tx *bolt.Tx) error {
	if len(b.ended) == 0 {
		return nil
	}
	base := &baseRows{bucket: tx.Bucket(bucketBase)}
	byNumber := map[uint32]*endedRoom{}
	for _, room := range b.ended {
		if _, ok := base.Room(room.ID); !ok {
			base.Set(numberKey(room.Number), room.ID)
			room.end = room.toEnd // it has no rows
		}
		room.Floor, room.Events = room.Last, 0
		base.Set(roomKey(room.ID), encodeRoom(&room.Room))
		byNumber[room.Number] = room
	}
	var gone [][]byte
	cur := base.bucket.Cursor()
	for k, v := cur.Seek([]byte(rowKey)); bytes.HasPrefix(k, []byte(rowKey)); k, v = cur.Next() {
		number, _ := roomInKey(string(k))
		if kept, ok := decodeKeyed(string(v)); ok && byNumber[number] != nil && kept.id.Compare(byNumber[number].toEnd) <= 0 {
			gone = append(gone, bytes.Clone(k))
		}
	}
	for _, k := range gone {
		base.Delete(string(k))
	}
	for id, room := range b.ended {
		_, err := new(ending).removeMarkers(tx, id, room.toEnd, math.MaxInt)
		base.err = firstError(base.err, err)
	}
	meta := tx.Bucket(bucketMeta)
	var trims uint64
	if v := meta.Get(keyTrims); len(v) == 8 {
		trims = binary.BigEndian.Uint64(v)
	}
	return errors.Join(base.err, meta.Put(keyTrims, binary.BigEndian.AppendUint64(nil, trims+1)))
}
