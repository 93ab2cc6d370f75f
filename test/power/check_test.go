package power_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/roomlog/chat"
)

func sum(b []byte) string { h := sha256.Sum256(b); return fmt.Sprintf("%x", h[:8]) }

// errOpen says that a chat was not opened.
var errOpen = errors.New("open")

// A finding is a chat opened from an image, read whole, and held against what
// its users were told before the cut.
type finding struct {
	l     *ledger
	at    int // ops before the cut
	keep  int
	chat  *chat.Chat
	ids   map[chat.ID]chat.Event
	keys  map[string]chat.Event
	first map[string]chat.ID // where a room begins: what was before, its end or retention took
	rooms map[string][]chat.Event
	wrong []error
}

func (f *finding) say(format string, args ...any) {
	if len(f.wrong) < 5 {
		f.wrong = append(f.wrong, fmt.Errorf(format, args...))
	}
}

// begun reports whether a command may have been done before the cut.
func (f *finding) begun(e *entry) bool { return e.begunAt < f.at }

// answered reports whether its user knew.
func (f *finding) answered(e *entry) bool { return e.doneAt < f.at }

// check opens the chat that is in a folder after a cut, and returns all that is
// not as it must be.
func (l *ledger) check(dir string, at, keep int) error {
	f := &finding{
		l: l, at: at, keep: keep, ids: map[chat.ID]chat.Event{}, keys: map[string]chat.Event{},
		first: map[string]chat.ID{}, rooms: map[string][]chat.Event{},
	}
	path := filepath.Join(dir, "chat.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && (l.ready == 0 || at <= l.ready) {
		return nil // nobody was told that there is a chat
	}
	if err := f.open(path); err != nil {
		return err
	}
	f.checkAll()
	if err := f.close(path); err != nil {
		return err
	}
	if len(f.wrong) > 0 {
		return errors.Join(f.wrong...)
	}
	return nil
}

func (f *finding) open(path string) (err error) {
	if f.chat, err = chat.Open(path, nil); err != nil { // without retention, which would go on
		return fmt.Errorf("%w: %w", errOpen, err)
	}
	return nil
}

// close closes the chat once nothing of rooms that were deleted is left. That
// goes in the background once the views are flushed, as they are by a close.
func (f *finding) close(path string) error {
	err := f.chat.Close()
	if err == nil {
		err = f.open(path)
	}
	for range 10_000 {
		if err != nil || f.chat.Stats().Removing == 0 {
			return errors.Join(err, f.chat.Close())
		}
		time.Sleep(time.Millisecond)
	}
	return errors.Join(errors.New("deleted rooms are not removed"), f.chat.Close())
}

func (f *finding) checkAll() {
	for _, id := range rooms() {
		f.readRoom(id)
	}
	for _, e := range f.l.order {
		if f.begun(e) {
			f.checkEntry(e)
		}
	}
	f.checkSeen()
	for _, id := range rooms() {
		f.checkHistory(id)
	}
	if err := f.chat.Verify(context.Background(), nil); err != nil {
		f.say("verify: %w", err)
	}
}

// readRoom reads the log of a room. It begins behind what retention took, or
// with the end of the room that was before.
func (f *finding) readRoom(room string) {
	last := chat.Start
	for e, err := range f.chat.Room(room).Replay(context.Background(), chat.Start) {
		if err != nil {
			f.say("replay %s: %w", room, err)
			return
		}
		if e.ID.Compare(last) <= 0 {
			f.say("%s: %s after %s", room, e.ID, last)
		}
		last = e.ID
		if was, twice := f.keys[e.Key]; twice {
			f.say("%s is there twice: %s and %s", e.Key, was.ID, e.ID)
		}
		if len(f.rooms[room]) == 0 || e.Type == "RoomDeleted" {
			if f.first[room] = e.ID; e.Type == "RoomDeleted" && len(f.rooms[room]) > 0 {
				f.say("%s: %d events before its end are served", room, len(f.rooms[room]))
			}
		}
		f.ids[e.ID], f.keys[e.Key] = e, e
		f.rooms[room] = append(f.rooms[room], e)
		if by := f.l.begun[e.Key]; by == nil || !f.begun(by) || by.Room != room || user(by.by) != e.User {
			f.say("%s: %s is what nobody asked for: %s", room, e.ID, e.JSON())
		} else if !e.Erased && by.Text != "" && !bytes.Contains(e.JSON(), []byte(by.Text)) {
			f.say("%s is not what was asked for: %s", e.Key, e.JSON())
		}
	}
	if f.chat.Head().Compare(last) < 0 {
		f.say("%s: newest event %s is beyond the head %s", room, last, f.chat.Head())
	}
	if f.keep > 0 && room[0] == 'r' && len(f.rooms[room]) > 0 && len(f.rooms[room]) < f.keep {
		if prev := f.before(room); prev != nil {
			f.say("%s holds %d events, and %s before them is gone: %d are kept", room, len(f.rooms[room]), prev.Key, f.keep)
		}
	}
}

// before finds a stored event of a room that is gone by retention.
func (f *finding) before(room string) *entry {
	for _, e := range f.l.order {
		if e.Room == room && e.What != "mark" && f.answered(e) && e.id != chat.Start && e.id.Compare(f.first[room]) < 0 {
			return e
		}
	}
	return nil
}

