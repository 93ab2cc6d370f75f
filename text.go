package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of ids and keys, in bytes, and of text, in code points.
const (
	defaultMaxText = 4000
	maxRoomID      = 128
	maxKey         = 255
	maxEmoji       = 32
)

// cleanText returns text as it is stored: CRLF and CR as LF, white space at
// both ends trimmed, the rest byte for byte. limit is in code points. What shows
// nothing is ErrEmptyMessage, unless it may be empty, and then is.
func cleanText(text string, limit int, mayBeEmpty bool) (string, error) {
	if !utf8.ValidString(text) {
		return "", ErrInvalidUTF8.because("text is not valid UTF-8")
	}
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	text = strings.TrimSpace(text)
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < 0x20 && c != '\n' && c != '\t' {
			return "", ErrControlCharacter.because("text holds U+%04X", c)
		}
	}
	if invisible(text) {
		if mayBeEmpty {
			return "", nil
		}
		return "", ErrEmptyMessage.because("text shows nothing")
	}
	if len(text) > limit { // as many code points at most as bytes
		if n := utf8.RuneCountInString(text); n > limit {
			return "", ErrMessageTooLong.because("text has %d code points of %d allowed", n, limit)
		}
	}
	return text, nil
}

// invisible reports whether no character of s leaves a mark on the screen.
func invisible(s string) bool {
	for _, r := range s {
		if !zeroWidth(r) && !unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// zeroWidth reports whether r is default ignorable: drawn as nothing at all.
func zeroWidth(r rune) bool {
	if r < 0xad { // the first of them, the soft hyphen
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// checkRoomID returns ErrInvalidRoomID unless id matches
// ^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$.
func checkRoomID(id string) error {
	if id == "" || len(id) > maxRoomID || !alphanumeric(id[0]) {
		return ErrInvalidRoomID.because("%q", id)
	}
	for i := 1; i < len(id); i++ {
		if c := id[i]; !alphanumeric(c) && strings.IndexByte("._~:-", c) < 0 {
			return ErrInvalidRoomID.because("%q", id)
		}
	}
	return nil
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// nameable reports whether s can stand as one segment of a URL's path and as
// a part of a row's key: no slashes, control characters or white space.
func nameable(s string) bool {
	if s == "" || s == "." || s == ".." {
		return false
	}
	for _, r := range s {
		if r == '/' || r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

func checkUserID(id string) error {
	switch {
	case !utf8.ValidString(id):
		return ErrInvalidUTF8.because("user id is not valid UTF-8")
	case len(id) > maxUserID || !nameable(id):
		return ErrInvalidField.because("user id %q", id)
	}
	return nil
}

func checkUserName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return ErrInvalidUTF8.because("user name is not valid UTF-8")
	case len(name) > maxUserName || strings.ContainsFunc(name, unicode.IsControl):
		return ErrInvalidField.because("user name %q", name)
	}
	return nil
}

func checkEmoji(emoji string) error {
	switch {
	case !utf8.ValidString(emoji):
		return ErrInvalidUTF8.because("emoji is not valid UTF-8")
	case len(emoji) > maxEmoji || !nameable(emoji) || invisible(emoji):
		return ErrInvalidReaction.because("%q", emoji)
	}
	return nil
}

// checkKey returns ErrIdempotencyKeyInvalid unless key is 1 to 255 bytes of
// printable ASCII.
func checkKey(key string) error {
	if key == "" || len(key) > maxKey {
		return ErrIdempotencyKeyInvalid.because("%d bytes, not 1 to %d", len(key), maxKey)
	}
	for i := 0; i < len(key); i++ {
		if key[i] < 0x20 || key[i] > 0x7e {
			return ErrIdempotencyKeyInvalid.because("%q is not printable ASCII", key)
		}
	}
	return nil
}

// checkCustomType returns ErrInvalidField unless t matches
// ^x\.[A-Za-z0-9._-]{1,64}$.
func checkCustomType(t string) error {
	name, ok := strings.CutPrefix(t, "x.")
	if !ok || name == "" || len(name) > 64 {
		return ErrInvalidField.because("type %q", t)
	}
	return checkWord("type", name)
}

// checkWord returns ErrInvalidField unless s matches ^[A-Za-z0-9._-]{0,64}$.
func checkWord(field, s string) error {
	if len(s) > 64 {
		return ErrInvalidField.because("%s %q is longer than 64 bytes", field, s)
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !alphanumeric(c) && strings.IndexByte("._-", c) < 0 {
			return ErrInvalidField.because("%s %q", field, s)
		}
	}
	return nil
}
