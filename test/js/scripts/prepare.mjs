// What the bodies of the tests have at hand, under Node and in a browser.
export async function prepare(load) {
  const [core, messages, people, rooms, calls, storage, svelte] = await Promise.all(
    ['chat.js', 'messages.js', 'people.js', 'rooms.js', 'calls.js', 'storage.js', 'svelte.js'].map(load),
  )
  const here = { ...core, ...messages, ...people, ...rooms, ...calls, ...storage, svelte, quick: { base: 4, cap: 40 } }

  /** Resolves when a condition holds. It is looked at again with every event of a target, and now and then. */
  here.until = (holds, what = String(holds)) =>
    new Promise((resolve, reject) => {
      const end = Date.now() + 30_000
      const look = () => {
        if (holds()) resolve()
        else if (Date.now() > end) reject(new Error('never: ' + what))
        else setTimeout(look, 2)
      }
      look()
    })

  /** A Storage that is kept in memory. */
  here.memory = () => {
    const items = new Map()
    return {
      items,
      get length() { return items.size },
      key: (i) => [...items.keys()][i] ?? null,
      getItem: (k) => items.get(k) ?? null,
      setItem: (k, v) => void items.set(k, String(v)),
      removeItem: (k) => void items.delete(k),
    }
  }

  /** Opens a room and notes all that is told of it. */
  here.follow = async (options, id = 'general', open) => {
    const chat = new here.Chat({ backoff: here.quick, ...options })
    const room = chat.room(id)
    const events = []
    const states = []
    chat.on('state', (state) => states.push(state))
    room.on('event', (event) => events.push(event))
    if (open) await room.open(open)
    const messages = new here.Messages(room)
    if (!open) await room.open()
    return { chat, room, messages, events, states }
  }
  return here
}
