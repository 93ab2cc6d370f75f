package store

import (
	"log/slog"
	"time"
)

// Options for Open and Create. The zero value is ready to use, but for Apply.
type Options struct {
	// Apply folds a record into the rows. It must be deterministic: no clock,
	// no randomness, no order of maps. It is called by the committer and by
	// rebuilds, for each record in order, one at a time. A record may be erased.
	// room is as it stands with this record; of it Apply may change the Tag.
	//
	// What Apply leaves of a room after a record that Ends it must not depend on
	// the room's rows or Tag before: it removes what Drop removes, sets the Tag,
	// and goes on as for a new room. Records that are about to be removed by a
	// later end may not be folded at all. Store.At calls Apply concurrently, on rows
	// of its own.
	Apply func(rows Rows, room *Room, r *Record)
	// Drop removes all rows about a room that Apply has written. The store calls
	// it on what retention has folded of a room that ended; Apply should call it on
	// the record that ends one. nil removes none.
	Drop func(rows Rows, room Room)
	// Trim removes the rows that speak of records of the room at or below
	// room.Floor, and only those. nil removes none.
	Trim func(rows Rows, room Room)
	// Erase returns the body of a record that is being erased. It must not
	// change r.Body, which is nil where retention has taken the record away.
	Erase func(r *Record) []byte
	// Fold names the version of Apply. Views that another one wrote are rebuilt.
	Fold string

	KeyTTL    time.Duration    // how long an idempotency key is remembered; 0 = 7 days
	Keep      int              // records kept per room, enforced within seconds; 0 = all
	TailBytes int64            // memory for the tails of all rooms; 0 = 64 MiB
	MaxSize   int64            // bytes the log file may grow to; 0 = no limit
	Now       func() time.Time // nil = time.Now
	Logger    *slog.Logger     // nil = discard
	Progress  func(Progress)   // called during long work; nil = none
	OnCommit  func(Commit)     // called by the committer before readers are woken; nil = none

	// FlushRows and FlushEvery say when the rows in memory are written to the
	// views file: at so many of them, or so long after the first. 0 = 16,384
	// rows, 2 s.
	FlushRows  int
	FlushEvery time.Duration

	// Bounds of one step of retention and of removing ended rooms: records taken,
	// keys looked at.
	trimMax, sweepMax int
	foldPage          int // records folded under one transaction
}

// Progress of long work: opening after a crash, rebuilding, verifying, copying.
type Progress struct {
	Phase string // "check", "rebuild", "verify", "backup", "compact", "restore"
	Done  int64  // pages ("check") or records
	Total int64  // the same; 0 if not known; an estimate where records are counted
}

// Commit tells of one commit of the log.
type Commit struct {
	Records int           // records appended
	Took    time.Duration // from taking the batch to durable
}

// withDefaults returns a copy in which every zero is replaced by its meaning.
func (o Options) withDefaults() Options {
	if o.Apply == nil {
		o.Apply = func(Rows, *Room, *Record) {}
	}
	if o.Erase == nil {
		o.Erase = func(*Record) []byte { return nil }
	}
	if o.KeyTTL <= 0 {
		o.KeyTTL = 7 * 24 * time.Hour
	}
	if o.TailBytes <= 0 {
		o.TailBytes = 64 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.FlushRows <= 0 {
		o.FlushRows = 16384
	}
	if o.trimMax <= 0 {
		o.trimMax = trimMax
	}
	if o.sweepMax <= 0 {
		o.sweepMax = sweepMax
	}
	if o.foldPage <= 0 {
		o.foldPage = foldPage
	}
	if o.FlushEvery <= 0 {
		o.FlushEvery = 2 * time.Second
	}
	return o
}
