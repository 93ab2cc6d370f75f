// What the client does by itself, against a server that is made up: node js/test/unit.test.mjs
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Chat, newKey } from '../dist/chat.js'
import { keep } from '../dist/storage.js'

const ann = { id: 'ann', name: 'Ann' }
const url = 'http://chat.test/api'
const id = (n) => '01' + String(n).padStart(24, '0')

/** A client that ends with its test, also where that fails: Node would wait for it. */
const clients = new Set()
const client = (options) => {
  const chat = new Chat({ url, ...options })
  clients.add(chat)
  return chat
}
afterEach(() => {
  for (const chat of clients) chat.close()
  clients.clear()
})

/** A Storage that is kept in memory. */
const memory = (items = new Map()) => ({
  items,
  get length() { return items.size },
  key: (i) => [...items.keys()][i] ?? null,
  getItem: (k) => items.get(k) ?? null,
  setItem: (k, v) => void items.set(k, String(v)),
  removeItem: (k) => void items.delete(k),
})

const json = (value, init) => new Response(JSON.stringify(value), init)

/** A fetch that answers by method and path, and notes what was asked. */
const server = (answers) => {
  const asked = []
  const fetch = async (address, { method, headers, body, signal }) => {
    const { pathname, searchParams } = new URL(address)
    const name = `${method} ${pathname.slice('/api/'.length)}`
    const call = { name, query: Object.fromEntries(searchParams), key: headers['Idempotency-Key'], body: body && JSON.parse(body), signal }
    asked.push(call)
    if (name == 'GET me') return json({ user: ann })
    if (!answers[name]) throw new TypeError('there is no network')
    return answers[name](call)
  }
  return { asked, fetch, of: (name) => asked.filter((call) => call.name == name) }
}

