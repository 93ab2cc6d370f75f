package js_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// A server that is started again costs nothing but the time.
func TestFollow_goesOnWhenTheServerIsStartedAgain(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		n := runNode(t)
		n.do(`here.ann = await here.follow(%s); await here.ann.room.send('before')`, s.options("ann", transport))
		s.stop()
		sent := n.start(`await here.until(() => !here.ann.chat.online); const e = await here.ann.room.send('meanwhile'); return e.id`)
		s.start()
		s.post("bob", "after")
		wait[string](n, sent)
		got := run[[]string](n, `
			await here.until(() => here.ann.events.length == 3)
			return [here.ann.messages.list.map((m) => m.text).sort().join(), here.ann.states.find((s) => s.phase == 'waiting').reason]`)
		if want := []string{"after,before,meanwhile", "draining"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Tokens end again and again: another one is asked for, and nothing is missed.
// Where nobody has one the client stops, and keeps what was not sent.
func TestTokens_areRenewed(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t, expiring(until))
		n := runNode(t)
		n.do(`
			here.asked = []
			const token = ({ refresh }) => { here.asked.push(refresh); return here.out ? null : 'ann.' + (Date.now() + 300) }
			here.ann = await here.follow({ ...%s, token })`, s.options("ann", transport))
		var last string
		for i := range 40 {
			last = s.post("bob", numbered("b", i+1)[i])
			time.Sleep(25 * time.Millisecond) // the tokens end by the clock
		}
		type end struct {
			Events, Asked int
			First         bool
			Reason        string
			Pending       int
		}
		got := run[end](n, `
			await here.until(() => here.ann.events.at(-1)?.id == %s)
			const asked = here.asked.length, first = here.asked[0]
			here.out = true
			await here.until(() => here.ann.chat.state.phase == 'closed')
			here.ann.room.send('kept')
			return { events: here.ann.events.length, asked, first, reason: here.ann.chat.state.reason, pending: here.ann.room.pending.length }`, last)
		if got.Events != 40 || got.Asked < 3 || got.First || got.Reason != "unauthenticated" || got.Pending != 1 {
			t.Errorf("got %+v", got)
		}
		n.do(`here.out = false; here.ann.chat.connect(); await here.until(() => !here.ann.room.pending.length)`)
		if _, texts := s.log(chat.Start); !slices.Contains(texts, "ann kept") {
			t.Error("what was kept was not sent")
		}
	})
}

// Who says when a token ends keeps the socket: the new one is shown on it.
func TestTokens_areRenewedInPlace(t *testing.T) {
	s := serve(t, expiring(until))
	n := runNode(t)
	got := run[[]int](n, `
		let asked = 0
		const token = () => { const expires = Date.now() + 31500; asked++; return { token: 'ann.' + (Date.now() + 3000), expires } }
		const ann = await here.follow({ ...%s, token })
		await here.until(() => asked == 4)
		return [ann.states.filter((s) => s.phase == 'open').length, ann.states.filter((s) => s.phase == 'waiting').length]`, s.options("ann", "socket"))
	if !slices.Equal(got, []int{1, 0}) {
		t.Errorf("it was open %d times, and waited %d times", got[0], got[1])
	}
}

// A server that says nothing any more is left after two and a half heartbeats.
func TestWatchdog_leavesAFrozenServer(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t, beating(200*time.Millisecond))
		n := runNode(t)
		n.do(`here.ann = await here.follow(%s); await here.until(() => here.ann.chat.online); await here.ann.room.send('x')`, s.options("ann", transport))
		quiet := run[int](n, `
			const before = here.ann.states.length
			await new Promise((resolve) => setTimeout(resolve, 1200)) // the heartbeats are by the clock
			return here.ann.states.length - before`)
		if quiet != 0 {
			t.Errorf("where the server lives there were %d changes", quiet)
		}
		began := time.Now()
		s.proxy.freeze()
		reason := run[string](n, `
			await here.until(() => here.ann.chat.state.phase == 'waiting')
			return here.ann.chat.state.reason`)
		if took := time.Since(began); reason != "timeout" || took > 3*time.Second {
			t.Errorf("it is left for %q after %v", reason, took)
		}
		missed := s.post("bob", "missed")
		s.proxy.sever()
		s.proxy.thaw()
		n.do(`await here.until(() => here.ann.events.at(-1).id == %s)`, missed)
	})
}

