package clients_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// script is a case of testdata/cases.
type script struct {
	name  string
	steps []step
}

// step is a line of a case.
type step struct {
	line int
	only []string // which client and transport it is for; empty is all
	verb string
	args []string // words, and texts without their quotes; JSON is one word
}

func (s step) String() string { return fmt.Sprintf("line %d, %s %q", s.line, s.verb, s.args) }

// arg returns a word, or nothing where there are fewer.
func (s step) arg(i int) string {
	if i < len(s.args) {
		return s.args[i]
	}
	return ""
}

// option returns the word behind a name.
func (s step) option(name string) (value string, ok bool) {
	if i := slices.Index(s.args, name); i >= 0 && i+1 < len(s.args) {
		return s.args[i+1], true
	}
	return "", false
}

// number returns a word that is a number, 0 where there is none.
func number(word string) int {
	n, _ := strconv.Atoi(word)
	return n
}

// suits reports whether a step is for a client over a transport.
func (s step) suits(client, transport string) bool {
	for _, word := range s.only {
		if word != client && word != transport {
			return false
		}
	}
	return true
}

// id is the id of the event of a number.
func id(n int) string { return fmt.Sprintf("01K6A%021d", n) }

// ids finds ids that id has made.
var ids = regexp.MustCompile(`01K6A\d{21}`)

// numbers puts numbers in the place of ids: @5 for that of 5.
func numbers(text string) string {
	return ids.ReplaceAllStringFunc(text, func(id string) string {
		return "@" + strconv.Itoa(number(strings.TrimLeft(id[5:], "0")))
	})
}

// references are written "@5" within JSON.
var references = regexp.MustCompile(`"@(\d+)"`)

func withIDs(text string) string {
	return references.ReplaceAllStringFunc(text, func(ref string) string {
		return strconv.Quote(id(number(ref[2 : len(ref)-1])))
	})
}

// cases reads testdata/cases.
func cases(t *testing.T) []script {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.case")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no cases: %v", err)
	}
	var all []script
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := script{name: strings.TrimSuffix(filepath.Base(file), ".case")}
		for i, line := range strings.Split(string(text), "\n") {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			s := step{line: i + 1}
			if only, rest, ok := strings.Cut(line, "]"); ok && only[0] == '[' {
				s.only, line = strings.Fields(only[1:]), rest
			}
			words, err := split(line)
			if err != nil || len(words) == 0 {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			s.verb, s.args = words[0], words[1:]
			c.steps = append(c.steps, s)
		}
		all = append(all, c)
	}
	return all
}

// split splits a line into words, quoted texts and JSON.
func split(line string) (words []string, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		switch line[0] {
		case '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, err
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, err
			}
			words, line = append(words, text), line[len(quoted):]
		case '{', '[':
			return append(words, withIDs(line)), nil // up to the end
		default:
			end := strings.IndexFunc(line, unicode.IsSpace)
			if end < 0 {
				end = len(line)
			}
			words, line = append(words, line[:end]), line[end:]
		}
	}
	return words, nil
}
