// Readers that are EventSources of the package eventsource.
import { EventSource } from 'eventsource'
import { credentials, note, readers } from './node.mjs'
import { follow } from './source.mjs'

for (const reader of readers) {
  const request = (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...credentials(reader) } })
  follow(reader, (url) => new EventSource(url, { fetch: request }), note)
}
