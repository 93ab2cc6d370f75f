package store

import (
	"fmt"
	"iter"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// Marker returns up to where a user has read in a room; ok is false where
// nothing is known. It is a Snapshot for this one question.
func (s *Store) Marker(room, user string) (at ID, ok bool, err error) {
	sn, err := s.Snapshot()
	if err != nil {
		return ID{}, false, err
	}
	defer sn.Close()
	at, ok = sn.Marker(room, user)
	return at, ok, sn.Err()
}

// Marker returns up to where a user has read in a room; ok is false where
// nothing is known. Markers are no fold of the log: the snapshot shows them as
// they were when it first looked into the log file, and so some may be greater
// than its head, of a past as well. The end of a room ends its markers.
func (sn *Snapshot) Marker(room, user string) (at ID, ok bool) {
	b, end := sn.markers(room)
	if b == nil {
		return ID{}, false
	}
	defer sn.caught(sn.store.path)
	key := markerKey(room, user)
	v := b.Get(bytesOf(key))
	if v == nil {
		return ID{}, false
	}
	at, err := markerIn(key, v)
	if err != nil {
		sn.err = firstError(sn.err, err)
		return ID{}, false
	}
	if at.Compare(end) <= 0 {
		return ID{}, false
	}
	return at, true
}

// Markers yields up to where users have read in a room, in the order of their
// ids: see Marker.
func (sn *Snapshot) Markers(room string) iter.Seq2[string, ID] {
	return func(yield func(string, ID) bool) {
		b, end := sn.markers(room)
		if b == nil {
			return
		}
		cur := b.Cursor()
		prefix := markerKey(room, "")
		for k, at, ok := sn.nextMarker(cur, prefix, true); ok; k, at, ok = sn.nextMarker(cur, prefix, false) {
			if at.Compare(end) > 0 && !yield(k[len(prefix):], at) {
				return
			}
		}
	}
}

func (sn *Snapshot) nextMarker(cur *bolt.Cursor, prefix string, first bool) (key string, at ID, ok bool) {
	defer sn.caught(sn.store.path)
	var k, v []byte
	if first {
		k, v = cur.Seek([]byte(prefix))
	} else {
		k, v = cur.Next()
	}
	if key = string(k); !strings.HasPrefix(key, prefix) {
		return "", ID{}, false
	}
	at, err := markerIn(key, v)
	if err != nil {
		sn.err = firstError(sn.err, err)
		return "", ID{}, false
	}
	return key, at, true
}

// markers returns the bucket of markers, nil if there is none or the room is
// not there, and the id up to which its end has taken them.
func (sn *Snapshot) markers(room string) (b *bolt.Bucket, end ID) {
	if _, err := sn.log(); err != nil {
		sn.err = firstError(sn.err, err)
		return nil, ID{}
	}
	if _, err := sn.floorOf(room); err != nil || sn.met.ID != room {
		return nil, ID{}
	}
	defer sn.caught(sn.store.path)
	return sn.logTx.Bucket(bucketMarker), sn.met.end
}

func markerIn(key string, v []byte) (at ID, err error) {
	if len(v) != len(at) {
		return at, errMarker(key)
	}
	return ID(v), nil
}

func errMarker(key string) error { return fmt.Errorf("marker %.300q: %w", key, ErrDamaged) }
