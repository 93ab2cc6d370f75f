package store

import (
	"bytes"
	"errors"
	"fmt"
)

// A pager reads pages of one room from the file. It remembers how the last
// page was found.
type pager struct {
	bytes  int  // of the last page
	sparse bool // the room's records do not stand side by side in the log
}

// page returns the records of a room in (rr.upTo, head], at most a page of
// them. All is copied out before it returns: no transaction is left open.
func (s *Store) page(rr *readerRoom, head ID) (es []*Entry, err error) {
	sn, err := s.Snapshot()
	if err != nil {
		return nil, err
	}
	defer sn.Close()
	defer guard(s.path, &err)
	room, ok := sn.Room(rr.live.id)
	if !ok {
		return nil, sn.Err()
	}
	if !rr.upTo.IsZero() && room.Floor.Compare(rr.upTo) > 0 {
		return nil, fmt.Errorf("room %q is kept from %s: %w", room.ID, room.Floor, ErrExpired)
	}
	var ids [pageRecords]ID
	n := nextIDs(&sn.layers, ids[:], room, rr.upTo, head)
	if n < pageRecords && room.Last.Compare(head) <= 0 && room.Last.Compare(rr.upTo) > 0 && (n == 0 || ids[n-1] != room.Last) {
		return nil, fmt.Errorf("%s: room %q: its newest record %s is not in the index: %w", viewsPath(s.path), room.ID, room.Last, ErrDamaged)
	}
	if n == 0 {
		return nil, sn.Err()
	}
	es, err = sn.records(&rr.page, ids[:n])
	if errors.Is(err, ErrNotFound) && rr.upTo.IsZero() {
		// Who reads whatever is kept misses nothing: retention has just taken what
		// the rows still name, and the base knows already where to go on.
		if floor, ok := sn.keptFrom(room.ID); ok {
			if n = nextIDs(&sn.layers, ids[:], room, floor, head); n == 0 {
				return nil, sn.Err()
			}
			es, err = sn.records(&rr.page, ids[:n])
		}
	}
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = sn.lost(room.ID, rr.upTo)
		}
		return nil, err
	}
	return es, linked(es, room.ID, rr.upTo)
}

// nextIDs fills ids with those of a room in (after, upTo], both lanes merged,
// and none at or below the room's floor.
func nextIDs(l *layers, ids []ID, room Room, after, upTo ID) (n int) {
	return allIDs(l, ids, room, later(after, room.Floor), upTo)
}

// allIDs is nextIDs with those below the floor that are yet to be removed.
func allIDs(l *layers, ids []ID, room Room, after, upTo ID) (n int) {
	var lanes [2]*scan
	var head [2]ID
	var more [2]bool
	advance := func(i int) {
		k, _, ok := lanes[i].next()
		if more[i] = ok; ok {
			head[i] = indexID(k)
		}
	}
	for i := range lanes {
		lanes[i] = l.ascend(indexKey(room.Number, Lane(i), after)+"\x00", indexKey(room.Number, Lane(i), upTo)+"\x00")
		advance(i)
	}
	for n < len(ids) && (more[0] || more[1]) {
		i := 0
		if !more[0] || more[1] && bytes.Compare(head[1][:], head[0][:]) < 0 {
			i = 1
		}
		ids[n] = head[i]
		n++
		advance(i)
	}
	return n
}

// records copies records out of the log, up to the size of a page.
func (sn *Snapshot) records(p *pager, ids []ID) ([]*Entry, error) {
	log, err := sn.log()
	if err != nil {
		return nil, err
	}
	var ends [pageRecords]int
	buf := make([]byte, 0, max(p.bytes+p.bytes/16, 4096))
	n, missed := 0, 0
	c := log.Cursor()
	var k, v []byte
	for _, id := range ids {
		if n > 0 && !p.sparse {
			k, v = c.Next()
		}
		if !bytes.Equal(k, id[:]) {
			missed++
			if k, v = c.Seek(id[:]); !bytes.Equal(k, id[:]) {
				return nil, ErrNotFound
			}
		}
		if n > 0 && len(buf)+len(v) > pageBytes {
			break
		}
		buf = append(buf, v...)
		ends[n] = len(buf)
		n++
	}
	p.bytes, p.sparse = len(buf), missed > n/2
	entries, list := make([]Entry, n), make([]*Entry, n)
	from := 0
	for i := range list {
		rec := buf[from:ends[i]:ends[i]]
		if err := checkRecord(ids[i], rec); err != nil {
			return nil, err
		}
		entries[i].ID, entries[i].rec = ids[i], rec
		from, list[i] = ends[i], &entries[i]
	}
	return list, nil
}

// linked checks that the records of a page follow each other in their room,
// and that nothing is missing between the cursor and the first of them.
func linked(es []*Entry, room string, cursor ID) error {
	for i, e := range es {
		prev := prevOf(e.rec)
		if i == 0 {
			if !cursor.IsZero() && prev.Compare(cursor) > 0 {
				return fmt.Errorf("room %q: a record between %s and %s is missing: %w", room, cursor, e.ID, ErrDamaged)
			}
		} else if before := es[i-1]; prev != before.ID || linkIn(e.rec) != linkOf(linkIn(before.rec), e.ID, prev, namesOf(e.rec)) {
			return fmt.Errorf("room %q: record %s does not follow %s: %w", room, e.ID, before.ID, ErrDamaged)
		}
	}
	return nil
}
