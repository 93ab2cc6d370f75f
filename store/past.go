package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// A past is what makes a Snapshot one of a room at an earlier position: its
// layers are the rows of the base and, over them, those that were folded since.
type past struct {
	room string
	now  layers // of the present, for the index
}

// At opens a Snapshot of one room as of the record cursor, or as of the newest
// record before it where cursor is none of the room's. It shows no other room;
// rows about others are not to be relied on. What was erased since is erased
// here too.
//
// A cursor at or behind the room's newest record shows the present, at the cost
// of a Snapshot. Any other is folded, by Options.Apply, from what retention has
// left: that takes a few microseconds for each kept record up to the cursor, and
// memory for the rows that they make. Files may grow meanwhile; ctx ends it.
//
// It fails with ErrNotFound for a room that has no record, with ErrExpired for a
// cursor below the room's floor, with the error of ctx, ErrDamaged, or ErrClosed.
func (s *Store) At(ctx context.Context, room string, cursor ID) (*Snapshot, error) {
	sn, err := s.Snapshot()
	if err != nil {
		return nil, err
	}
	if err := sn.goBack(ctx, room, cursor); err != nil {
		sn.Close()
		return nil, err
	}
	return sn, nil
}

// goBack makes a snapshot one of a room as of a cursor.
func (sn *Snapshot) goBack(ctx context.Context, id string, cursor ID) (err error) {
	defer guard(sn.store.path, &err)
	now, ok := sn.Room(id)
	if !ok {
		return errors.Join(sn.err, fmt.Errorf("room %q: %w", id, ErrNotFound))
	}
	if head := sn.Head(); cursor.Compare(head) > 0 {
		cursor = head
	}
	if _, err := sn.log(); err != nil {
		return err
	}
	base := &baseRows{bucket: sn.logTx.Bucket(bucketBase)}
	room, rows, err := base.start(now)
	if err == nil && cursor.Compare(room.Floor) < 0 {
		err = fmt.Errorf("room %q is kept from %s: %w", id, room.Floor, ErrExpired)
	}
	if err != nil {
		return err
	}
	present := sn.layers
	sn.root = &root{head: cursor}
	sn.past = &past{room: id, now: present}
	if cursor.Compare(now.Last) >= 0 {
		return nil
	}
	sn.layers = layers{active: newTable()}
	if rows {
		sn.rows = base.bucket
	}
	if err := sn.foldPast(ctx, &room, cursor); err != nil {
		return err
	}
	if room.Total > 0 {
		sn.active.Set(roomKey(id), cell{value: encodeRoom(&room)})
		sn.active.Set(numberKey(room.Number), cell{value: id})
	}
	return sn.err
}

// start returns a room as it stood at its floor, and whether there are rows of
// it in the base. now is from rows that may be a little older than the base.
func (b *baseRows) start(now Room) (room Room, rows bool, err error) {
	room, ok := b.Room(now.ID)
	switch {
	case b.err != nil:
		return room, false, b.err
	case ok && room.end.Compare(now.end) > 0:
		return room, false, fmt.Errorf("room %q has ended: %w", now.ID, ErrExpired)
	case ok && room.end == now.end && room.Floor.Compare(now.Floor) >= 0:
		return room, true, nil
	}
	// Retention has taken nothing since the room began, or began anew.
	return Room{
		ID: now.ID, Number: now.Number, Last: now.Floor, Floor: now.Floor, end: now.end, Total: now.Total - now.Events,
	}, false, nil
}

// foldPast folds a room's records up to a cursor into the snapshot's own table.
func (sn *Snapshot) foldPast(ctx context.Context, room *Room, cursor ID) error {
	rows := &pastRows{Snapshot: sn, room: room}
	log, err := sn.log()
	if err != nil {
		return err
	}
	var ids [pageRecords]ID
	for n := len(ids); n == len(ids); {
		if err := ctx.Err(); err != nil {
			return err
		}
		n = nextIDs(&sn.past.now, ids[:], *room, room.Last, cursor)
		for _, id := range ids[:n] {
			r, err := readRecord(log, id)
			if err == nil && r.Prev != room.Last {
				err = fmt.Errorf("record %s does not follow %s: %w", id, room.Last, ErrDamaged)
			}
			if errors.Is(err, ErrNotFound) {
				return sn.lost(room.ID, room.Last)
			}
			if err != nil {
				return fmt.Errorf("room %q: %w", room.ID, err)
			}
			r = r.keep()
			room.move(&r)
			sn.store.o.Apply(rows, room, &r)
		}
	}
	return nil
}

// index scans the index of the room, which is of the present, up to the
// position of the snapshot.
func (p *past) index(sn *Snapshot, from, to string, back bool) *scan {
	head := sn.Head()
	if end := from[:6] + string(head[:]) + "\x00"; end < to {
		to = end
	}
	return sn.start(&p.now, min(from, to), to, back)
}

// pastRows are the rows of a past while it is folded.
type pastRows struct {
	*Snapshot
	room *Room
}

func (p *pastRows) Set(key, value string) { p.active.Set(key, cell{value: value}) }
func (p *pastRows) Delete(key string)     { p.active.Set(key, cell{dead: true}) }

func (p *pastRows) Room(id string) (Room, bool) {
	if id != p.room.ID {
		return Room{}, false
	}
	return *p.room, true
}

func (p *pastRows) RoomByNumber(n uint32) (Room, bool) {
	if n != p.room.Number {
		return Room{}, false
	}
	return *p.room, true
}

func (p *pastRows) Ascend(from, to string) iter.Seq2[string, string] {
	return rowsOf(&p.layers, from, to, false)
}

func (p *pastRows) Descend(from, to string) iter.Seq2[string, string] {
	return rowsOf(&p.layers, from, to, true)
}
