package store

import (
	crand "crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/roomlog/chat/internal/pagecheck"
)

// Keys of the log file's meta bucket.
var (
	keyFormat = []byte("format") // "roomlog 1"
	keyStore  = []byte("store")  // the store's id
	keyTrims  = []byte("trims")  // u64: trims ever made
	keyLost   = []byte("lost")   // the greatest id that retention has taken
)

const (
	formatName    = "roomlog "
	formatVersion = "1"
)

// lockTimeout is how long a locked file is waited for.
const lockTimeout = 800 * time.Millisecond

// boltOptions are what both files are opened with.
func boltOptions(maxSize int64) *bolt.Options {
	o := &bolt.Options{
		Timeout:        lockTimeout,
		NoFreelistSync: true,
		FreelistType:   bolt.FreelistMapType,
		NoStatistics:   true,
		MaxSize:        int(maxSize),
	}
	// A file that outgrows its mapping waits for all readers. The mapping is
	// address space only; on Windows it would be the size of the file.
	if mapping := int64(64 << 30); runtime.GOOS != "windows" && mapping <= math.MaxInt {
		o.InitialMmapSize = int(mapping)
	}
	return o
}

// Create makes a new, empty store at path and opens it. It fails with
// fs.ErrExist if there is a file already. The file appears whole: a crash
// during Create leaves none.
func Create(path string, o Options) (*Store, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("create %s: %w", name(path), fs.ErrExist)
	}
	var id [16]byte
	_, _ = crand.Read(id[:]) // never fails
	err := newFile(path, func(tx *bolt.Tx) error {
		for _, b := range [][]byte{bucketLog, bucketBase, bucketSeen} {
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		return putMeta(tx, hex.EncodeToString(id[:]))
	})
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name(path), err)
	}
	return Open(path, o)
}

func putMeta(tx *bolt.Tx, id string) error {
	meta, err := tx.CreateBucketIfNotExists(bucketMeta)
	if err != nil {
		return err
	}
	return errors.Join(meta.Put(keyFormat, []byte(formatName+formatVersion)), meta.Put(keyStore, []byte(id)))
}

// newFile makes a bolt file with one transaction: see buildFile.
func newFile(path string, fill func(tx *bolt.Tx) error) error {
	return buildFile(path, func(db *bolt.DB) error { return db.Update(fill) })
}

// install gives a finished file its name, unless that is taken.
func install(temp, path string) error {
	if err := os.Link(temp, path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fs.ErrExist
		}
		if err := os.Rename(temp, path); err != nil { // no links on this file system
			return err
		}
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if runtime.GOOS == "windows" { // has no such thing
		err = nil
	}
	return errors.Join(err, d.Close())
}

// Open opens the store at path and folds what the views lack, telling
// Options.Progress. It fails with fs.ErrNotExist if there is no file, with
// ErrLocked within a second, with ErrForeign (also for an empty file),
// ErrVersion, or ErrDamaged.
func Open(path string, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{
		o: o, path: path,
		queue:     queue{wake: make(chan struct{}, 1)},
		observers: newObservers(),
		markers:   markers{knock: newKnock(), waiting: map[string]*mark{}},
		live:      live{rooms: map[string]*liveRoom{}},
		flush:     make(chan flushJob, 1),
		flushed:   make(chan error, 1),
		stopped:   make(chan struct{}),
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	c, err := s.start()
	if err != nil {
		for _, db := range []*bolt.DB{s.views, s.log} {
			if db != nil {
				_ = db.Close()
			}
		}
		return nil, fmt.Errorf("open chat log: %w", err)
	}
	go s.runFlusher()
	go c.run()
	return s, nil
}

// start opens the files and brings the views to the head of the log.
func (s *Store) start() (c *committer, err error) {
	defer guard(s.path, &err)
	if s.log, err = openFile(s.path, s.o.MaxSize, s.o.Progress); err != nil {
		return nil, err
	}
	if s.id, err = readMeta(s.log); err == nil {
		err = s.observers.load(s.log)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name(s.path), err)
	}
	c = &committer{Store: s, erased: map[string]ID{}, over: map[string]struct{}{}, ending: map[string]*ending{}, timer: time.NewTimer(time.Hour), saveTimer: time.NewTimer(time.Hour)}
	c.asides = []aside{&s.observers, &s.markers}
	c.timer.Stop()
	c.saveTimer.Stop()
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("%s: %w", name(s.path), err)
	}
	return c, nil
}

