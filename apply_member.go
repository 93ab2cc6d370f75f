package chat

// join folds a UserJoined. It lifts a ban.
func (f *folding) join() {
	number, user := f.room.Number, f.Member.ID
	f.unmark(banKey(number, user), &f.rules.banned)
	if _, in := getMember(f.rows, number, user); in {
		return
	}
	f.rows.Set(memberKey(number, user), membership{f.record.ID, f.Role, f.Member.Name}.value())
	f.rows.Set(roomOfUserKey(user, number), f.room.ID)
	f.rules.members++
	if f.Role == Owner {
		f.rules.owners++
	}
}

func (f *folding) leave() {
	number, user := f.room.Number, f.Member.ID
	if f.Reason == reasonBanned {
		f.mark(banKey(number, user), &f.rules.banned)
	}
	m, in := getMember(f.rows, number, user)
	if !in {
		return
	}
	f.rows.Delete(memberKey(number, user))
	f.rows.Delete(roomOfUserKey(user, number))
	f.rules.members--
	if m.role == Owner {
		f.rules.owners--
	}
}

func (f *folding) setRole() {
	key := memberKey(f.room.Number, f.Member.ID)
	value, in := f.rows.Get(key)
	if !in {
		return
	}
	m := parseMembership(value)
	if m.role == Owner {
		f.rules.owners--
	}
	if m.role = f.Role; m.role == Owner {
		f.rules.owners++
	}
	f.rows.Set(key, m.value())
}

// mark sets the row of a ban or a muting, and counts it.
func (f *folding) mark(key string, count *uint64) {
	if _, has := f.rows.Get(key); !has {
		*count++
	}
	f.rows.Set(key, untilValue(f.Until))
}

func (f *folding) unmark(key string, count *uint64) {
	if *count == 0 {
		return
	}
	if _, has := f.rows.Get(key); has {
		*count--
		f.rows.Delete(key)
	}
}
