package main

import (
	"bytes"
	"image/gif"
	"os"
	"regexp"
	"testing"
	"time"
)

func TestDemo_isShortAndSmall(t *testing.T) {
	file, err := os.ReadFile("../../docs/demo.gif")
	if err != nil {
		t.Fatal(err)
	}
	if len(file) > 1500<<10 {
		t.Errorf("it has %d bytes", len(file))
	}
	film, err := gif.DecodeAll(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if film.Config.Width != width || film.Config.Height != height {
		t.Errorf("it is %d by %d", film.Config.Width, film.Config.Height)
	}
	var shown time.Duration
	for _, delay := range film.Delay {
		if delay < 5 {
			t.Errorf("a picture is shown for %d0 ms: many viewers take that for 100", delay)
		}
		shown += time.Duration(delay) * 10 * time.Millisecond
	}
	if shown < 15*time.Second || shown > 30*time.Second {
		t.Errorf("it takes %v", shown)
	}
	if film.LoopCount != 0 {
		t.Errorf("it ends after %d times", film.LoopCount)
	}
}

func TestDemo_isInTheREADMEWithATextInItsPlace(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`!\[[^\]]{40,}\]\(docs/demo\.gif\)`).Match(readme) {
		t.Error("README.md does not show docs/demo.gif with a text of 40 letters or more")
	}
}
