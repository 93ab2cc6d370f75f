package transport

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/roomlog/chat"
)

// maxGuestName is how many code points the name of a guest may have.
const maxGuestName = 50

// guestName returns the name of a guest as it is kept: without white space
// around it. ErrInvalidField if it is too long, shows nothing, or would disturb
// the line that it is shown in.
func guestName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch n := utf8.RuneCountInString(name); {
	case n < 1 || n > maxGuestName:
		return "", Errorf(chat.ErrInvalidField, "name has %d code points, not 1 to %d", n, maxGuestName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", Errorf(chat.ErrInvalidField, "name holds a control character")
	case strings.ContainsFunc(name, overridesDirection):
		return "", Errorf(chat.ErrInvalidField, "name holds a character that overrides the direction of text")
	case !strings.ContainsFunc(name, shown):
		return "", Errorf(chat.ErrInvalidField, "name shows nothing")
	}
	return name, nil
}

// overridesDirection reports whether r embeds, overrides or isolates a run of
// text: left open, it turns what stands beside the name around.
func overridesDirection(r rune) bool {
	return 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069
}

// shown reports whether r leaves a mark on the screen.
func shown(r rune) bool {
	if unicode.Is(unicode.Prepended_Concatenation_Mark, r) { // formats, and is drawn
		return true
	}
	return !unicode.IsSpace(r) &&
		!unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
