package store

import "iter"

// A View reads the folded state at one position of the log: the rows that
// Options.Apply wrote, and what the store itself keeps about rooms.
type View interface {
	// Get returns the value of a row.
	Get(key string) (value string, ok bool)
	// Ascend yields the rows in [from, to), in key order.
	Ascend(from, to string) iter.Seq2[string, string]
	// Descend yields the rows in [from, to), last first.
	Descend(from, to string) iter.Seq2[string, string]
	// Room returns what the store knows of a room; ok is false where the room
	// has no record.
	Room(id string) (room Room, ok bool)
	// RoomByNumber returns the room of a number that a row names.
	RoomByNumber(n uint32) (room Room, ok bool)
	// Record returns a record of the log, ErrNotFound where there is none.
	// The record is checked before it is returned.
	Record(id ID) (Record, error)
}

// Rows is a View that can be written: what Options.Apply folds a record into.
// Keys must not begin with a byte below 0x20, which are the store's own.
type Rows interface {
	View
	Set(key, value string)
	Delete(key string)
}

// Room is the store's own row about a room.
type Room struct {
	ID     string
	Number uint32 // short name of the room in keys of rows, from 1, never reused
	Last   ID     // newest record
	Floor  ID     // newest record that retention or an end took away, zero if none
	Events uint64 // records kept: those above the floor
	Total  uint64 // records ever written
	// Tag is what Options.Apply keeps with the room: some bytes that every
	// decision about the room needs, at no further look-up.
	Tag  string
	link uint32
	// end is the record before the newest one that ended the room, zero if none
	// did. What is at or below it leaves nothing behind.
	end ID
	run run // of the messages since then
}
