package main

import (
	"strings"
	"unicode"
)

// clean returns a text of somebody else's without anything that a terminal takes for
// an order, or that changes the direction of what stands beside it: control and
// format characters go, but for line breaks and what emoji are joined with.
func clean(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ", "\u2028", "\n", "\u2029", "\n").Replace(text)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\u200c', r == '\u200d', 0xe0020 <= r && r <= 0xe007f:
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, text)
}

// cleanLine is clean for what has to be on one line, such as a name.
func cleanLine(text string) string {
	return strings.Join(strings.Fields(clean(text)), " ")
}

// indent puts the further lines of a text below the first one, so that none of them
// looks like a line of the program's own.
func indent(text string) string { return strings.ReplaceAll(text, "\n", "\n"+margin) }

// margin is in front of the further lines of a text.
const margin = "      "
