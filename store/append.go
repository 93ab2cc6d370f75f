package store

import "fmt"

// append gives a draft its place and folds it.
func (c *committer) append(d *Draft, room string) error {
	if d.Room != room {
		return fmt.Errorf("draft of room %q in a command of room %q", d.Room, room)
	}
	rec, err := encodeDraft(d)
	if err != nil {
		return err
	}
	var prev ID
	var prevLink uint32
	if known := c.w.find(room); known != nil {
		prev, prevLink = known.Last, known.link
	}
	id := c.mint.next(c.now.UnixMilli())
	fill(rec, d.IDAt, d.TimeAt, id, prev, prevLink, c.now.UnixMilli(), c.nowText)
	c.raw = append(c.raw, rec)
	c.appended = append(c.appended, Record{})
	r := &c.appended[len(c.appended)-1]
	split(r, id, rec)
	if err := c.log.Put(id[:], rec); err != nil {
		return err
	}
	for _, target := range d.Erase {
		if err := c.erase(target, room); err != nil {
			return err
		}
	}
	c.w.fold(r)
	if d.Ends && !prev.IsZero() {
		c.erased[room] = prev // all before it, whatever else was erased
		c.ending[room] = &ending{}
	}
	if c.o.Keep > 0 {
		if k, _ := c.w.Room(room); k.Events > uint64(c.o.Keep) {
			c.over[room] = struct{}{}
		}
	}
	return nil
}

// erase overwrites the body of a record.
func (c *committer) erase(id ID, room string) error {
	rec := c.log.Get(id[:])
	if rec == nil {
		return nil // retention was faster
	}
	var r Record
	if err := decode(&r, id, rec); err != nil {
		return err
	}
	if r.Room != room {
		return fmt.Errorf("record %s is not of room %q", id, room)
	}
	if err := c.log.Put(id[:], erased(rec, id, c.o.Erase(&r))); err != nil {
		return err
	}
	if c.erased[room].Compare(id) < 0 {
		c.erased[room] = id
	}
	c.backups.erased(id)
	return nil
}
