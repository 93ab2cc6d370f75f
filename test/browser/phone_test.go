package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestPage_fitsAPhone(t *testing.T) {
	s := startServer(t)
	s.post("garden", "Averyveryveryveryveryveryveryveryveryveryveryveryverylongword and then https://example.com/a/path/that/has/no/place/to/break/at/all")
	ann := openPage(t, "Ann", s.url("general", ""))
	ann.do(chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile, chromedp.EmulateTouch),
		chromedp.SendKeys("#name", "Ann\r"), chromedp.WaitVisible("#chat"))
	ann.connected()
	if covered := eval[bool](ann, `document.querySelector('#sidebar').inert`); !covered {
		t.Error("the room list can be reached while it is folded away")
	}
	ann.do(chromedp.Click("#open-rooms"))
	ann.wait(`document.querySelector('#sidebar').getBoundingClientRect().left === 0`) // it slides in
	ann.do(chromedp.Click(`[data-room="garden"]`))
	ann.wait(`document.querySelector('#room-title').innerText === 'garden' && document.querySelector('#sidebar').inert`)
	ann.wait(`messages().length === 1`)
	if wide := eval[int](ann, `Math.max(document.documentElement.scrollWidth, document.querySelector('#scroller').scrollWidth)`); wide > 360 {
		t.Errorf("the page is %d px wide on a screen of 360", wide)
	}
	small := eval[[]string](ann, `[...document.querySelectorAll('button')].filter((b) => b.checkVisibility({visibilityProperty: true, opacityProperty: true}))
		.filter((b) => b.getBoundingClientRect().height < 32).map((b) => b.outerHTML)`)
	if len(small) > 0 {
		t.Errorf("too small for a finger: %q", small)
	}
}
