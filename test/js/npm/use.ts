// What a user of the package writes must be what the declarations allow.
import { Chat, ChatError, type LogEvent, type Options } from '@roomlog/chat'
import { createRoom, search } from '@roomlog/chat/calls'
import { Messages } from '@roomlog/chat/messages'
import { People } from '@roomlog/chat/people'
import { useConnection, useMessages, usePresence, useTyping, useUnread } from '@roomlog/chat/react'
import { RoomList } from '@roomlog/chat/rooms'
import { keep } from '@roomlog/chat/storage'
import { messages as store } from '@roomlog/chat/svelte'

const options: Options = { url: '/api', token: async ({ refresh }) => (refresh ? null : { token: 'a', expires: new Date() }), storage: keep(localStorage) }
const chat = new Chat(options)
const room = chat.room('general')
const text: string = new Messages(room).list[0].text
const count: number = new People(room).presence.count
const unread: number | undefined = new RoomList(chat).list[0]?.unread
chat.on('state', ({ phase, reason }) => console.log(phase, reason))
chat.addEventListener('state', ({ detail }) => console.log(detail.phase))
room.on('event', (event) => {
  if (event.type == 'MessageEdited') console.log(event.data.message)
  if (event.type == 'UserLeft') console.log(event.data.reason == 'banned')
  // @ts-expect-error there is no such field of this type
  if (event.type == 'UserLeft') console.log(event.data.text)
})
// @ts-expect-error there is no such event
room.on('evnt', () => {})
for await (const item of room.events({ signal: AbortSignal.timeout(1000) })) if (item.type != 'chat.reset') console.log(item.user.name)
try {
  const event: LogEvent = await room.send(text, { reply_to: 'x', mentions: ['ann'] })
  console.log(event.id, count, unread)
} catch (e) {
  if (e instanceof ChatError && e.code == 'message_too_long') console.log(e.status)
}
await createRoom(chat, { title: 'Club', kind: 'private' })
console.log((await search(room, 'hello', { limit: 5 })).messages.length)
store(room).subscribe((list) => console.log(list.length))
export const hooks = () => {
  const { messages, send } = useMessages(room)
  const [typists, typing] = useTyping(room)
  const { unread, read } = useUnread(room)
  return [messages.length, send, typists[0]?.name, typing, usePresence(room).count, unread, read, useConnection(chat).phase]
}