// Where no socket can be opened it goes on over a stream, unless it may not.
func TestAuto_fallsBackToTheStream(t *testing.T) {
	s := serve(t)
	s.proxy.set(func() { s.proxy.plain = true })
	n := runNode(t)
	got := run[[]string](n, `
		const ann = await here.follow(%s)
		await here.until(() => ann.chat.online)
		const event = await ann.room.send('over')
		await here.until(() => ann.events.length == 1)
		const forced = await here.follow(%s)
		await here.until(() => forced.states.filter((s) => s.phase == 'waiting').length > 4)
		return [ann.chat.state.transport, forced.states.some((s) => s.phase == 'open') ? 'open' : 'never']`, s.options("ann", "auto"), s.options("ann", "socket"))
	if want := []string{"stream", "never"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s.proxy.set(func() { s.proxy.plain = false })
	if over := run[string](n, `
		const bob = await here.follow(%s)
		await here.until(() => bob.chat.online)
		return bob.chat.state.transport`, s.options("bob", "auto")); over != "socket" {
		t.Errorf("where a socket can be opened it goes over %q", over)
	}
}

// Retention takes what a client has yet to read: it is told, and sees the old list
// until the new one is there, whole.
func TestReset_replacesTheListAtOnce(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t, keeping(20))
		n := runNode(t)
		for i := range 10 {
			s.post("bob", numbered("old", i+1)[i])
		}
		n.do(`
			const options = %s
			// Pages can be held up on their way, after the server has read them.
			const slow = async (...call) => {
				const response = await fetch(...call)
				if (here.held && String(call[0]).includes('/messages')) { here.asked = true; await here.held }
				return response
			}
			here.ann = await here.follow({ ...options, fetch: slow })
			here.bob = await here.follow({ ...options, url: %s, token: 'bob.' })
			here.lengths = []
			here.told = []
			here.ann.messages.on('change', (list) => here.lengths.push(list.length + (list[0]?.text.slice(0, 3) ?? '')))
			here.reading = (async () => { for await (const item of here.ann.room) here.told.push(item.type) })()
			await here.until(() => here.ann.chat.online && here.bob.chat.online)
			here.held = new Promise((resolve) => { here.release = resolve })`, s.options("ann", transport), "http://"+s.addr+"/api")
		s.proxy.set(func() { s.proxy.closed = true })
		s.proxy.sever()
		for i := range 100 {
			s.post("bob", numbered("new", i+1)[i])
		}
		room := s.chat.Room("general")
		eventually(t, "retention", func() bool {
			info, err := room.Info(t.Context(), "")
			return err == nil && info.Floor.Compare(chat.Start) > 0
		})
		s.proxy.set(func() { s.proxy.closed = false })
		n.do(`await here.until(() => here.asked, 'the page is asked for')`)
		between := s.post("bob", "between")
		n.do(`
			await here.until(() => here.bob.room.cursor >= %s)
			await new Promise((resolve) => setTimeout(resolve, 50)) // it came on another connection: give this one time, too
			here.release()
			await here.until(() => here.told.includes('MessagePosted'))`, between)
		last := s.post("bob", "last")
		type end struct {
			Shown, Lengths []string
			Told           []string
		}
		got := run[end](n, `
			await here.until(() => here.ann.messages.list.at(-1).id == %s)
			await here.until(() => here.told.length >= 3, 'all is told')
			return { shown: here.ann.messages.list.map((m) => m.text), lengths: here.lengths, told: here.told }`, last)
		if end := got.Shown[max(0, len(got.Shown)-3):]; !slices.Equal(end, []string{"new99", "between", "last"}) || slices.Contains(got.Shown, "old9") {
			t.Errorf("it shows %q", got.Shown)
		}
		for _, length := range got.Lengths {
			if strings.HasPrefix(length, "0") {
				t.Errorf("the list flashed: %q", got.Lengths)
			}
		}
		if !slices.Equal(got.Told, []string{"chat.reset", "MessagePosted", "MessagePosted"}) {
			t.Errorf("it was told %q", got.Told)
		}
	})
}
