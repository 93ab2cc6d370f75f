package main

import "testing"

func TestClean_keepsTextAndNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		"plain, Grüße, 日本語":              "plain, Grüße, 日本語",
		"👩‍👩‍👧 👍🏽 🏴\U000e0067\U000e007f": "👩‍👩‍👧 👍🏽 🏴\U000e0067\U000e007f",
		"a\x1b[31mb\x1b[0m":              "a[31mb[0m",
		"\x1b]52;c;aGk=\x07":             "]52;c;aGk=",
		"c1 \u009b2J \u0090q \u0085":     "c1 2J q ",
		"bidi \u202eabc\u2066\u200f":     "bidi abc",
		"a\r\nb\rc\u2028d\te\x7f\x00":    "a\nb\nc\nd    e",
		"\ufeffzero\u200bwidth\u00ad":    "zerowidth",
		"bad \xff\xc0 utf8":              "bad \ufffd\ufffd utf8",
	} {
		if got := clean(text); got != want {
			t.Errorf("clean(%q) is %q, not %q", text, got, want)
		}
	}
	if got := cleanLine(" two\nlines \x1b[1m "); got != "two lines [1m" {
		t.Errorf("a name is %q", got)
	}
}
