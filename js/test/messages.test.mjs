// What Messages and People make of answers and events, against a server that is made up: node js/test/messages.test.mjs
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Chat } from '../dist/chat.js'
import { Messages } from '../dist/messages.js'
import { People } from '../dist/people.js'

const ann = { id: 'ann', name: 'Ann' }
const bob = { id: 'bob', name: 'Bob' }
const id = (n) => '01' + String(n).padStart(24, '0')
const message = (n, text, more) => ({ id: id(n), room: 'general', user: bob, at: '', text, reactions: [], ...more })
const event = (n, type, data, user = bob) => ({ id: id(n), room: 'general', type, at: '', user, data })
const page = (cursor, messages, more) => ({ messages, has_more: false, prev: null, next: null, cursor: id(cursor), ...more })

const clients = new Set()
afterEach(() => {
  for (const chat of clients) chat.close()
  clients.clear()
})

/** Resolves when a condition holds. */
const until = async (holds) => {
  for (const end = Date.now() + 10_000; !holds(); ) {
    assert.ok(Date.now() < end, 'never: ' + holds)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/**
 * A client on a socket and a fetch that are made up. answers are by method and
 * path below the room; tell says something over the socket, commands are those
 * that were sent over it.
 */
const start = (answers) => {
  const sockets = []
  const commands = []
  class Socket {
    constructor() {
      sockets.push(this)
      setTimeout(() => this.say({ hello: { v: 1, store: 'now', user: ann, heartbeat_ms: 15_000, limits: { message: 65_536 } } }))
    }
    say(frame) { this.onmessage({ data: JSON.stringify(frame) }) }
    send(text) {
      const frame = JSON.parse(text)
      if (frame.op == 'subscribe') this.say({ re: frame.id, ok: {} })
      else commands.push(frame)
    }
    close() {}
  }
  const asked = []
  const fetch = async (address, { method }) => {
    const { pathname, searchParams } = new URL(address)
    const name = `${method} ${pathname.slice('/api/rooms/general/'.length)}`
    asked.push(name)
    if (pathname == '/api/me') return new Response(JSON.stringify({ user: ann }))
    const answer = await answers[name]?.(Object.fromEntries(searchParams))
    if (!answer) throw new TypeError('there is no network')
    return answer instanceof Response ? answer : new Response(JSON.stringify(answer))
  }
  const chat = new Chat({ url: 'http://chat.test/api', transport: 'socket', WebSocket: Socket, fetch, backoff: { base: 1, cap: 2 } })
  clients.add(chat)
  const room = chat.room('general')
  return {
    chat, room, asked, commands, sockets,
    tell: (...events) => sockets.at(-1).say({ room: 'general', events }),
    signal: (signal, data) => sockets.at(-1).say({ room: 'general', signal, data }),
    answer: (re, ok) => sockets.at(-1).say({ re, ok }),
    refuse: (re, code, status) => sockets.at(-1).say({ re, error: { code, status, title: code } }),
  }
}
const texts = ({ list }) => list.map(({ text }) => text).join()

/** A promise and what settles it. */
const later = () => {
  let resolve
  const promise = new Promise((ok) => (resolve = ok))
  return { promise, resolve }
}

test('what comes while the page of an open room is asked for is not lost', async () => {
  const answer = later()
  const { chat, room, tell } = start({ 'GET messages': () => answer.promise })
  await room.open({ after: id(1) })
  await until(() => chat.online)
  const messages = new Messages(room)
  tell(event(3, 'MessagePosted', { text: 'three' }), event(4, 'MessageEdited', { message: id(2), text: 'two!' }))
  answer.resolve(page(2, [message(2, 'two')]))
  await until(() => messages.ready)
  assert.equal(texts(messages), 'two!,three')
})

test('the page of an open room is asked for until it is there', async () => {
  let failures = 3
  const { room, chat, asked } = start({ 'GET messages': () => failures-- <= 0 && page(2, [message(2, 'two')]) })
  await room.open({ after: id(1) })
  await until(() => chat.online)
  const messages = new Messages(room)
  await until(() => messages.ready)
  assert.equal(texts(messages), 'two')
  assert.equal(asked.filter((name) => name == 'GET messages').length, 4)
})

test('edits and reactions show at once, and no more where they are refused', async () => {
  const { room, chat, commands, tell, answer, refuse } = start({ 'GET messages': () => page(2, [message(1, 'one', { user: ann }), message(2, 'two')]) })
  const messages = new Messages(room)
  await until(() => messages.ready && chat.online)
  const look = () => messages.list.map(({ text, reactions, status = '' }) => `${text}${reactions.map(({ emoji, count }) => emoji + count)} ${status}`.trim())
  room.edit(id(1), 'one!')
  const reacted = room.react(id(2), '🎉')
  assert.deepEqual(look(), ['one! pending', 'two🎉1 pending'])
  await until(() => commands.length == 1)
  tell(event(3, 'ReactionAdded', { message: id(1), emoji: '🎈' }))
  assert.deepEqual(look(), ['one!🎈1 pending', 'two🎉1 pending'])
  answer(commands[0].id, { event: event(4, 'MessageEdited', { message: id(1), text: 'one!' }, ann) })
  tell(event(4, 'MessageEdited', { message: id(1), text: 'one!' }, ann))
  await until(() => commands.length == 2)
  assert.deepEqual(look(), ['one!🎈1', 'two🎉1 pending'])
  refuse(commands[1].id, 'room_archived', 409)
  await assert.rejects(reacted, { code: 'room_archived' })
  assert.deepEqual(look(), ['one!🎈1', 'two'])
})

test('a reaction that is on its way is counted once', async () => {
  const mine = { emoji: '🎉', count: 2, mine: true, users: [bob, ann] }
  const { room, chat } = start({ 'GET messages': () => page(1, [message(1, 'one', { reactions: [mine] })]) })
  const messages = new Messages(room)
  await until(() => messages.ready && chat.online)
  room.react(id(1), '🎉').catch(() => {})
  assert.equal(messages.list[0].reactions[0].count, 2)
  room.unreact(id(1), '🎉').catch(() => {})
  assert.equal(messages.list[0].reactions[0].count, 1)
  room.unreact(id(1), '🎉').catch(() => {})
  assert.equal(messages.list[0].reactions[0].count, 1)
})

test('what is answered and not on the page is asked for, and shown as it is', async () => {
  const answer = later()
  const { room, chat, asked, tell } = start({
    'GET messages': () => page(5, [message(5, 'five')]),
    ['GET messages/' + id(1)]: () => answer.promise,
  })
  const messages = new Messages(room)
  await until(() => messages.ready && chat.online)
  tell(event(6, 'MessagePosted', { text: 'six', reply_to: id(1) }), event(7, 'MessagePosted', { text: 'seven', reply_to: id(1) }))
  tell(event(8, 'MessageEdited', { message: id(1), text: 'one!' })) // the answer was read before that
  answer.resolve(message(1, 'one'))
  await until(() => messages.list[1].parent)
  assert.deepEqual(messages.list.map(({ parent }) => parent?.text), [undefined, 'one!', 'one!'])
  assert.equal(asked.filter((name) => name == 'GET messages/' + id(1)).length, 1)
  tell(event(9, 'MessageDeleted', { message: id(1) }))
  assert.deepEqual(messages.list.slice(1).map(({ parent }) => [parent.text, parent.deleted]), [['', true], ['', true]])
})

test('a thread has its beginning and its replies, also those that are on their way', async () => {
  const { room, chat, tell } = start({
    'GET messages': ({ around }) => (around ? page(9, [message(1, 'one'), message(2, 'two', { replies: 2 })]) : page(9, [message(9, 'nine')])),
    [`GET messages/${id(2)}/thread`]: ({ before }) =>
      before ? page(9, [message(3, 'three', { thread: id(2) })]) : page(9, [message(4, 'four', { thread: id(2) })], { has_more: true, prev: id(4) }),
  })
  await room.open()
  await until(() => chat.online)
  const thread = new Messages(room, { thread: id(2) })
  await until(() => thread.ready)
  assert.equal(texts(thread), 'two,four')
  await thread.older()
  assert.equal(texts(thread), 'two,three,four')
  assert.equal(thread.hasMore, false)
  tell(event(10, 'MessagePosted', { text: 'elsewhere' }), event(11, 'MessagePosted', { text: 'five', thread: id(2) }))
  room.send('six', { thread: id(2) }).catch(() => {})
  room.send('not here').catch(() => {})
  assert.equal(texts(thread), 'two,three,four,five,six')
  assert.equal(thread.list[0].replies, 3)
})

test('a thread that is not to be had says why', async () => {
  const { room, chat } = start({
    'GET messages': () => page(9, []),
    [`GET messages/${id(2)}/thread`]: () => new Response('{"code":"message_not_found"}', { status: 404 }),
  })
  await room.open()
  await until(() => chat.online)
  const thread = new Messages(room, { thread: id(2) })
  await until(() => thread.error)
  assert.deepEqual([thread.error.code, thread.ready], ['message_not_found', false])
})

test('nobody is typing any more after a cut, unless it is told again', async () => {
  const { room, chat, sockets, signal } = start({ 'GET messages': () => page(1, []) })
  await room.open()
  await until(() => chat.online)
  signal('typing', { users: [ann, bob] })
  assert.deepEqual(room.typists, [bob])
  sockets[0].onclose({ code: 1006 })
  await until(() => sockets.length == 2 && chat.online)
  assert.deepEqual(room.typists, [bob])
  sockets[1].say({ room: 'general', live: id(1) })
  assert.deepEqual(room.typists, [])
})

test('a room that a listener has closed stays as it is', async () => {
  const { room, chat, tell } = start({ 'GET messages': () => page(1, []) })
  const seen = []
  await room.open()
  await until(() => chat.online)
  room.on('event', ({ id }) => {
    seen.push(id)
    room.close()
  })
  tell(event(2, 'MessagePosted', { text: 'two' }), event(3, 'MessagePosted', { text: 'three' }))
  assert.deepEqual([seen, room.cursor], [[id(2)], ''])
})

test('an answer about who is there does not undo what was told after it', async () => {
  const present = (user) => ({ ...user, status: 'online', last_seen: '' })
  const answers = [later(), later()]
  const { room, chat, signal, asked } = start({ 'GET messages': () => page(1, []), 'GET presence': () => answers[asked.filter((name) => name == 'GET presence').length - 1].promise })
  await room.open()
  const people = new People(room)
  await until(() => asked.includes('GET presence') && chat.online)
  signal('presence', { version: 4, count: 1, users: [present(ann)] })
  signal('presence', { version: 6, from: 4, count: 2, users: [present(bob)] })
  const names = () => people.presence.users.map(({ id }) => id).join()
  answers[0].resolve({ version: 5, count: 1, users: [present(ann)], offline: [{ id: 'cleo', last_seen: 'yesterday' }] })
  await until(() => asked.filter((name) => name == 'GET presence').length == 2)
  assert.equal(names(), 'ann,bob')
  answers[1].resolve({ version: 6, count: 2, users: [present(ann), present(bob)] })
  assert.equal(people.lastSeen.get('cleo'), 'yesterday')
  signal('presence', { version: 7, from: 6, count: 1, users: [{ ...bob, status: 'offline', last_seen: 'now' }] })
  assert.deepEqual([names(), people.lastSeen.get('bob')], ['ann', 'now'])
})

test('how far somebody has read only goes forward', async () => {
  const { room, chat, signal } = start({ 'GET messages': () => page(1, []), 'GET receipts': () => ({ receipts: [{ user: ann, up_to: id(3) }, { user: bob, up_to: id(2) }] }), 'GET presence': () => ({ version: 1, count: 0, users: [] }) })
  await room.open()
  const people = new People(room)
  await until(() => chat.online)
  signal('read', { receipts: [{ user: bob, up_to: id(5) }] })
  await people.loadReceipts()
  assert.deepEqual(people.receipts.map(({ user, up_to }) => [user.id, up_to]), [['bob', id(5)], ['ann', id(3)]])
})
