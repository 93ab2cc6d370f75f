// Drives the client of a case: see run_test.go. Loaded into the driver of ../internal/node.

/** A client whose user does what acts say, and tells what they see. */
export const start = (here, { url, transport, tokens }) => {
  const lines = []
  let wake = () => {}
  let given = 0
  let closed = false
  const say = (Of, line) => {
    if (closed) return
    lines.push({ Of, ...line })
    wake()
  }
  const chat = new here.Chat({
    url, transport, backoff: here.quick,
    token: () => {
      const Token = tokens[Math.min(given++, tokens.length - 1)]
      say('tokens', { Token })
      return Token
    },
  })
  chat.on('state', ({ phase, reason, until }) => say('state', { State: phase, Reason: phase == 'open' ? '' : reason, Wait: until ? until - Date.now() : 0 }))

  const follow = (id, after) => {
    const room = chat.room(id)
    room.on('page', (page) => say(id, { Page: page.messages.map((m) => m.text) }))
    room.on('reset', ({ reason }) => say(id, { Reset: reason }))
    room.on('event', (Event) => say(id, { Event }))
    room.on('end', (End) => say(id, { End }))
    room.open({ after }).catch(() => {})
  }

  const signals = (id) => {
    const room = chat.room(id)
    const tell = (Now) => say('now ' + id, { Now })
    let typing = ''
    let { unread } = room
    room.on('change', () => {
      const now = room.typists.map((user) => ' ' + user.id).join('')
      if (now != typing) tell('typing' + (typing = now))
      if (room.unread != unread) {
        unread = room.unread
        tell(`read ${unread.up_to ?? ''} ${unread.unread} ${unread.mentions}`)
      }
    })
    const people = new here.People(room)
    people.on('change', ({ presence: { count, users } }) => tell('present ' + [count, ...users.map((user) => user.id + '/' + user.status)].join(' ')))
    room.on('receipts', (receipts) => tell('receipts ' + receipts.map(({ user, up_to }) => user.id + ' ' + up_to).join(' ')))
    room.on('signal', ({ kind, user, data }) => tell(user ? `${kind} ${user.id} ${JSON.stringify(data)}` : kind))
  }

  const send = (Sent, answer) =>
    answer.then(
      (event) => say('sends', { Sent, ID: event?.id }),
      ({ code }) => say('sends', { Failed: Sent, Code: code }),
    )

  const acts = {
    follow: ({ rooms, after }) => rooms.forEach((id) => follow(id, after)),
    signals: ({ room }) => signals(room),
    rooms: () => {
      const list = new here.RoomList(chat)
      list.on('change', (rooms) => say('rooms', { Now: 'rooms ' + rooms.map((room) => `${room.id}/${room.unread}`).join(' ') }))
    },
    send: ({ name, room, text }) => send(name, chat.room(room).send(text)),
    edit: ({ name, room, message, text }) => send(name, chat.room(room).edit(message, text)),
    delete: ({ name, room, message }) => send(name, chat.room(room).delete(message)),
    react: ({ name, room, message, text }) => send(name, chat.room(room).react(message, text)),
    typing: ({ room }) => chat.room(room).typing(),
    signal: ({ room, kind, data }) => chat.room(room).signal(kind, data).catch(() => {}),
    read: ({ room, upTo }) => chat.room(room).read(upTo),
  }

  return {
    do: (act) => void acts[act.do](act),
    /** What was seen since, as soon as there is something. Nothing more comes where it is empty. */
    next: async () => {
      if (!lines.length && !closed) await new Promise((resolve) => (wake = resolve))
      return lines.splice(0)
    },
    close: () => {
      closed = true
      chat.close()
      wake()
    },
  }
}
