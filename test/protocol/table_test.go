package protocol_test

import (
	"encoding/hex"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// row is a row of a table of docs/protocol.md: its cells, without the spaces
// around them.
type row []string

// tables returns the tables of the protocol that have these column heads.
func table(t *testing.T, heads ...string) (rows []row) {
	t.Helper()
	text, err := os.ReadFile(docs + "/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	within := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			within = false
			continue
		}
		cells := row(strings.Split(strings.Trim(line, "|"), "|"))
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case within && len(cells) != len(heads):
			t.Fatalf("a row of the table %v is %q", heads, line)
		case within && !strings.HasPrefix(cells[0], "---"):
			rows = append(rows, cells)
		case strings.Join(cells, "|") == strings.Join(heads, "|"):
			within = true
		}
	}
	if len(rows) == 0 {
		t.Fatalf("the protocol has no table %v", heads)
	}
	return rows
}

var span = regexp.MustCompile("(?:(\\d+) × )?`([^`]*)`")

// spans returns what a cell has in code spans, as often as it says.
func spans(cell string) (all []string) {
	for _, m := range span.FindAllStringSubmatch(cell, -1) {
		times := 1
		if m[1] != "" {
			times, _ = strconv.Atoi(m[1])
		}
		for range times {
			all = append(all, m[2])
		}
	}
	return all
}

var blank = regexp.MustCompile(`‹([^›]*)›`)

// fill puts into a text what stands for itself between ‹ and ›: a name of those
// given, "4001×x" or bytes in hexadecimal.
func fill(t *testing.T, text string, names map[string]string) string {
	t.Helper()
	return blank.ReplaceAllStringFunc(text, func(s string) string {
		s = blank.FindStringSubmatch(s)[1]
		if name, ok := names[s]; ok {
			return name
		}
		if times, of, ok := strings.Cut(s, "×"); ok {
			if n, err := strconv.Atoi(times); err == nil {
				return strings.Repeat(of, n)
			}
		}
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatalf("nothing is known of ‹%s›", s)
		}
		return string(b)
	})
}

// codesOfVersion1 are the codes that a server of this version may answer with.
// None may go away.
var codesOfVersion1 = strings.Fields(`
	malformed_json invalid_field invalid_utf8 unauthenticated forbidden cross_origin room_not_found message_not_found room_exists
	room_archived message_deleted empty_message message_too_long control_character invalid_reaction invalid_room_id invalid_cursor
	cursor_expired cursor_ahead idempotency_key_invalid idempotency_key_reused unsupported_media_type body_too_large rate_limited
	too_many_connections rejected storage_full store_failed commit_unknown shutting_down streaming_unsupported not_acceptable not_found
	method_not_allowed already_subscribed forbidden_last_owner internal`)
