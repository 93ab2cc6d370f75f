package chat

import (
	"encoding/binary"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/roomlog/chat/store"
)

// memory is a store.Rows without a file, and a committer of one command at a
// time: decide and apply are tried on it as the plain functions they are.
type memory struct {
	rows    map[string]string
	rooms   map[string]store.Room
	records map[ID]store.Record
	gone    map[ID]store.Record // what retention took
	log     []ID
}

func newMemory() *memory {
	return &memory{rows: map[string]string{}, rooms: map[string]store.Room{}, records: map[ID]store.Record{}, gone: map[ID]store.Record{}}
}

func (m *memory) Get(key string) (string, bool) { v, ok := m.rows[key]; return v, ok }
func (m *memory) Set(key, value string)         { m.rows[key] = value }
func (m *memory) Delete(key string)             { delete(m.rows, key) }

func (m *memory) Ascend(from, to string) iter.Seq2[string, string] {
	keys := slices.Sorted(maps.Keys(m.rows))
	return func(yield func(string, string) bool) {
		for _, k := range keys {
			if from <= k && k < to && !yield(k, m.rows[k]) {
				return
			}
		}
	}
}

func (m *memory) Descend(from, to string) iter.Seq2[string, string] {
	return func(func(string, string) bool) { panic("not needed") }
}

func (m *memory) Room(id string) (store.Room, bool) { r, ok := m.rooms[id]; return r, ok }

func (m *memory) RoomByNumber(uint32) (store.Room, bool) { panic("not needed") }

func (m *memory) Record(id ID) (store.Record, error) {
	r, ok := m.records[id]
	if !ok {
		return r, store.ErrNotFound
	}
	return r, nil
}

// do decides a command and, where it changes something, appends and applies
// its events. It returns the first.
func (m *memory) do(t *testing.T, room string, cmd Command) (Event, error) {
	t.Helper()
	r := &Room{chat: testChat, id: room}
	c, err := r.prepare(cmd)
	if err != nil {
		return Event{}, err
	}
	before := maps.Clone(m.rows)
	drafts, err := decide(m, c, time.Time{})
	if !maps.Equal(before, m.rows) {
		t.Fatal("decide wrote rows")
	}
	var first Event
	for i, d := range drafts {
		record := m.append(d)
		for _, id := range d.Erase {
			old := m.records[id]
			old.Body, old.Erased = erase(&old), true
			m.records[id] = old
		}
		if d.Ends {
			m.end(d.Room, record.ID)
		}
		m.fold(&record)
		if i == 0 {
			first = eventOf(&record)
		}
	}
	return first, err
}

// testChat is a chat without a store.
var testChat = &Chat{
	maxText: defaultMaxText, policy: Rules{}, clock: time.Now, logger: slog.New(slog.DiscardHandler),
}

// fold applies a record to the rows.
func (m *memory) fold(r *store.Record) {
	room := m.rooms[r.Room]
	apply(m, &room, r)
	m.rooms[r.Room] = room
}

// Head, Index and the others make a snapshot of it, of which nothing is asked.
func (m *memory) Head() ID { return End }

func (m *memory) Index(store.Room, store.Lane, ID, ID, bool) iter.Seq[ID] { panic("not needed") }

func (m *memory) Marker(string, string) (ID, bool) { panic("not needed") }

func (m *memory) Markers(string) iter.Seq2[string, ID] { panic("not needed") }

func (m *memory) CountOthers(store.Room, ID, string, int) int { panic("not needed") }

// sight is what a user sees of a room, whatever the policy says.
func (m *memory) sight(room, viewer string) *sight {
	return &sight{view: m, room: m.rooms[room], rules: rulesOf(m.rooms[room]), viewer: viewer}
}

func (m *memory) append(d *store.Draft) store.Record {
	var id ID
	binary.BigEndian.PutUint64(id[8:], uint64(len(m.log)+1))
	at := time.UnixMilli(1_767_323_045_678).UTC()
	body := slices.Clone(d.Body)
	copy(body[d.IDAt:], id.String())
	copy(body[d.TimeAt:], formatTime(at))
	room, ok := m.rooms[d.Room]
	if !ok {
		room = store.Room{ID: d.Room, Number: uint32(len(m.rooms) + 1)}
	}
	room.Last = id
	m.rooms[d.Room] = room
	record := store.Record{
		ID: id, At: at, Room: d.Room, Type: d.Type, UserID: d.UserID, UserName: d.UserName,
		Key: d.Key, Body: body, Lane: d.Lane,
	}
	m.records[id], m.log = record, append(m.log, id)
	return record
}

// end takes away what is before the record that ends a room.
func (m *memory) end(room string, last ID) {
	r := m.rooms[room]
	for _, id := range m.log {
		if m.records[id].Room == room && id != last {
			r.Floor = id
			delete(m.records, id)
		}
	}
	m.rooms[room] = r
}

// clone returns a memory that goes its own way from here.
func (m *memory) clone() *memory {
	return &memory{
		rows: maps.Clone(m.rows), rooms: maps.Clone(m.rooms), records: maps.Clone(m.records),
		gone: maps.Clone(m.gone), log: slices.Clone(m.log),
	}
}

// trimTo lets retention take what is at or below the floor.
func (m *memory) trimTo(room string, floor ID) {
	r := m.rooms[room]
	r.Floor = floor
	m.rooms[room] = r
	for _, id := range m.log {
		if m.records[id].Room == room && id.Compare(floor) <= 0 {
			m.gone[id] = m.records[id]
			delete(m.records, id)
		}
	}
	trim(m, r)
}

var (
	ann = User{ID: "ann", Name: "Ann"}
	bob = User{ID: "bob", Name: "Bob"}
	cat = User{ID: "cat", Name: "Cat"}
	dan = User{ID: "dan", Name: "Dan"}
)
