package chat

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/roomlog/chat/store"
)

// SearchQuery asks for messages of a room by words of their text.
type SearchQuery struct {
	// Words must all occur in the text, in any letter case and anywhere, also
	// inside of words. At most 16 words and 200 code points.
	Words  string
	Before ID     // messages older than this; zero for the newest
	Limit  int    // messages on a page; 0 = 50, at most 200
	Viewer string // as in HistoryQuery
}

// Bounds of a search.
const (
	maxSearch      = 200 // code points of a query
	maxSearchWords = 16
	searchWork     = 5000 // messages that are looked at for one page
)

// Search returns a page of the messages whose present text holds the words,
// newest first. Deleted messages, and texts that an edit has replaced, are never
// found. It reads the room's messages, newest first, and stops after 5,000 of
// them: then the page may be short or empty, HasMore is true, and Prev is where
// to go on from.
func (r *Room) Search(ctx context.Context, q SearchQuery) (Page, error) {
	limit, err := limitOf(q.Limit, 50, 200)
	if err != nil {
		return Page{}, err
	}
	words, err := searchWords(q.Words)
	if err != nil {
		return Page{}, err
	}
	var page Page
	err = r.read(ctx, q.Viewer, func(s *sight) error {
		page = Page{Messages: []Message{}, Cursor: s.head}
		return s.search(ctx, &page, words, q.Before, limit)
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// searchWords takes a query apart.
func searchWords(query string) ([]string, error) {
	switch {
	case !utf8.ValidString(query):
		return nil, ErrInvalidUTF8.because("words are not valid UTF-8")
	case utf8.RuneCountInString(query) > maxSearch:
		return nil, ErrInvalidField.because("words are longer than %d code points", maxSearch)
	}
	words := strings.Fields(foldCase(query))
	if len(words) == 0 || len(words) > maxSearchWords {
		return nil, ErrInvalidField.because("%d words, not 1 to %d", len(words), maxSearchWords)
	}
	return words, nil
}

// search fills a page.
func (s *sight) search(ctx context.Context, page *Page, words []string, before ID, limit int) error {
	looked := 0
	var last ID
	for id := range s.index(store.Messages, Start, before, true) {
		if len(page.Messages) == limit || looked == searchWork {
			page.HasMore = true
			break
		}
		if looked++; looked%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		last = id
		text, err := s.textOf(id)
		if err != nil {
			return err
		}
		if !holds(foldCase(text), words) {
			continue
		}
		m, err := s.one(id)
		if err != nil {
			return err
		}
		if !m.Deleted {
			page.Messages = append(page.Messages, m)
		}
	}
	if page.HasMore {
		page.Prev = &last
	}
	return nil
}

// textOf returns the present text of a message, nothing of a deleted one.
func (s *sight) textOf(id ID) (string, error) {
	posted, err := s.view.Record(id)
	if err != nil || posted.Erased {
		return "", err
	}
	state := getMessageState(s.view, s.room.Number, id)
	if state.deleted {
		return "", nil
	}
	return currentText(s.view, &posted, state)
}

// holds reports whether all words occur in the text.
func holds(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// foldCase returns s with each letter as the smallest of those that differ from
// it by case alone (Unicode simple folding), so that texts which differ by case
// alone become equal.
func foldCase(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			if 'a' <= r && r <= 'z' {
				return r - 'a' + 'A'
			}
			return r
		}
		smallest := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			smallest = min(smallest, f)
		}
		return smallest
	}, s)
}
