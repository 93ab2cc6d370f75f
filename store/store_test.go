package store_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat/internal/testkit"
	"github.com/roomlog/chat/store"
)

// The fold of these tests: "Note" writes a row about itself, "Mark" a row about
// the note that its user name tells, "Gone" hides that one, and every record
// counts for its user.
func testOptions() store.Options {
	return store.Options{
		Fold:  "test",
		Apply: apply,
		Trim: func(rows store.Rows, room store.Room) {
			for k := range rows.Ascend(noteRow(room, store.ID{}), noteRow(room, room.Floor)+"\x7f") {
				rows.Delete(k)
			}
		},
		Drop:  drop,
		Erase: func(r *store.Record) []byte { return []byte(`{"id":"` + r.ID.String() + `","erased":true}`) },
	}
}

func noteRow(room store.Room, id store.ID) string {
	return "n" + string(binary.BigEndian.AppendUint32(nil, room.Number)) + string(id[:])
}

// drop removes all rows of a room.
func drop(rows store.Rows, room store.Room) {
	for _, table := range []string{"n", "u"} {
		from := table + string(binary.BigEndian.AppendUint32(nil, room.Number))
		for k := range rows.Ascend(from, table+string(binary.BigEndian.AppendUint32(nil, room.Number+1))) {
			rows.Delete(k)
		}
	}
}

func apply(rows store.Rows, room *store.Room, r *store.Record) {
	if r.Ends {
		drop(rows, *room)
	}
	user := "u" + string(binary.BigEndian.AppendUint32(nil, room.Number)) + r.UserID
	room.Tag = r.Type
	n, _ := rows.Get(user)
	rows.Set(user, n+"1")
	if len(n) > 20 {
		rows.Delete(user)
	}
	switch r.Type {
	case "Note":
		rows.Set(noteRow(*room, r.ID), "0")
	case "Mark":
		target, err := store.ParseID(r.UserName)
		if err != nil || target.Compare(room.Floor) <= 0 {
			return
		}
		if v, ok := rows.Get(noteRow(*room, target)); ok {
			rows.Set(noteRow(*room, target), v+"+")
		}
	case "Gone":
		if target, err := store.ParseID(r.UserName); err == nil {
			store.Hide(rows, room.Number, target)
		}
	}
}

type note struct {
	room, kind, user, name, key, text string
	lane                              store.Lane
	erase                             []store.ID
	ends                              bool
}

func (n note) draft() *store.Draft {
	head := `{"id":"00000000000000000000000000","room":"` + n.room + `","at":"`
	body := head + `2026-01-02T03:04:05.678Z","text":"` + n.text + `"}`
	return &store.Draft{
		Room: n.room, Type: n.kind, UserID: n.user, UserName: n.name, Key: n.key, Lane: n.lane,
		Body: []byte(body), IDAt: 7, TimeAt: len(head), Erase: n.erase, Ends: n.ends,
	}
}

// put appends a note and returns its record.
func put(t testing.TB, s *store.Store, n note) store.Record {
	t.Helper()
	res, err := propose(s, n)
	if err != nil {
		t.Fatal(err)
	}
	return res.Records[0]
}

func propose(s *store.Store, n note) (store.Result, error) {
	if n.kind == "" {
		n.kind = "Note"
	}
	if n.user == "" {
		n.user = "ann"
	}
	return s.Propose(context.Background(), &store.Proposal{
		Room: n.room, UserID: n.user, Key: n.key,
		Decide: func(store.View, time.Time) ([]*store.Draft, error) { return []*store.Draft{n.draft()}, nil },
		Same:   func(r *store.Record) bool { return strings.Contains(string(r.Body), `"text":"`+n.text+`"`) },
	})
}

func create(t testing.TB, o store.Options) (*store.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.db")
	s, err := store.Create(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}

func open(t testing.TB, path string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func closeStore(t testing.TB, s *store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, s *store.Store) {
	t.Helper()
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func dump(t testing.TB, s *store.Store) string {
	t.Helper()
	var b strings.Builder
	if err := s.DumpViews(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// crashed copies the files of a store that is open and idle: what a kill
// would leave behind.
func crashed(t testing.TB, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "log.db")
	testkit.Copy(t, path, to)
	testkit.Copy(t, path+".views", to+".views")
	return to
}

// read polls a reader until it has caught up.
func read(t testing.TB, r *store.Reader) (got []*store.Entry) {
	t.Helper()
	for {
		es, _, err := r.Poll()
		if err != nil {
			t.Fatal(err)
		}
		if len(es) == 0 {
			return got
		}
		got = append(got, es...)
	}
}

// readRooms reads all of some rooms.
func readRooms(t testing.TB, s *store.Store, rooms ...string) []*store.Entry {
	t.Helper()
	r := s.Read(rooms, store.ID{}, nil)
	defer r.Close()
	return read(t, r)
}

func ids(es []*store.Entry) string {
	var b strings.Builder
	for _, e := range es {
		fmt.Fprintln(&b, e.ID, e.Record().Room)
	}
	return b.String()
}
