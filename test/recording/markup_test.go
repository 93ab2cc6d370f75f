package main

import "testing"

func TestMarkup_keepsTextAndLooks(t *testing.T) {
	for _, c := range []struct{ screen, want string }{
		{"plain <b> & more\n", "plain &lt;b&gt; &amp; more\n"},
		{"\x1b[2m14:42\x1b[0m \x1b[1;36mBob\x1b[0m: hi", `<span class="dim">14:42</span> <span class="bold f36">Bob</span>: hi`},
		{"\x1b[1m\x1b[94mAnn\x1b[39m!\x1b[22m.", `<span class="bold f94">Ann</span><span class="bold">!</span>.`},
		{"a\x1b[7m \x1b[27mb\x1b[m", `a<span class="reverse"> </span>b`},
		{"a\x1b[2Kb\x1b[", "ab"},
	} {
		if got := markup(c.screen); got != c.want {
			t.Errorf("%q becomes %q, not %q", c.screen, got, c.want)
		}
	}
}
