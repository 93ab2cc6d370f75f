package js_test

import (
	"slices"
	"testing"
)

// A change of presence that did not come is repaired by asking for the whole.
func TestPresence_isRepaired(t *testing.T) {
	s := serve(t)
	n := runNode(t)
	got := run[[]string](n, `
		let drop = false, dropped = 0
		const options = %s
		class Lossy extends WebSocket {
			set onmessage(take) {
				super.onmessage = (event) => {
					if (drop && JSON.parse(event.data).signal == 'presence') { dropped++; drop = false; return }
					take(event)
				}
			}
		}
		const ann = await here.follow({ ...options, WebSocket: Lossy })
		const people = new here.People(ann.room)
		const names = () => people.presence.users.map((u) => u.id).join()
		await here.until(() => names() == 'ann')
		drop = true
		const bob = await here.follow({ ...options, token: 'bob.' })
		await here.until(() => dropped == 1)
		const missed = names()
		const cleo = await here.follow({ ...options, token: 'cleo.' })
		await here.until(() => names() == 'ann,bob,cleo')
		return [missed, names(), String(people.presence.count)]`, s.options("ann", "socket"))
	if want := []string{"ann", "ann,bob,cleo", "3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Typing, read markers, signals of the host's own and the list of rooms come to
// the others, over each transport.
func TestSignals_comeToTheOthers(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		n := runNode(t)
		n.do(`
			const options = %s
			const ann = await here.follow(options)
			const bob = await here.follow({ ...options, token: 'bob.' })
			const list = new here.RoomList(ann.chat)
			const unread = here.svelte.unread(ann.room)
			const messages = here.svelte.messages(ann.room)
			let counted, shown
			const off = unread.subscribe((value) => { counted = value.unread })
			messages.subscribe((value) => { shown = value.map((m) => m.text).join() })
			await here.until(() => ann.chat.online && bob.chat.online && list.ready && ann.room.unread.up_to)

			bob.room.typing()
			await here.until(() => ann.room.typists.map((u) => u.name).join() == 'Bob')
			const event = await bob.room.send('hello @ann', { mentions: ['ann'] })
			await here.until(() => !ann.room.typists.length, 'typing ends with the message')
			await here.until(() => counted == 1 && ann.room.unread.mentions == 1, 'it is unread')
			await here.until(() => shown == 'hello @ann')
			await here.until(() => list.list[0]?.unread == 1 && list.list[0].last.id == event.id, 'the list has it')

			ann.room.read()
			await here.until(() => counted == 0 && ann.room.unread.up_to >= event.id, 'it is read')
			await here.until(() => list.list[0].unread == 0, 'the list has that too')
			const more = await bob.room.send('and more')
			await here.until(() => counted == 1)
			await bob.room.delete(more.id)
			await here.until(() => counted == 0, 'what is deleted is not unread')
			off()

			const signals = []
			ann.room.on('signal', (signal) => signals.push(signal))
			await bob.room.signal('x.wave', { at: 1 })
			await here.until(() => signals.some((s) => s.kind == 'x.wave' && s.user.id == 'bob' && s.data.at == 1))
			await here.setStatus(bob.chat, 'busy')

			const made = await here.createRoom(bob.chat, { title: 'Club', kind: 'private', members: ['ann'] })
			await here.until(() => list.list.some((room) => room.id == made.room && room.title == 'Club'))
			const page = await here.search(ann.room, 'hello')
			if (page.messages.length != 1) throw new Error('nothing is found')`, s.options("ann", transport))
	})
}

// A signal that is aborted ends what it was given to, and nothing else.
func TestAbortSignal_endsWhatItIsGivenTo(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		n := runNode(t)
		last := s.post("bob", "there")
		got := run[[]string](n, `
			const said = []
			const name = (promise) => promise.then(() => 'done', (e) => e.name)
			const options = %s
			const all = new AbortController()
			const ann = await here.follow({ ...options, signal: all.signal })
			await here.until(() => ann.chat.online)
			said.push(await name(ann.room.open({ signal: AbortSignal.abort() })))
			said.push(await name(ann.chat.call('GET', 'me', { signal: AbortSignal.abort() })))
			said.push(await name(ann.room.send('never', { signal: AbortSignal.abort() })))

			const reading = new AbortController()
			const ended = name((async () => { for await (const event of ann.room.events({ signal: reading.signal })) said.push(event.data.text) })())
			await ann.room.send('one')
			await here.until(() => said.includes('one'))
			reading.abort()
			said.push(await ended)

			const listening = new AbortController()
			let heard = 0
			ann.room.on('event', () => heard++, { signal: listening.signal })
			listening.abort()
			await ann.room.send('two')
			await here.until(() => ann.events.at(-1).data.text == 'two')
			said.push(String(heard))

			const following = new AbortController()
			const other = ann.chat.room('other')
			said.push(await name(other.open({ signal: following.signal })))

			all.abort()
			said.push(ann.chat.state.phase)
			const lost = new AbortController()
			const offline = name(ann.room.send('given up', { signal: lost.signal }))
			lost.abort()
			said.push(await offline, String(ann.room.pending.length))
			return said`, s.options("ann", transport))
		want := []string{"AbortError", "AbortError", "AbortError", "one", "AbortError", "0", "ChatError", "closed", "AbortError", "0"}
		if !slices.Equal(got, want) {
			t.Errorf("behind %s: got %q, want %q", last, got, want)
		}
	})
}
