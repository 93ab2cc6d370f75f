package model_test

import (
	"encoding/json"
	"time"

	"github.com/roomlog/chat"
)

// A device is one of two of the user u0: it has a session in each room that it
// may read and a list of rooms, or is away.
type device struct {
	*reading
	list     *chat.RoomList
	rooms    map[string]chat.RoomInfo // what the list has been told
	sessions map[string]*chat.Attendance
	read     map[string]chat.ReadState // what the sessions have been told last
}

const reader = "u0"

func newDevice(r *reading) *device {
	return &device{reading: r, sessions: map[string]*chat.Attendance{}, read: map[string]chat.ReadState{}}
}

// next does one of the things that devices do.
func (d *device) next(what int) {
	switch {
	case what == 0:
		d.close()
	case what < 4:
		d.attend()
	case what < 6:
		d.pollSessions()
	default:
		d.pollList(1)
	}
}

func (d *device) close() {
	for _, s := range d.sessions {
		s.Close()
	}
	clear(d.sessions)
	clear(d.read)
	if d.list != nil {
		d.list.Close()
		d.list, d.rooms = nil, nil
	}
}

// attend opens what is not open, and closes the sessions in rooms that the user
// may no longer read, as a transport does.
func (d *device) attend() {
	for _, id := range d.ids {
		m := d.model.rooms[id]
		may := m != nil && m.sees(reader, time.Now()) == ""
		if s := d.sessions[id]; s == nil && may {
			d.sessions[id] = d.chat.Room(id).Attend(person(reader), chat.NewBell())
		} else if s != nil && !may {
			s.Close()
			delete(d.sessions, id)
			delete(d.read, id)
		}
	}
	if d.list == nil {
		d.list = d.chat.WatchRooms(reader, chat.NewBell())
	}
}

// pollSessions reads what the sessions are told. What a marker's move says is
// so at that moment.
func (d *device) pollSessions() {
	for id, s := range d.sessions {
		news, _, err := s.Poll(d.ctx)
		if err != nil {
			d.Fatal(err)
		}
		for _, n := range news {
			if n.Name != chat.SignalRead {
				continue
			}
			var state chat.ReadState
			if err := json.Unmarshal(n.Data, &state); err != nil {
				d.Fatalf("%s: %v", n.Data, err)
			}
			d.equalState("told in the room", id, reader, state, d.floor(id))
			d.read[id] = state
		}
	}
}

// pollList reads updates of the list until there are none, or so many.
func (d *device) pollList(most int) {
	for ; d.list != nil && most > 0; most-- {
		u, _, ok, err := d.list.Poll(d.ctx)
		if err != nil {
			d.Fatal(err)
		}
		if !ok {
			return
		}
		if u.Full {
			d.rooms = map[string]chat.RoomInfo{}
		}
		for _, info := range u.Rooms {
			d.equalState("told in the list", info.ID, reader, *info.Read, info.Floor)
			d.rooms[info.ID] = info
		}
		for _, id := range u.Removed {
			delete(d.rooms, id)
		}
	}
}

// rest lets the devices read all that there is to tell, and compares what they
// know then with what is so.
func (r *reading) rest() {
	for _, d := range r.devices {
		d.attend()
		for range 2 { // what was put off the first time
			d.pollSessions()
			d.pollList(100)
			time.Sleep(2 * time.Second)
		}
		d.pollSessions()
		d.pollList(100)
		d.compare()
	}
}

// compare compares what the device was told last with what is so. Only of what
// retention takes the list is not told: its count is that of the floor then.
func (d *device) compare() {
	mine := 0
	for id, m := range d.model.rooms {
		if m.members[reader] == nil || m.sees(reader, time.Now()) != "" {
			continue
		}
		mine++
		info, ok := d.rooms[id]
		if !ok {
			d.Fatalf("the list lacks %s: %+v", id, d.rooms)
		}
		d.equalState("the list", id, reader, *info.Read, info.Floor)
	}
	if len(d.rooms) != mine {
		d.Fatalf("the list has %d rooms, want %d", len(d.rooms), mine)
	}
	for id := range d.sessions {
		marker, marked := d.markers[id][reader] // a join is told by its event
		if told := d.read[id]; marked && (told.UpTo == nil || told.UpTo.Compare(marker) < 0) {
			d.Fatalf("the session in %s was told of %v, want %s", id, told.UpTo, marker)
		}
	}
}
