// Readers that are WebSockets of the package ws.
import { WebSocket } from 'ws'
import { credentials, note, readers } from './node.mjs'
import { follow } from './socket.mjs'

for (const reader of readers) {
  follow(reader, (url) => new WebSocket(url, 'chat.v1.json', { headers: credentials(reader) }), note)
}
