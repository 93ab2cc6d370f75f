package main

import (
	"html"
	"slices"
	"strconv"
	"strings"
)

// markup turns the screen of a terminal into HTML: a span for each run of text of one
// look, whose classes are "f" with the code of a colour, "bold", "dim" and "reverse".
func markup(screen string) string {
	var out strings.Builder
	var now look
	for {
		text, rest, found := strings.Cut(screen, "\x1b[")
		now.write(&out, text)
		if !found {
			return out.String()
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
		if end < 0 {
			return out.String()
		}
		if rest[end] == 'm' {
			now = now.after(rest[:end])
		}
		screen = rest[end+1:]
	}
}

// look is how a terminal draws what comes next.
type look struct {
	colour              int // its code, 30 to 37 or 90 to 97; 0: the usual one
	bold, dim, reversed bool
}

// after is the look behind the parameters of a sequence of "select graphic rendition".
// Backgrounds are left out: nothing that is filmed has any.
func (l look) after(parameters string) look {
	for part := range strings.SplitSeq(parameters, ";") {
		code, _ := strconv.Atoi(part) // none is 0
		switch {
		case code == 0:
			l = look{}
		case code == 1:
			l.bold = true
		case code == 2:
			l.dim = true
		case code == 7:
			l.reversed = true
		case code == 22:
			l.bold, l.dim = false, false
		case code == 27:
			l.reversed = false
		case code >= 30 && code <= 37, code >= 90 && code <= 97:
			l.colour = code
		case code == 39:
			l.colour = 0
		}
	}
	return l
}

func (l look) write(out *strings.Builder, text string) {
	if text == "" {
		return
	}
	var classes []string
	for class, on := range map[string]bool{"f" + strconv.Itoa(l.colour): l.colour != 0, "bold": l.bold, "dim": l.dim, "reverse": l.reversed} {
		if on {
			classes = append(classes, class)
		}
	}
	slices.Sort(classes)
	text = html.EscapeString(text)
	if len(classes) > 0 {
		text = `<span class="` + strings.Join(classes, " ") + `">` + text + `</span>`
	}
	out.WriteString(text)
}