/** A stream of events that says some, and then nothing more until it is aborted. */
const stream = (signal, ...events) =>
  new Response(new ReadableStream({
    start(controller) {
      for (const [name, data] of events) controller.enqueue(new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`))
      signal.addEventListener('abort', () => controller.error(signal.reason))
    },
  }))

/** Resolves when a condition holds. */
const until = async (holds) => {
  for (const end = Date.now() + 10_000; !holds(); ) {
    assert.ok(Date.now() < end, 'never: ' + holds)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** The first pauses of a client to which fetch gives nothing, in ms, where chance draws the same each time. */
const pauses = async (count, chance, backoff, fetch) => {
  const { random } = Math
  const { now } = Date
  const found = []
  Math.random = () => chance
  Date.now = () => 1_000_000
  const chat = client({ backoff, transport: 'stream', fetch })
  try {
    await new Promise((resolve) => {
      chat.on('state', ({ phase, until }) => {
        if (phase == 'waiting') found.push(until - 1_000_000)
        if (found.length == count) resolve()
      })
      chat.connect()
    })
  } finally {
    Object.assign(Math, { random })
    Date.now = now
    chat.close()
  }
  return found
}

test('pauses double up to their bound, and chance makes them shorter', async () => {
  const nobody = async () => { throw new TypeError('there is no network') }
  assert.deepEqual(await pauses(6, 1, { base: 1, cap: 8 }, nobody), [1, 2, 4, 8, 8, 8])
  assert.deepEqual(await pauses(4, 0.5, { base: 4, cap: 8 }, nobody), [2, 4, 4, 4])
  assert.deepEqual(await pauses(3, 0, { base: 1000 }, nobody), [0, 0, 0])
  assert.deepEqual(await pauses(1, 1, undefined, nobody), [1000])
})

test('no pause is shorter than the server asks for', async () => {
  const busy = async () => json({ code: 'unavailable' }, { status: 503, headers: { 'Retry-After': '7' } })
  assert.deepEqual(await pauses(1, 0.5, { base: 1, cap: 8 }, busy), [7000])
})

test('keys rise, within a millisecond and where the clock is put back', () => {
  const now = Date.now() + 60_000
  const keys = [newKey(now), newKey(now), newKey(now + 1), newKey(now - 5000), ...Array.from({ length: 1000 }, () => newKey(now)), newKey(now + 10_000)]
  assert.deepEqual(keys.slice().sort(), keys)
  assert.equal(new Set(keys).size, keys.length)
  for (const key of keys) assert.match(key, /^[0-9a-v]{26}$/)
})

test('what was not sent outlives the page, and goes with the same key, in order', async () => {
  const items = memory()
  const offline = server({})
  const first = client({ transport: 'stream', storage: keep(items), fetch: offline.fetch, backoff: { base: 1, cap: 2 } })
  await until(() => first.state.phase == 'idle')
  for (const text of ['one', 'two', 'three']) first.room('general').send(text)
  const keys = first.room('general').pending.map(({ key }) => key)
  first.close()
  assert.equal(items.length, 3)

  // Somebody else used the same storage; what is a week old is not repeated by itself.
  const entry = { op: 'post', room: 'general', at: Date.now(), status: 'pending' }
  keep(items).put({ ...entry, key: '0other', user: 'bob', text: "bob's" })
  keep(items).put({ ...entry, key: '0old', user: 'ann', text: 'old', at: Date.now() - 8 * 24 * 3600 * 1000 })

  let n = 0
  const online = server({ 'POST rooms/general/messages': ({ body, key }) => json({ id: id(++n), type: 'MessagePosted', room: 'general', at: '', user: ann, key, data: body }) })
  const second = client({ transport: 'stream', storage: keep(items), fetch: online.fetch })
  const room = second.room('general')
  await until(() => n == 3 && room.pending.length == 1)
  const posts = online.of('POST rooms/general/messages')
  assert.deepEqual(posts.map(({ body }) => body.text), ['one', 'two', 'three'])
  assert.deepEqual(posts.map(({ key }) => key), keys)
  assert.deepEqual(room.pending.map(({ text, status, error }) => [text, status, error.code]), [['old', 'failed', 'expired']])
  assert.deepEqual(keep(items).entries().map(({ key }) => key).sort(), ['0old', '0other'])
  second.close()
})

test('a message that is dropped while it is sent is not kept', async () => {
  const items = memory()
  let answer
  const online = server({ 'POST rooms/general/messages': () => new Promise((resolve) => (answer = resolve)) })
  const chat = client({ transport: 'stream', storage: keep(items), fetch: online.fetch })
  const room = chat.room('general')
  const sent = room.send('no')
  await until(() => answer)
  room.drop(room.pending[0].key)
  await assert.rejects(sent, { code: 'dropped' })
  answer(json({ code: 'forbidden' }, { status: 403 }))
  const next = room.send('yes')
  await until(() => online.of('POST rooms/general/messages').length == 2)
  assert.deepEqual(keep(items).entries().map(({ text }) => text), ['yes'])
  answer(json({ id: id(1), type: 'MessagePosted', room: 'general', at: '', user: ann, data: { text: 'yes' } }))
  assert.equal((await next).id, id(1))
  chat.close()
})

test('an answer that is cut short, or is not of the server, is none', async () => {
  const cut = ['', '{"id":"01', '<html>Sign in to the network</html>'].map((text) => new Response(text, { status: 201 }))
  cut.push({ ok: false, status: 2, headers: new Headers(), text: async () => '' }) // Chromium, of "HTTP/1.1 2"
  const event = { id: id(1), type: 'MessagePosted', room: 'general', at: '', user: ann, data: { text: 'once' } }
  const online = server({ 'POST rooms/general/messages': () => cut.shift() ?? json(event, { status: 201 }) })
  const chat = client({ transport: 'stream', fetch: online.fetch, backoff: { base: 1, cap: 2 } })
  assert.equal((await chat.room('general').send('once')).id, event.id)
  const posts = online.of('POST rooms/general/messages')
  assert.deepEqual([posts.length, new Set(posts.map(({ key }) => key)).size], [5, 1])
  chat.close()
})

test('a storage that is full or forbidden is as good as none', () => {
  const refuse = () => { throw new Error('refused') }
  const kept = keep({ length: 0, key: refuse, getItem: refuse, setItem: refuse, removeItem: refuse })
  kept.save('general', 'store', id(1))
  kept.put({ key: 'k' })
  kept.remove('k')
  assert.equal(kept.load('general'), undefined)
  assert.deepEqual(kept.entries(), [])
})

test('a saved cursor is shown with its store, and that of another store is replaced', async () => {
  const items = memory()
  keep(items).save('general', 'before', id(5))
  const online = server({
    'GET rooms/general/messages': () => json({ messages: [], has_more: false, prev: null, next: null, cursor: id(2) }),
    'GET events': ({ query, signal }) => {
      const hello = ['chat.hello', { store: 'now', rooms: { general: {} }, heartbeat_ms: 15_000 }]
      return query.store == 'now' ? stream(signal, hello, ['chat.live', { cursor: id(2) }]) : stream(signal, hello, ['chat.reset', { room: 'general', reason: 'store_changed' }])
    },
  })
  const chat = client({ transport: 'stream', storage: keep(items), fetch: online.fetch })
  const room = chat.room('general')
  const resets = []
  room.on('reset', ({ reason }) => resets.push(reason))
  await room.open({ after: 'saved' })
  await until(() => resets.length == 1 && room.cursor == id(2))
  chat.close()
  const [{ query }] = online.of('GET events')
  assert.deepEqual([query.after, query.store], [id(5), 'before'])
  assert.deepEqual(resets, ['store_changed'])

  const again = client({ transport: 'stream', storage: keep(items), fetch: online.fetch })
  keep(items).save('general', 'now', id(1))
  let live
  again.room('general').on('live', (cursor) => { live = cursor })
  await again.room('general').open({ after: 'saved' })
  await until(() => live == id(2))
  assert.deepEqual(keep(items).load('general'), ['now', id(2)])
  again.close()
})

test('a client that is closed and connected again uses the new connection', async () => {
  const sockets = []
  class Socket {
    sent = []
    constructor() { sockets.push(this) }
    send(frame) { this.sent.push(JSON.parse(frame)) }
    close() {}
    hello() { this.onmessage({ data: JSON.stringify({ hello: { v: 1, store: 'now', user: ann, heartbeat_ms: 15_000, limits: { message: 65_536 } } }) }) }
  }
  const chat = client({ transport: 'socket', WebSocket: Socket, fetch: server({}).fetch })
  chat.connect()
  await until(() => sockets.length == 1)
  sockets[0].hello()
  chat.close()
  chat.connect()
  await until(() => sockets.length == 2)
  await new Promise((resolve) => setTimeout(resolve))
  sockets[1].hello()
  const sent = chat.room('general').send('hello')
  await until(() => sockets[1].sent.some(({ op, text }) => op == 'post' && text == 'hello'))
  sent.catch(() => {})
  chat.close()
})

/** What a window tells; Node has none. */
const withWindow = async (run) => {
  const page = new EventTarget()
  const before = { addEventListener: globalThis.addEventListener, document: globalThis.document }
  const put = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  put('addEventListener', page.addEventListener.bind(page))
  put('document', { hidden: false })
  try {
    await run((name) => page.dispatchEvent(new Event(name)))
  } finally {
    for (const name in before) put(name, before[name])
  }
}

test('a client that is told that the network has gone asks at once whether anybody is there', () => withWindow(async (tell) => {
  const sent = []
  let socket
  class Socket {
    constructor() { socket = this }
    send(frame) { sent.push(JSON.parse(frame).op) }
    close() {}
  }
  const chat = client({ transport: 'socket', WebSocket: Socket, fetch: server({}).fetch })
  chat.connect()
  await until(() => socket)
  socket.onmessage({ data: JSON.stringify({ hello: { v: 1, store: 'now', user: ann, heartbeat_ms: 15_000, limits: { message: 65_536 } } }) })
  assert.deepEqual(sent, [])
  tell('offline')
  assert.deepEqual(sent, ['ping'])
}))

test('a stream is left at once where the network has gone', () => withWindow(async (tell) => {
  const online = server({
    'GET rooms/general/messages': () => json({ messages: [], has_more: false, prev: null, next: null, cursor: id(1) }),
    'GET events': ({ signal }) => stream(signal, ['chat.hello', { store: 'now', rooms: { general: {} }, heartbeat_ms: 15_000 }]),
  })
  const chat = client({ transport: 'stream', fetch: online.fetch })
  await chat.room('general').open()
  await until(() => chat.online)
  await new Promise((resolve) => setTimeout(resolve, 5)) // it was heard some time ago
  tell('online')
  assert.equal(chat.state.phase, 'open')
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: false }, configurable: true, writable: true })
  try {
    tell('offline')
    await until(() => chat.state.phase == 'waiting')
    assert.equal(chat.state.reason, 'timeout')
  } finally {
    delete globalThis.navigator
  }
}))

for (const name of ['online', 'visibilitychange', 'pageshow']) {
  test(`a client that waits tries at once on ${name}, if it is looked at`, () => withWindow(async (tell) => {
    let tried = 0
    const chat = client({ transport: 'stream', backoff: { base: 3_600_000, cap: 3_600_000 }, fetch: async () => { tried++; throw new TypeError('there is no network') } })
    chat.connect()
    await until(() => chat.state.phase == 'waiting')
    document.hidden = true
    tell(name)
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual([tried, chat.state.phase], [1, 'waiting'])
    document.hidden = false
    tell(name)
    await until(() => tried == 2)
    chat.close()
    tell(name)
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual([tried, chat.state.phase], [2, 'closed'])
  }))
}