// openFile opens a bolt file that exists. Pages are checked before bbolt sees
// them: it panics on a damaged one, in a goroutine of its own when it scans
// for free pages.
func openFile(path string, maxSize int64, progress func(Progress)) (*bolt.DB, error) {
	if err := check(path, os.O_RDWR, progress); err != nil { // its permission to be written is asked for now
		return nil, err
	}
	return openBolt(path, boltOptions(maxSize))
}

// openToRead is openFile for a file that is only read, and may be on a medium
// that cannot be written.
func openToRead(path string, progress func(Progress)) (*bolt.DB, error) {
	if err := check(path, os.O_RDONLY, progress); err != nil {
		return nil, err
	}
	o := boltOptions(0)
	o.ReadOnly = true
	return openBolt(path, o)
}

func openBolt(path string, o *bolt.Options) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, o)
	if errors.Is(err, syscall.ENOMEM) { // there is a limit on address space
		o.InitialMmapSize = 0
		db, err = bolt.Open(path, 0o600, o)
	}
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, berrors.ErrTimeout):
		err = ErrLocked
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil, fmt.Errorf("%s: %w", name(path), err)
}

// fullCheck is the size up to which all pages of a file are checked at every
// open, which takes a fraction of a second. Of a larger one that was closed
// cleanly only the pages are checked that open needs.
const fullCheck = 256 << 20

// check looks at the pages of a file under its lock: all of them if the file
// was not closed cleanly or is not large, else those that open needs. A file that
// is to be written is then made durable as it is.
func check(path string, mode int, progress func(Progress)) error {
	f, err := os.OpenFile(path, mode, 0) // never created
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lock(f, lockTimeout); err != nil {
		return fmt.Errorf("%s: %w", name(path), err)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file: %w", name(path), ErrForeign)
	}
	synced, err := pagecheck.Synced(f)
	if err == nil {
		err = pagecheck.Check(f, info.Size(), !synced || info.Size() <= fullCheck, func(done, total int64) {
			progress(Progress{Phase: "check", Done: done, Total: total})
		})
	}
	switch {
	case errors.Is(err, pagecheck.ErrNotBolt):
		return fmt.Errorf("%s: %w: %w", name(path), ErrForeign, err)
	case errors.Is(err, pagecheck.ErrDamaged):
		return fmt.Errorf("%s: %w: %w", name(path), ErrDamaged, err)
	case err == nil && mode != os.O_RDONLY:
		// A process that was killed may have left the file, or its name, as the
		// system has it and the disk has not. What is found here is shown, answered
		// and built upon: it must not be taken back by a power cut.
		err = errors.Join(f.Sync(), syncDir(filepath.Dir(path)))
	}
	return err
}

// readMeta tells whose file it is.
func readMeta(db *bolt.DB) (id string, err error) {
	err = db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil || tx.Bucket(bucketLog) == nil || tx.Bucket(bucketBase) == nil {
			return fmt.Errorf("%w: it has no log", ErrForeign)
		}
		switch format := string(meta.Get(keyFormat)); {
		case len(format) < len(formatName) || format[:len(formatName)] != formatName:
			return fmt.Errorf("%w: it has no format", ErrForeign)
		case format != formatName+formatVersion:
			return fmt.Errorf("%w: format %q, this program knows %s", ErrVersion, format, formatVersion)
		}
		id = string(meta.Get(keyStore))
		if len(id) != 32 {
			return fmt.Errorf("%w: it has no store id", ErrDamaged)
		}
		return nil
	})
	return id, err
}
