package chat_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/roomlog/chat"
)

func search(t *testing.T, room *chat.Room, q chat.SearchQuery) chat.Page {
	t.Helper()
	p, err := room.Search(within(t), q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSearch_inAnyLetterCase(t *testing.T) {
	room := open(t, nil).Room("r")
	for _, text := range []string{
		"The Quick brown fox", "STRASSE", "Straße", "GROẞ", "ſpaß", "ΟΔΥΣΣΕΥΣ", "οδυσσευς", "οδυσσευσ",
		"İSTANBUL", "ISPARTA", "ıspanak", "\u212Aelvin", "ÉCOLE", "quickly, 3 < 4",
	} {
		post(t, room, ann, text)
	}
	for words, want := range map[string]string{
		"quick":        "quickly, 3 < 4|The Quick brown fox",
		"FOX quick":    "The Quick brown fox",
		"fox\u00a0the": "The Quick brown fox",
		"cat quick":    "",
		"strasse":      "STRASSE", // ß is one letter: no expansion
		"STRAßE":       "Straße",
		"straẞe":       "Straße",
		"groß":         "GROẞ",
		"SPAß":         "ſpaß",
		"οδυσσευς":     "οδυσσευσ|οδυσσευς|ΟΔΥΣΣΕΥΣ",
		"ΣΣΕΥΣ":        "οδυσσευσ|οδυσσευς|ΟΔΥΣΣΕΥΣ",
		"istanbul":     "", // the dotted capital I has no other case here
		"İstanbul":     "İSTANBUL",
		"isp":          "ISPARTA",
		"ısp":          "ıspanak",
		"kelvin":       "\u212Aelvin",
		"école":        "ÉCOLE",
		"3 <":          "quickly, 3 < 4",
	} {
		var got []string
		for _, m := range search(t, room, chat.SearchQuery{Words: words}).Messages {
			got = append(got, m.Text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q finds %q, want %s", words, got, want)
		}
	}
	for words, want := range map[string]error{
		"": chat.ErrInvalidField, " \n": chat.ErrInvalidField, "\xff": chat.ErrInvalidUTF8,
		strings.Repeat("a", 201): chat.ErrInvalidField, strings.Repeat("a ", 17): chat.ErrInvalidField,
	} {
		if _, err := room.Search(within(t), chat.SearchQuery{Words: words}); !errors.Is(err, want) {
			t.Errorf("%q: %v", words, err)
		}
	}
	if _, err := room.Search(within(t), chat.SearchQuery{Words: "a", Limit: -1}); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("limit -1: %v", err)
	}
}

func TestSearch_neverFindsWhatIsDeletedOrSuperseded(t *testing.T) {
	room := open(t, nil).Room("r")
	one, two := post(t, room, ann, "apple"), post(t, room, bob, "apple too")
	find := func(words string) string {
		t.Helper()
		return texts(search(t, room, chat.SearchQuery{Words: words}))
	}
	do(t, room, ann, chat.MessageEdited{Message: one.ID, Text: "pear"})
	if got := find("apple") + "/" + find("pear"); got != "apple too/pear" {
		t.Errorf("after an edit: %s", got)
	}
	do(t, room, ann, chat.MessageEdited{Message: one.ID, Text: "apple again"})
	if got := find("apple") + "/" + find("pear"); got != "apple too apple again/" {
		t.Errorf("after another: %s", got)
	}
	do(t, room, bob, chat.MessageDeleted{Message: two.ID})
	if got := find("apple") + "/" + find("too"); got != "apple again/" {
		t.Errorf("after a deletion: %s", got)
	}
}

// A page ends where its work does, and the next goes on from there.
func TestSearch_isBoundedAndGoesOn(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	room := c.Room("r")
	for i := range 3 {
		post(t, room, ann, fmt.Sprint("needle ", i))
	}
	var wg sync.WaitGroup
	ctx := within(t)
	for range 64 {
		wg.Go(func() {
			for range 170 {
				if _, err := room.Post(ctx, bob, "hay"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	post(t, room, ann, "needle 3")
	var pages []string
	q := chat.SearchQuery{Words: "NEEDLE", Limit: 2}
	for {
		p := search(t, room, q)
		if pages = append(pages, texts(p)); p.HasMore != (p.Prev != nil) {
			t.Errorf("has_more %v, prev %v", p.HasMore, p.Prev)
		}
		if p.Prev == nil {
			break
		}
		q.Before = *p.Prev
	}
	if got := strings.Join(pages, "|"); got != "needle 3||needle 2 needle 1|needle 0" {
		t.Errorf("pages are %q", got)
	}
}
