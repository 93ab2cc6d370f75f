package main

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

//go:embed stage.html
var stage string

// window is where in the film the page is drawn: the browser's window of stage.html.
var window = image.Rect(536, 40, 1088, 464)

// recorder plays the story and takes the pictures. After an error it does nothing more.
type recorder struct {
	stage  *tab // all that is not the page: the terminal, and what becomes of the server
	ann    *tab
	bob    *terminal
	server *server
	said   string // of the server
	film   film
	err    error
}

func newRecorder(b *browser, s *server) (*recorder, error) {
	r := &recorder{server: s}
	var err error
	if r.stage, err = b.open("data:text/html;base64,"+base64.StdEncoding.EncodeToString([]byte(stage)), image.Pt(width, height)); err != nil {
		return nil, fmt.Errorf("open the stage: %w", err)
	}
	if r.ann, err = b.open("http://"+s.addr+"/#general", window.Size()); err != nil {
		return nil, fmt.Errorf("open the page: %w", err)
	}
	return r, r.ann.do(chromedp.WaitVisible("#name"), chromedp.SendKeys("#name", "Ann\r"), chromedp.WaitVisible("#chat"))
}

// do does a step, unless one has failed before.
func (r *recorder) do(step func() error) {
	if r.err == nil {
		r.err = step()
	}
}

// take takes a picture, which is shown for so long.
func (r *recorder) take(d time.Duration) {
	r.do(func() error {
		screen, err := r.bob.screen()
		if err != nil {
			return err
		}
		arguments, err := json.Marshal([]any{markup(screen), r.said, r.server.cmd == nil})
		if err != nil {
			return err
		}
		if err := r.stage.script(fmt.Sprintf("show(...%s)", arguments)); err != nil {
			return err
		}
		behind, err := r.stage.picture()
		if err != nil {
			return err
		}
		page, err := r.ann.picture()
		if err != nil {
			return err
		}
		whole := image.NewRGBA(image.Rect(0, 0, width, height))
		draw.Draw(whole, whole.Bounds(), behind, behind.Bounds().Min, draw.Src)
		draw.Draw(whole, window, page, page.Bounds().Min, draw.Src)
		r.film.add(whole, d)
		return nil
	})
}

// pace is how long the picture of some letters being typed is shown.
const pace = 150 * time.Millisecond

// chunks are the letters of a text, as they are typed from picture to picture.
func chunks(text string) []string {
	const letters = 3
	var out []string
	for runes := []rune(text); len(runes) > 0; {
		n := min(letters, len(runes))
		out = append(out, string(runes[:n]))
		runes = runes[n:]
	}
	return out
}

// bobTypes types into the terminal; the prompt ends with it.
func (r *recorder) bobTypes(text string) {
	typed := ""
	for _, part := range chunks(text) {
		typed += part
		r.do(func() error { return r.bob.write(part) })
		r.do(func() error { return r.bob.wait(strings.TrimSpace("general> "+typed), 1) })
		r.take(pace)
	}
}

// annTypes types into the page.
func (r *recorder) annTypes(text string) {
	for _, part := range chunks(text) {
		r.do(func() error { return r.ann.do(chromedp.SendKeys("#text", part)) })
		r.take(pace)
	}
}

// annSends presses Enter in the page, and bobSends in the terminal.
func (r *recorder) annSends() {
	r.do(func() error { return r.ann.do(chromedp.SendKeys("#text", "\r")) })
}

func (r *recorder) bobSends() {
	r.do(func() error { return r.bob.press("Enter") })
}

// annPresses clicks on a button of a message, which may be shown only below a pointer.
func (r *recorder) annPresses(text, button string) {
	r.do(func() error {
		return r.ann.script(fmt.Sprintf(`messages(%q)[0].querySelector(%q).click()`, text, button))
	})
}

// annSees waits until an expression is true in the page, and bobSees until a text is
// that many times in the terminal.
func (r *recorder) annSees(expression string) {
	r.do(func() error { return r.ann.wait(expression) })
}

func (r *recorder) bobSees(text string, times int) {
	r.do(func() error { return r.bob.wait(text, times) })
}
