package store

import (
	"unsafe"

	"github.com/tidwall/btree"
	bolt "go.etcd.io/bbolt"
)

// Layers read the rows of memory over the rows of the views file as one
// ordered table: a newer layer hides the rows of the older ones.
type layers struct {
	active, frozen *table // frozen may be nil
	rows           *bolt.Bucket
	keys           *bolt.Bucket
	sealed         bool // rows and keys are those of a views file: see sealed
}

// Buckets of the views file.
var (
	bucketRows = []byte("row")
	bucketKeys = []byte("key") // holds a bucket a generation: see keyGeneration
	bucketMeta = []byte("meta")
)

// file sets the transaction of the views file that is the lowest layer.
func (l *layers) file(tx *bolt.Tx) {
	l.rows, l.keys, l.sealed = tx.Bucket(bucketRows), tx.Bucket(bucketKeys), true
}

func (l *layers) get(key string) (string, bool) {
	if c, ok := l.active.Get(key); ok {
		return c.value, !c.dead
	}
	if l.frozen != nil {
		if c, ok := l.frozen.Get(key); ok {
			return c.value, !c.dead
		}
	}
	return l.fileGet(key)
}

// fileGet reads the views file alone.
func (l *layers) fileGet(key string) (string, bool) {
	b, k := l.rows, key
	if key[0] == rowKey[0] {
		if len(key) < 5 || l.keys == nil {
			return "", false
		}
		b, k = l.keys.Bucket(bytesOf(key[1:5])), key[5:]
	}
	if b == nil {
		return "", false
	}
	v := b.Get(bytesOf(k))
	if v == nil {
		return "", false
	}
	if l.sealed {
		v = mustUnseal(key, v)
	}
	return string(v), true
}

// bytesOf lends the bytes of a string to a call that only reads them.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// stringOf lends bytes as a string for as long as they do not change.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// A scan walks the rows of all layers in key order. Rows of idempotency keys
// are not walked: nothing looks for a range of them.
type scan struct {
	mem      [2]btree.MapIter[string, cell]
	memOK    [2]bool
	file     *bolt.Cursor
	key      string // of the file's row, valid until the file cursor moves
	value    string
	fileOK   bool
	sealed   bool // the file's rows are
	from, to string
	back     bool
}

// scan starts a walk over [from, to), in key order or backwards.
func (l *layers) scan(from, to string, back bool) *scan {
	if back {
		return l.descend(from, to)
	}
	return l.ascend(from, to)
}

// ascend starts a scan of [from, to); to "" means no bound.
func (l *layers) ascend(from, to string) *scan {
	s := &scan{from: from, to: to, sealed: l.sealed}
	for i, t := range []*table{l.active, l.frozen} {
		if t != nil && t.Len() > 0 {
			s.mem[i] = t.Iter()
			s.memOK[i] = s.mem[i].Seek(from)
		}
	}
	if l.rows != nil {
		s.file = l.rows.Cursor()
		s.took(s.file.Seek([]byte(from)))
	}
	return s
}

// descend starts a scan of [from, to), greatest first.
func (l *layers) descend(from, to string) *scan {
	s := &scan{from: from, to: to, back: true, sealed: l.sealed}
	for i, t := range []*table{l.active, l.frozen} {
		if t == nil || t.Len() == 0 {
			continue
		}
		s.mem[i] = t.Iter()
		if to != "" && s.mem[i].Seek(to) {
			s.memOK[i] = s.mem[i].Prev()
		} else {
			s.mem[i] = t.Iter()
			s.memOK[i] = s.mem[i].Last()
		}
	}
	if l.rows != nil {
		s.file = l.rows.Cursor()
		var k []byte
		if to != "" {
			k, _ = s.file.Seek([]byte(to))
		}
		if k != nil {
			s.took(s.file.Prev())
		} else {
			s.took(s.file.Last())
		}
	}
	return s
}

func (s *scan) took(k, v []byte) {
	s.fileOK = k != nil
	s.key, s.value = stringOf(k), stringOf(v)
}

// next returns the next row that is alive. Key and value are valid until the
// call after it, and no longer than the transaction.
func (s *scan) next() (key, value string, ok bool) {
	for {
		key, c, ok := s.step()
		if !ok {
			return "", "", false
		}
		if !c.dead {
			return key, c.value, true
		}
	}
}

// step takes the first row of all layers, the newest layer's where several
// have it, and moves every layer that stands on it.
func (s *scan) step() (key string, c cell, ok bool) {
	from := -1
	for i := range s.mem {
		if s.memOK[i] && s.inside(s.mem[i].Key()) && (from < 0 || s.before(s.mem[i].Key(), key)) {
			from, key = i, s.mem[i].Key()
		}
	}
	if s.fileOK && s.inside(s.key) && (from < 0 || s.before(s.key, key)) {
		from, key = 2, s.key
	}
	switch from {
	case -1:
		return "", c, false
	case 2:
		c = cell{value: s.value}
		if s.sealed {
			c.value = stringOf(mustUnseal(key, bytesOf(s.value)))
		}
	default:
		c = s.mem[from].Value()
	}
	for i := range s.mem {
		if s.memOK[i] && s.mem[i].Key() == key {
			if s.back {
				s.memOK[i] = s.mem[i].Prev()
			} else {
				s.memOK[i] = s.mem[i].Next()
			}
		}
	}
	if s.fileOK && s.key == key {
		if s.back {
			s.took(s.file.Prev())
		} else {
			s.took(s.file.Next())
		}
	}
	return key, c, true
}

func (s *scan) inside(key string) bool {
	if s.back {
		return key >= s.from
	}
	return s.to == "" || key < s.to
}

func (s *scan) before(a, b string) bool {
	if s.back {
		return a > b
	}
	return a < b
}
