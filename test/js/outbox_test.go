package js_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

// What is sent without a connection is shown at once, and is there once and in
// order when the connection is.
func TestSends_waitForTheConnection(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		n := runNode(t)
		n.do(`here.ann = await here.follow(%s)`, s.options("ann", transport))
		s.proxy.set(func() { s.proxy.closed = true })
		s.proxy.sever()
		shown := run[[]string](n, `
			await here.until(() => !here.ann.chat.online)
			here.sent = ['one', 'two', 'three', 'four', 'five'].map((text) => here.ann.room.send(text))
			return here.ann.messages.list.map((m) => m.status + ' ' + m.text + ' ' + m.user.name)`)
		if want := []string{"pending one Ann", "pending two Ann", "pending three Ann", "pending four Ann", "pending five Ann"}; !slices.Equal(shown, want) {
			t.Errorf("at once it shows %q", shown)
		}
		s.proxy.set(func() { s.proxy.closed = false })
		shown = run[[]string](n, `
			globalThis.dispatchEvent?.(new Event('online'))
			await Promise.all(here.sent)
			await here.until(() => !here.ann.room.pending.length)
			return here.ann.messages.list.map((m) => m.status + ' ' + m.text)`)
		if want := []string{"undefined one", "undefined two", "undefined three", "undefined four", "undefined five"}; !slices.Equal(shown, want) {
			t.Errorf("in the end it shows %q", shown)
		}
		if _, texts := s.log(chat.Start); len(texts) != 5 {
			t.Errorf("stored are %q", texts)
		}
	})
}

// What was not answered when the page went is sent by the next, under the same
// key and by the same user alone; and the cursor that was kept goes on.
func TestStorage_outlivesThePage(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		n := runNode(t)
		n.do(`
			here.kept = here.memory()
			here.options = %s
			here.first = await here.follow({ ...here.options, storage: here.keep(here.kept) })
			await here.first.room.send('before')
			await here.until(() => here.first.events.length == 1)`, s.options("ann", transport))
		s.proxy.set(func() { s.proxy.closed = true })
		s.proxy.sever()
		n.do(`
			await here.until(() => !here.first.chat.online)
			here.first.room.send('one')
			here.first.room.send('two')
			here.first.chat.close()`)
		missed := s.post("bob", "meanwhile")
		s.proxy.set(func() { s.proxy.closed = false })
		n.do(`
			// He has the same storage, and saves no cursor: that is the browser's.
			here.bob = await here.follow({ ...here.options, token: 'bob.', storage: { ...here.keep(here.kept), save: () => {} } })
			await here.bob.room.send('not hers')
			here.bob.chat.close()`)
		got := run[[]string](n, `
			const again = await here.follow({ ...here.options, storage: here.keep(here.kept) }, 'general', { after: 'saved' })
			await here.until(() => again.events.at(-1)?.data.text == 'two' && !again.room.pending.length)
			return again.events.map((e) => e.id + ' ' + e.user.id + ' ' + e.data.text)`)
		_, texts := s.log(chat.Start)
		if want := []string{"ann before", "bob meanwhile", "bob not hers", "ann one", "ann two"}; !slices.Equal(texts, want) {
			t.Errorf("stored are %q", texts)
		}
		want := []string{missed + " bob meanwhile", "bob not hers", "ann one", "ann two"}
		if len(got) != 4 || got[0] != want[0] || !strings.HasSuffix(got[1], want[1]) || !strings.HasSuffix(got[3], want[3]) {
			t.Errorf("she is told %q", got)
		}
	})
}

// What the server refuses stays as failed until it is tried again or dropped, and
// holds up nothing.
func TestSends_thatAreRefusedStayAsFailed(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		n := runNode(t)
		type end struct{ Code, Shown, Again, Dropped string }
		got := run[end](n, `
			const { room, messages } = await here.follow(%s)
			const show = () => messages.list.map((m) => (m.status ?? 'stored') + ' ' + m.text.length).join()
			const bad = room.send('x'.repeat(4001))
			const good = room.send('good')
			const code = await bad.catch((e) => e.code)
			await good
			await here.until(() => messages.list.some((m) => m.text == 'good' && !m.status))
			const shown = show()
			const { key } = messages.list.at(-1)
			room.retry(key)
			const again = show()
			await here.until(() => messages.list.at(-1).status == 'failed')
			room.drop(key)
			return { code, shown, again, dropped: show() }`, s.options("ann", transport))
		if want := (end{"message_too_long", "stored 4,failed 4001", "stored 4,pending 4001", "stored 4"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// Edits, deletions and reactions go the same way, and are shown as the server
// shows them.
func TestMessages_areWhatTheServerShows(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		n := runNode(t)
		type end struct{ Mine, Served any }
		got := run[end](n, `
			const { chat, room, messages } = await here.follow(%s)
			const bob = await here.follow({ ...%s, token: 'bob.' })
			const one = await room.send('one')
			const two = await bob.room.send('two', { reply_to: one.id, mentions: ['ann'] })
			await room.edit(one.id, 'one, edited')
			await bob.room.react(one.id, '👍')
			await room.react(one.id, '👍')
			await room.react(one.id, '🎉')
			await room.unreact(one.id, '👍')
			const three = await room.send('three', { thread: one.id })
			await room.delete(three.id)
			const last = await room.send('last', { meta: { a: 1 }, kind: 'note' })
			await here.until(() => room.cursor >= last.id)
			const page = await room.call('GET', 'messages')
			const plain = (list) => JSON.parse(JSON.stringify(list.map(({ id, user, text, edited_at, deleted, reply_to, thread, parent, replies, reactions, mentions, meta }) =>
				({ id, user, text: text ?? '', edited_at, deleted: !!deleted, reply_to, thread, parent: parent && { ...parent, deleted: !!parent.deleted }, replies: replies || 0, reactions: reactions ?? [], mentions: mentions ?? [], meta }))))
			return { mine: JSON.stringify(plain(messages.list)), served: JSON.stringify(plain(page.messages)) }`, s.options("ann", transport), s.options("bob", transport))
		if got.Mine != got.Served {
			t.Errorf("shown\n%s\nserved\n%s", got.Mine, got.Served)
		}
	})
}
