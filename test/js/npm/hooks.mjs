// The hooks in a real React: what is shown is told line by line.
import { createElement } from 'react'
import { create } from 'react-test-renderer'
import { Chat } from '@roomlog/chat'
import { useConnection, useMessages, usePresence, useTyping, useUnread } from '@roomlog/chat/react'

const url = process.argv[2]
globalThis.WebSocket ??= (await import('ws')).WebSocket
const backoff = { base: 4, cap: 40 }
const ann = new Chat({ url, token: 'ann.', backoff })
const bob = new Chat({ url, token: 'bob.', backoff })
const here = bob.room('general')
let shown = {}

const App = ({ room }) => {
  const { messages, ready, hasMore, send } = useMessages(room)
  const [typists, typing] = useTyping(room)
  const unread = useUnread(room)
  const presence = usePresence(room)
  const state = useConnection(room.chat)
  shown = { texts: messages.map((m) => m.text).join(), typists: typists.map((u) => u.id).join(), unread: unread.unread, count: presence.count, phase: state.phase, ready, hasMore, send, typing, read: unread.read }
  return null
}

const until = async (holds) => {
  for (let i = 0; i < 6000; i++) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`never: ${holds}, ${JSON.stringify(shown)}`)
}

const root = create(createElement(App, { room: ann.room('general') }))
await here.open()
await until(() => shown.phase == 'open' && shown.ready && shown.count == 2 && bob.online)
await until(() => ann.room('general').unread.up_to)
here.typing()
await until(() => shown.typists == 'bob')
await here.send('hello')
await until(() => shown.texts == 'hello' && shown.typists == '' && shown.unread == 1)
shown.read()
await until(() => shown.unread == 0)
shown.send('hi')
await until(() => shown.texts == 'hello,hi')
root.update(createElement(App, { room: ann.room('other') }))
await until(() => shown.texts == '' && shown.count == 0)
root.unmount()
await until(() => !ann.room('general').cursor) // nobody shows it any more
console.log('all shown')
process.exit(0)