// gone reports whether an event may be missing: it was before the end of its
// room, or before what is kept of it.
func (f *finding) gone(room string, id chat.ID) bool {
	first, ok := f.first[room]
	return ok && id.Compare(first) < 0 && (f.keep > 0 || f.ids[first].Type == "RoomDeleted")
}

// checkEntry holds a command against what is there.
func (f *finding) checkEntry(e *entry) {
	got, there := f.keys[e.Key]
	switch {
	case e.What == "mark":
		f.checkMark(e)
		return
	case !f.answered(e) || e.lost:
	case e.id == chat.Start:
		if there {
			f.say("%s was refused and is there: %s", e.Key, got.JSON())
		}
		return
	case !there && f.gone(e.Room, e.id):
		return
	case !there:
		f.say("%s (%s) was acknowledged as %s and is lost", e.Key, e.What, e.id)
		return
	case got.ID != e.id:
		f.say("%s was acknowledged as %s and is %s", e.Key, e.id, got.ID)
	case !got.Erased && sum(got.JSON()) != e.sum:
		f.say("%s has other bytes than were acknowledged: %s", e.Key, got.JSON())
	}
	if !there {
		return
	}
	if got.Erased && !f.deleting(e) {
		f.say("%s is erased, and nobody deleted it", e.Key)
	}
	if e.What == "delete" {
		f.checkErased(e)
	}
}

// deleting reports whether somebody was about to delete the message that an
// event is, or is about.
func (f *finding) deleting(e *entry) bool {
	message := e.Target
	if e.What == "post" {
		message = f.keys[e.Key].ID
	}
	for _, d := range f.l.order {
		if d.What == "delete" && d.Target == message && f.begun(d) {
			return true
		}
	}
	return false
}

// checkErased: what was deleted is served by nothing.
func (f *finding) checkErased(e *entry) {
	m, err := f.chat.Room(e.Room).Message(context.Background(), e.Target, "")
	if err == nil && (!m.Deleted || m.Text != "") {
		f.say("%s deleted %s, which is %+v", e.Key, e.Target, m)
	} else if err != nil && !errors.Is(err, chat.ErrMessageNotFound) {
		f.say("message %s: %w", e.Target, err)
	}
	for _, x := range f.l.order {
		got, there := f.keys[x.Key]
		if there && x.Text != "" && (x.Target == e.Target || got.ID == e.Target) && got.ID.Compare(f.keys[e.Key].ID) < 0 {
			if !got.Erased || bytes.Contains(got.JSON(), []byte(x.Text)) {
				f.say("%s was erased by %s and is served: %s", x.Key, e.Key, got.JSON())
			}
		}
	}
}

// checkMark: a marker that was acknowledged has not gone back.
func (f *finding) checkMark(e *entry) {
	if !f.answered(e) || e.id == chat.Start {
		return
	}
	state, err := f.chat.Room(e.Room).Unread(context.Background(), user(e.by).ID)
	if err != nil || state.UpTo == nil || state.UpTo.Compare(e.id) < 0 {
		f.say("%s has read %s up to %s, and is at %+v, %v", user(e.by).ID, e.Room, e.id, state.UpTo, err)
	}
}

// checkSeen: what a reader saw is there, with the same bytes.
func (f *finding) checkSeen() {
	for i, s := range f.l.seen {
		if f.l.seenAt[i] >= f.at {
			break
		}
		if got, ok := f.ids[s.ID]; !ok && !f.gone(s.Room, s.ID) {
			f.say("%s was seen by a reader and is lost", s.ID)
		} else if ok && !got.Erased && sum(got.JSON()) != s.Sum {
			f.say("%s has other bytes than a reader saw: %s", s.ID, got.JSON())
		}
	}
}

// checkHistory: the newest page is what the log says.
func (f *finding) checkHistory(room string) {
	texts, deleted := map[chat.ID]string{}, map[chat.ID]bool{}
	var want, got []string
	for _, e := range f.rooms[room] {
		switch x := f.l.begun[e.Key]; {
		case x == nil:
			return // said before
		case x.What == "post":
			texts[e.ID] = x.Text
		case x.What == "edit":
			texts[x.Target] = x.Text
		case x.What == "delete":
			deleted[x.Target], texts[x.Target] = true, ""
		}
	}
	for _, e := range f.rooms[room] {
		if e.Type == "MessagePosted" {
			want = append(want, fmt.Sprint(e.ID, deleted[e.ID], texts[e.ID]))
		}
	}
	page, err := f.chat.Room(room).History(context.Background(), chat.HistoryQuery{Limit: 200})
	if err != nil && !errors.Is(err, chat.ErrRoomNotFound) {
		f.say("history of %s: %w", room, err)
		return
	}
	for _, m := range page.Messages {
		got = append(got, fmt.Sprint(m.ID, m.Deleted, m.Text))
	}
	if want = want[max(0, len(want)-200):]; strings.Join(got, "\n") != strings.Join(want, "\n") {
		f.say("history of %s ends with\n%s\nand its log with\n%s", room, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
