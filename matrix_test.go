package chat

import (
	"errors"
	"testing"
	"time"
)

// The users of the matrix, one a column: they stand to the room as they are
// called. The muted one is a member; the host is a user whose commands say so.
var who = []User{
	{"stranger", "S"},
	{"member", "M"},
	{"admin", "A"},
	{"owner", "O"},
	{"banned", "B"},
	{"muted", "U"},
	{"host", "H"},
}

// verdicts of the matrix: what becomes of a command.
var verdicts = map[byte]error{
	'R': ErrRoomNotFound,
	'M': ErrMessageNotFound,
	'F': ErrForbidden,
	'A': ErrRoomArchived,
	'E': ErrRoomExists,
	'L': ErrForbiddenLastOwner,
	'D': ErrMessageDeleted,
	'I': ErrInvalidField,
}

// A stage is a room with all of them, and what their commands are about.
type stage struct {
	m       *memory
	own     map[string]ID // a message of each of them
	others  ID            // a message of somebody else
	deleted ID            // one that was deleted
	no      ID            // none
}

// The first letter of the table below is that of the room. Where two are
// together, both give the same.
const (
	missing  = 'm' // and deleted: there must be no difference
	public   = 'p'
	private  = 'v'
	archived = 'a' // a public one
	direct   = 'd' // where nobody is an admin, owner or banned
)

var (
	target = User{"target", "T"} // a member
	absent = User{"absent", "N"} // nobody knows them
)

