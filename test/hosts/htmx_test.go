package hosts_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	devlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "directory to write htmx.png to")

// chromium starts a browser, or skips the test, but not in CI.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is not in the path")
		}
		t.Skip("chromium is not in the path")
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-GB"),
	)...)
	browser, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() { stop(); cancel() })
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return browser
}

// example is a running examples/htmx.
type example struct {
	t                 *testing.T
	program, db, addr string
	cmd               *exec.Cmd
}

func startExample(t *testing.T) *example {
	t.Helper()
	dir := t.TempDir()
	x := &example{t: t, program: filepath.Join(dir, "htmx"), db: filepath.Join(dir, "chat.db"), addr: "127.0.0.1:0"}
	build := exec.Command("go", "build", "-o", x.program, "./examples/htmx")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build examples/htmx: %v\n%s", err, out)
	}
	x.start()
	t.Cleanup(x.kill)
	return x
}

func (x *example) start() {
	x.t.Helper()
	x.cmd = exec.Command(x.program, "-addr", x.addr, "-db", x.db, "-secret", "a secret that outlives a restart")
	x.cmd.Stderr = x.t.Output()
	out, err := x.cmd.StdoutPipe()
	if err != nil {
		x.t.Fatal(err)
	}
	if err := x.cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !found {
		x.t.Fatalf("the example said %q and then: %v", line, err)
	}
	x.addr = strings.TrimSuffix(url, "/")
	go func() { _, _ = io.Copy(io.Discard, out) }()
}

// kill ends the process as a power cut would.
func (x *example) kill() {
	if x.cmd != nil {
		_ = x.cmd.Process.Kill()
		_ = x.cmd.Wait()
		x.cmd = nil
	}
}

// tab is the example in a browser of its own.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// signIn opens the example under a name. An exception in a script, and a breach
// of the page's policy, fail the test.
func signIn(t *testing.T, browser context.Context, x *example, name string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			details, _ := json.Marshal(e.ExceptionDetails)
			t.Errorf("%s: exception in the page: %s", name, details)
		case *devlog.EventEntryAdded:
			if e.Entry.Source == "security" {
				t.Errorf("%s: %s", name, e.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, devlog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	p := &tab{t: t, ctx: ctx}
	p.do(chromedp.EmulateViewport(720, 560), chromedp.Navigate("http://"+x.addr+"/"),
		chromedp.WaitVisible("#name"), chromedp.SendKeys("#name", name+"\r"), chromedp.WaitVisible("#text"))
	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// say writes a message and presses Enter. It returns when the form is empty
// again: the message is stored.
func (p *tab) say(text string) {
	p.t.Helper()
	p.wait(`document.querySelector('#text').value === '' && !document.querySelector('#text').disabled`)
	p.do(chromedp.SendKeys("#text", text+"\r"))
	p.wait(`document.querySelector('#text').value === '' && !document.querySelector('#text').disabled`)
}

// texts is JavaScript for what the page shows.
const texts = `[...document.querySelectorAll('#messages li p')].map((p) => p.textContent)`

// shows waits until the page shows these messages and nothing else.
func (p *tab) shows(want ...string) {
	p.t.Helper()
	list, _ := json.Marshal(want)
	p.wait(fmt.Sprintf(`%s.length >= %d`, texts, len(want)))
	p.wait(fmt.Sprintf(`JSON.stringify(%s) === JSON.stringify(%s)`, texts, list))
}

func (p *tab) wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](expression,
		chromedp.WithPollingInterval(15*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		p.t.Fatalf("waited for %s: %v\nthe page says:\n%s", expression, err, text)
	}
}

func TestHTMX_showsEachOthersMessagesThroughARestart(t *testing.T) {
	browser := chromium(t)
	x := startExample(t)
	ann, bob := signIn(t, browser, x, "Ann"), signIn(t, browser, x, "Bob")
	ann.do(chromedp.Evaluate[chromedp.Void](`globalThis.sameAsEver = true`)) // gone if the page is loaded anew
	ann.say("Hello, Bob.")
	bob.shows("Hello, Bob.")
	bob.say("<img src=x onerror=alert(1)> & <b>bold</b>")
	want := []string{"Hello, Bob.", "<img src=x onerror=alert(1)> & <b>bold</b>"}
	ann.shows(want...)
	bob.shows(want...)

	// While nobody serves, what is sent stays in the form.
	x.kill()
	ann.do(chromedp.SendKeys("#text", "Into the void.\r"))
	ann.wait(`document.querySelector('#text').value === 'Into the void.' && !document.querySelector('#text').disabled`)
	x.start()
	ann.do(chromedp.SendKeys("#text", "\r"))
	want = append(want, "Into the void.")
	ann.shows(want...)
	bob.shows(want...)
	for round := range 2 { // from a cursor that the stream has brought, and while it is resuming
		for i := range 3 {
			text := fmt.Sprintf("Round %d, %d.", round, i)
			bob.say(text)
			want = append(want, text)
		}
		x.kill()
		x.start()
		text := fmt.Sprintf("After restart %d.", round)
		bob.say(text)
		want = append(want, text)
		ann.shows(want...)
		bob.shows(want...)
	}
	ann.wait(`globalThis.sameAsEver === true`)
	ann.wait(`new Set([...document.querySelectorAll('#messages li')].map(({id}) => id)).size === document.querySelectorAll('#messages li').length`)

	// Who comes later sees the same.
	signIn(t, browser, x, "Cleo").shows(want...)

	dir := *screenshots
	if dir == "" {
		dir = t.ArtifactDir()
	}
	picture, err := chromedp.Run(bob.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "htmx.png"), picture, 0o644)
	}
	if err != nil {
		t.Errorf("screenshot: %v", err)
	}
}

// An EventSource that is answered with an error gives up. The extension opens
// another one, which must begin where that one was.
func TestHTMX_doublesNothingAfterAStreamWasRefused(t *testing.T) {
	browser := chromium(t)
	x := startExample(t)
	ann := signIn(t, browser, x, "Ann")
	for _, text := range []string{"One.", "Two."} {
		ann.say(text)
	}
	ann.shows("One.", "Two.")
	ann.do(chromedp.Evaluate[chromedp.Void](`{
		const timeline = document.querySelector('#timeline');
		const source = timeline['htmx-internal-data'].sseEventSource;
		source.close();
		source.onerror(new Event('error'));
		delete globalThis.opened;
		timeline.addEventListener('htmx:sseOpen', () => { globalThis.opened = true; });
	}`))
	ann.wait(`globalThis.opened === true`)
	ann.say("Three.")
	ann.shows("One.", "Two.", "Three.")
}
