package store

// Known reports whether the key of a proposal stands for a record already, so
// that Propose would answer with that. A proposal without a key is not known.
func (s *Store) Known(p *Proposal) (known bool, err error) {
	if p.Key == "" {
		return false, nil
	}
	sn, err := s.Snapshot()
	if err != nil {
		return false, err
	}
	defer sn.Close()
	room, ok := sn.Room(p.Room)
	if ok {
		func() {
			defer sn.caught(viewsPath(s.path))
			_, known = sn.lookupKey(&room, p.UserID, p.Key, keyTime(s.o.Now(), sn.Head()), s.o.KeyTTL)
		}()
	}
	return known, sn.Err()
}
