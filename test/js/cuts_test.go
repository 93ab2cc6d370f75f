package js_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/roomlog/chat"
)

// While it sends and follows its connections are cut at random bytes, both ways.
// In the end each send is exactly one message, in the order typed, the follower
// has had every event once and in order, and shows what a new one would.
func TestSends_areEachOneMessageWhateverIsCut(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		n := runNode(t)
		n.do(`here.ann = await here.follow(%s); here.sent = []`, s.options("ann", transport))
		s.proxy.set(func() { s.proxy.cutting = true })
		s.proxy.sever()
		n.do(`here.sending = (async () => {
			for (let i = 0; !here.enough; i++) {
				here.sent.push(here.ann.room.send('m' + i))
				await here.until(() => here.ann.room.pending.length < 5)
			}
		})()`)
		others := 0
		for last := -1; s.proxy.cut() < *cuts; {
			// Somebody else is heard now and then, so that there is more to miss.
			eventually(t, "another cut", func() bool { return s.proxy.cut() > last })
			last = s.proxy.cut()
			s.post("bob", fmt.Sprint("b", others))
			others++
		}
		n.do(`here.enough = true; await here.sending`)
		s.proxy.set(func() { s.proxy.cutting = false })
		t.Logf("%d connections, %d cuts", s.proxy.count(), s.proxy.cut())

		type end struct {
			Sent, Events []string
			Shown        []string
			Pending      int
			Over         string
		}
		last := s.post("cleo", "the last")
		got := run[end](n, `
			const sent = (await Promise.all(here.sent)).map((event) => event.id)
			await here.until(() => here.ann.events.at(-1)?.id >= %s && !here.ann.room.pending.length)
			return { sent, over: here.ann.chat.state.transport, pending: here.ann.room.pending.length,
				events: here.ann.events.map((e) => e.id),
				shown: here.ann.messages.list.map((m) => m.user.id + ' ' + m.text) }`, last)
		ids, texts := s.log(chat.Start)
		if want := numbered("m", len(got.Sent)); !slices.Equal(by("ann", texts), want) {
			t.Errorf("%d sends became %d messages: %q", len(want), len(by("ann", texts)), by("ann", texts))
		}
		first := slices.Index(ids, got.Events[0])
		if first != 3 || !slices.Equal(ids[first:], got.Events) { // behind the three who joined
			t.Errorf("the log has %d events, the follower has had %d, from the %d. on", len(ids), len(got.Events), first)
		}
		if !slices.Equal(got.Shown, texts) || got.Pending > 0 || got.Over != transport {
			t.Errorf("over %s it shows %d messages of %d, %d pending", got.Over, len(got.Shown), len(texts), got.Pending)
		}
		if len(got.Sent) < *cuts/10 {
			t.Errorf("only %d were sent", len(got.Sent))
		}
	})
}