// Each row is a fact, and what becomes of it for each user: + it is stored,
// . nothing changes, - there is no such user, and else a letter of verdicts.
//
//	stranger, member, admin, owner, banned, muted, host
var matrix = []struct {
	name string
	fact func(s *stage, by User) Fact
	want map[byte]string
}{
	{"post", func(*stage, User) Fact { return MessagePosted{Text: "a"} }, rows(
		"m+++++++", "p++++FF+", "vR+++RF+", "aAAAAFFA", "dR+---F+")},
	{"reply", func(s *stage, _ User) Fact { return MessagePosted{Text: "a", ReplyTo: s.others} }, rows(
		"mMMMMMMM", "p++++FF+", "vR+++RF+", "aAAAAFFA", "dR+---F+")},
	{"reply to nothing", func(s *stage, _ User) Fact { return MessagePosted{Text: "a", Thread: s.no} }, rows(
		"mMMMMMMM", "pMMMMFFM", "vRMMMRFM", "aAAAAFFA", "dRM---FM")},
	{"reply to what was deleted", func(s *stage, _ User) Fact { return MessagePosted{Text: "a", ReplyTo: s.deleted} }, rows(
		"mMMMMMMM", "p++++FF+", "vR+++RF+", "aAAAAFFA", "dR+---F+")},
	{"system message", func(*stage, User) Fact { return MessagePosted{Text: "a", MessageKind: "system"} }, rows(
		"mFFFFFF+", "pFFFFFF+", "vRFFFRF+", "aAAAAFFA", "dRF---F+")},
	{"edit of one's own", func(s *stage, by User) Fact { return MessageEdited{Message: s.own[by.ID], Text: "b"} }, rows(
		"mRRRRRRR", "p++++FF+", "vR+++RF+", "aAAAAFFA", "dR+---F+")},
	{"edit that changes nothing", func(s *stage, by User) Fact { return MessageEdited{Message: s.own[by.ID], Text: by.ID} }, rows(
		"mRRRRRRR", "p....FF.", "vR...RF.", "aAAAAFFA", "dR.---F.")},
	{"edit of another's", func(s *stage, _ User) Fact { return MessageEdited{Message: s.others, Text: "b"} }, rows(
		"mRRRRRRR", "pFFFFFF+", "vRFFFRF+", "aFFFFFFA", "dRF---F+")},
	{"edit of nothing", func(s *stage, _ User) Fact { return MessageEdited{Message: s.no, Text: "b"} }, rows(
		"mRRRRRRR", "pMMMMFMM", "vRMMMRMM", "aMMMMFMM", "dRM---MM")},
	{"deletion of one's own", func(s *stage, by User) Fact { return MessageDeleted{Message: s.own[by.ID]} }, rows(
		"mRRRRRRR", "p++++F++", "vR+++R++", "a++++F++", "dR+---++")},
	{"deletion of another's", func(s *stage, _ User) Fact { return MessageDeleted{Message: s.others} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFF++FF+", "dRF---F+")},
	{"deletion of what was deleted", func(s *stage, _ User) Fact { return MessageDeleted{Message: s.deleted} }, rows(
		"mRRRRRRR", "pFF..FF.", "vRF..RF.", "aFF..FF.", "dRF---F.")},
	{"deletion of nothing", func(s *stage, _ User) Fact { return MessageDeleted{Message: s.no} }, rows(
		"mRRRRRRR", "pMMMMFMM", "vRMMMRMM", "aMMMMFMM", "dRM---MM")},
	{"reaction", func(s *stage, _ User) Fact { return ReactionAdded{Message: s.others, Emoji: "👍"} }, rows(
		"mRRRRRRR", "p++++FF+", "vR+++RF+", "aAAAAFFA", "dR+---F+")},
	{"reaction to what was deleted", func(s *stage, _ User) Fact { return ReactionAdded{Message: s.deleted, Emoji: "👍"} }, rows(
		"mRRRRRRR", "pDDDDFFD", "vRDDDRFD", "aAAAAFFA", "dRD---FD")},
	{"reaction back", func(s *stage, _ User) Fact { return ReactionRemoved{Message: s.others, Emoji: "👍"} }, rows(
		"mRRRRRRR", "p....FF.", "vR...RF.", "aAAAAFFA", "dR.---F.")},
	{"join", func(*stage, User) Fact { return UserJoined{} }, rows(
		"m+++++++", "p+...F.+", "vR...R.+", "aA...F.A", "dR.---.F")},
	{"join as owner", func(*stage, User) Fact { return UserJoined{Role: Owner} }, rows(
		"mFFFFFF+", "pFFFFFF+", "vFFFFFF+", "aFFFFFFA", "dFF---FF")},
	{"adding a member", func(*stage, User) Fact { return UserJoined{Member: absent} }, rows(
		"mRRRRRR+", "pFF++FF+", "vRF++RF+", "aFFAAFFA", "dRF---FF")},
	{"adding an admin", func(*stage, User) Fact { return UserJoined{Member: absent, Role: Admin} }, rows(
		"mRRRRRR+", "pFFF+FF+", "vRFF+RF+", "aFFFAFFA", "dRF---FF")},
	{"adding who is in", func(*stage, User) Fact { return UserJoined{Member: target} }, rows(
		"mRRRRRR+", "pFF..FF.", "vRF..RF.", "aFF..FF.", "dRF---F.")},
	{"adding a member as admin", func(*stage, User) Fact { return UserJoined{Member: target, Role: Admin} }, rows(
		"mRRRRRR+", "pFFF+FF+", "vRFF+RF+", "aFFF+FF+", "dRF---FF")},
	{"adding who is banned", func(*stage, User) Fact { return UserJoined{Member: who[4]} }, rows(
		"mRRRR+R+", "pFF++FF+", "vRF++RF+", "aFFAAFFA", "dRF---FF")},
	{"leaving", func(*stage, User) Fact { return UserLeft{} }, rows(
		"mRRRRRRR", "p.++LF+.", "vR++LR+.", "a.++LF+.", "dRF---F.")},
	{"removal of a member", func(*stage, User) Fact { return UserLeft{Member: target} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFF++FF+", "dRF---FF")},
	{"removal of a stranger", func(*stage, User) Fact { return UserLeft{Member: absent} }, rows(
		"mRRRRRRR", "pFF..FF.", "vRF..RF.", "aFF..FF.", "dRF---F.")},
	{"removal of the owner", func(*stage, User) Fact { return UserLeft{Member: who[3]} }, rows(
		"mRRRRRRR", "pFFFLFFL", "vRFFLRFL", "aFFFLFFL", "dRF---F.")},
	{"ban of a member", func(*stage, User) Fact { return UserBanned{Member: target} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFF++FF+", "dRF---FF")},
	{"ban of a stranger", func(*stage, User) Fact { return UserBanned{Member: absent} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFF++FF+", "dRF---FF")},
	{"ban of who is banned", func(*stage, User) Fact { return UserBanned{Member: who[4]} }, rows(
		"mRRRRRRR", "pFF..FF.", "vRF..RF.", "aFF..FF.", "dRF---FF")},
	{"ban of the owner", func(*stage, User) Fact { return UserBanned{Member: who[3]} }, rows(
		"mRRRRRRR", "pFFFFFFL", "vRFFFRFL", "aFFFFFFL", "dRF---FF")},
	{"ban of an admin", func(*stage, User) Fact { return UserBanned{Member: who[2]} }, rows(
		"mRRRRRRR", "pFFF+FF+", "vRFF+RF+", "aFFF+FF+", "dRF---FF")},
	{"unban", func(*stage, User) Fact { return UserUnbanned{Member: who[4]} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFF++FF+", "dRF---F.")},
	{"unban of who is not", func(*stage, User) Fact { return UserUnbanned{Member: target} }, rows(
		"mRRRRRRR", "pFF..FF.", "vRF..RF.", "aFF..FF.", "dRF---F.")},
	{"mute", func(*stage, User) Fact { return UserMuted{Member: target} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFF++FF+", "dRF---F+")},
	{"mute of the owner", func(*stage, User) Fact { return UserMuted{Member: who[3]} }, rows(
		"mRRRRRRR", "pFFFFFF+", "vRFFFRF+", "aFFFFFF+", "dRF---F+")},
	{"mute of who is muted", func(*stage, User) Fact { return UserMuted{Member: who[5]} }, rows(
		"mRRRRRRR", "pFF..FF.", "vRF..RF.", "aFF..FF.", "dRF---F.")},
	{"unmute", func(*stage, User) Fact { return UserUnmuted{Member: who[5]} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFF++FF+", "dRF---F+")},
	{"member to admin", func(*stage, User) Fact { return RoleChanged{Member: target, Role: Admin} }, rows(
		"mRRRRRRR", "pFFF+FF+", "vRFF+RF+", "aFFF+FF+", "dRF---FF")},
	{"admin to owner", func(*stage, User) Fact { return RoleChanged{Member: who[2], Role: Owner} }, rows(
		"mRRRRRRR", "pFFF+FF+", "vRFF+RF+", "aFFF+FF+", "dRF---FI")},
	{"role of a stranger", func(*stage, User) Fact { return RoleChanged{Member: absent, Role: Admin} }, rows(
		"mRRRRRRR", "pFFFIFFI", "vRFFIRFI", "aFFFIFFI", "dRF---FI")},
	{"last owner to member", func(*stage, User) Fact { return RoleChanged{Member: who[3], Role: Ordinary} }, rows(
		"mRRRRRRR", "pFFFLFFL", "vRFFLRFL", "aFFFLFFL", "dRF---FI")},
	{"creation", func(*stage, User) Fact { return RoomCreated{RoomKind: Private} }, rows(
		"m+++++++", "pEEEEEEE", "vEEEEEEE", "aEEEEEEE", "dEE---EE")},
	{"change", func(*stage, User) Fact { return RoomChanged{Title: new("b")} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFFAAFFA", "dRF---F+")},
	{"change that changes nothing", func(*stage, User) Fact { return RoomChanged{Title: new("")} }, rows(
		"mRRRRRRR", "pFF..FF.", "vRF..RF.", "aFF..FF.", "dRF---F.")},
	{"change into a direct room", func(*stage, User) Fact { return RoomChanged{RoomKind: Direct} }, rows(
		"mRRRRRRR", "pFFFFFFF", "vRFFFRFF", "aFFFFFFF", "dRF---F.")},
	{"archiving", func(*stage, User) Fact { return RoomArchived{} }, rows(
		"mRRRRRRR", "pFF++FF+", "vRF++RF+", "aFF..FF.", "dRF---F+")},
	{"archiving undone", func(*stage, User) Fact { return RoomChanged{Archived: new(false)} }, rows(
		"mRRRRRRR", "pFF..FF.", "vRF..RF.", "aFF++FF+", "dRF---F.")},
	{"deletion of the room", func(*stage, User) Fact { return RoomDeleted{} }, rows(
		"mRRRRRRR", "pFFF+FF+", "vRFF+RF+", "aFFF+FF+", "dRF---F+")},
	{"custom fact", func(*stage, User) Fact { return Custom{Type: "x.poll"} }, rows(
		"m+++++++", "p++++FF+", "vR+++RF+", "aAAAAFFA", "dR+---F+")},
}

func rows(list ...string) map[byte]string {
	m := map[byte]string{}
	for _, row := range list {
		m[row[0]] = row[1:]
	}
	return m
}

// Every fact, by every user, in every room.
func TestDecide_matrix(t *testing.T) {
	stages := map[string]*stage{
		"missing":  {m: newMemory(), others: End, deleted: End, no: End},
		"public":   newStage(t, Public),
		"private":  newStage(t, Private),
		"direct":   newStage(t, Direct),
		"archived": newStage(t, Public),
		"deleted":  newStage(t, Private),
	}
	stages["archived"].must(t, Command{User: who[6], Host: true, Fact: RoomArchived{}})
	stages["deleted"].must(t, Command{User: who[6], Host: true, Fact: RoomDeleted{}})
	letters := map[string]byte{
		"missing": missing, "deleted": missing, "public": public, "private": private, "archived": archived, "direct": direct,
	}
	for _, row := range matrix {
		for name, s := range stages {
			got := ""
			want := row.want[letters[name]]
			for i, by := range who {
				if want[i] == '-' {
					got += "-"
					continue
				}
				got += string(s.try(t, by, row.fact(s, by)))
			}
			if got != want {
				t.Errorf("%s, room %s: got %s, want %s", row.name, name, got, want)
			}
		}
	}
}

// newStage makes a room of the kind. All but the absent have written in it, if
// they could.
func newStage(t *testing.T, kind RoomKind) *stage {
	t.Helper()
	s := &stage{m: newMemory(), own: map[string]ID{}, no: End}
	host := who[6]
	members := []User{target, who[0], who[1], who[2], who[4], who[5]}
	if kind == Direct {
		members = []User{target, who[1], who[5]}
		s.must(t, Command{User: host, Host: true, Fact: RoomCreated{RoomKind: kind, Members: members}})
	} else {
		s.must(t, Command{User: who[3], Fact: RoomCreated{RoomKind: kind, Members: members}})
		members = append(members, who[3])
	}
	for _, u := range append(members, host) {
		s.own[u.ID] = s.must(t, Command{User: u, Host: u == host, Fact: MessagePosted{Text: u.ID}})
	}
	s.others = s.own[target.ID]
	s.deleted = s.must(t, Command{User: target, Fact: MessagePosted{Text: "a"}})
	s.must(t, Command{User: target, Fact: MessageDeleted{Message: s.deleted}})
	s.must(t, Command{User: host, Host: true, Fact: UserMuted{Member: who[5]}})
	if kind != Direct {
		s.must(t, Command{User: who[0], Fact: UserLeft{}})
		s.must(t, Command{User: who[3], Fact: RoleChanged{Member: who[2], Role: Admin}})
		s.must(t, Command{User: who[2], Fact: UserBanned{Member: who[4]}})
	}
	return s
}

func (s *stage) must(t *testing.T, cmd Command) ID {
	t.Helper()
	e, err := s.m.do(t, "room", cmd)
	if err != nil {
		t.Fatalf("%T: %v", cmd.Fact, err)
	}
	return e.ID
}

// try returns the letter of what becomes of a fact, and leaves the stage as it is.
func (s *stage) try(t *testing.T, by User, fact Fact) byte {
	t.Helper()
	e, err := s.m.clone().do(t, "room", Command{User: by, Host: by == who[6], Fact: fact})
	for letter, want := range verdicts {
		if errors.Is(err, want) {
			return letter
		}
	}
	switch {
	case err != nil:
		t.Errorf("%T by %s: %v", fact, by.ID, err)
		return '?'
	case e.ID == Start:
		return '.'
	}
	return '+'
}

// What a stranger is told of a private room is to the letter what they are told
// of one that is not there, and so is what one hears who is banned from it.
func TestDecide_privateRoomsAnswerAsMissingOnes(t *testing.T) {
	private, none := newStage(t, Private), &stage{m: newMemory()}
	deleted := newStage(t, Private)
	deleted.must(t, Command{User: who[3], Fact: RoomDeleted{}})
	for _, row := range matrix {
		switch row.fact(private, who[0]).(type) {
		case RoomCreated, UserJoined: // creating one and joining can tell: see Chat.CreateRoom
			continue
		}
		for _, by := range []User{who[0], who[4]} {
			var answers []string
			for _, s := range []*stage{private, none, deleted} {
				_, err := s.m.clone().do(t, "room", Command{User: by, MustExist: true, Fact: row.fact(private, by)})
				if !errors.Is(err, ErrRoomNotFound) {
					t.Errorf("%s by %s: %v", row.name, by.ID, err)
					break
				}
				answers = append(answers, err.Error())
			}
			for _, a := range answers {
				if a != answers[0] {
					t.Errorf("%s by %s: %q", row.name, by.ID, answers)
				}
			}
		}
	}
}

// A ban and a muting end by themselves.
func TestDecide_untilIsTheEnd(t *testing.T) {
	s := newStage(t, Public)
	end := time.UnixMilli(1_767_323_045_678)
	s.must(t, Command{User: who[3], Fact: UserBanned{Member: target, Until: end}})
	s.must(t, Command{User: who[3], Fact: UserMuted{Member: who[1], Until: end}})
	for _, by := range []User{target, who[1]} {
		for at, want := range map[time.Time]error{end.Add(-time.Millisecond): ErrForbidden, end: nil} {
			c, err := (&Room{chat: testChat, id: "room"}).prepare(Command{User: by, Fact: MessagePosted{Text: "a"}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := decide(s.m, c, at); !errors.Is(err, want) {
				t.Errorf("%s at %s: %v, want %v", by.ID, at, err, want)
			}
		}
	}
}
