// Readers that fetch a stream and parse it with the package eventsource-parser,
// coming back with Last-Event-ID.
import { setTimeout as pause } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { credentials, note, readers } from './node.mjs'

async function follow(reader) {
  const url = new URL(reader.url)
  if (reader.after) url.searchParams.set('after', reader.after)
  let last = ''
  let retry = reader.pause
  for (;;) {
    try {
      const headers = { Accept: 'text/event-stream', ...credentials(reader) }
      if (last) headers['Last-Event-ID'] = last
      const response = await fetch(url, { headers })
      if (!response.ok) note({ reader: reader.reader, type: 'wrong', data: `status ${response.status}` })
      const events = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream({ onRetry: (ms) => { retry = ms } }))
      for await (const { event, id, data } of events) {
        if (id) last = id
        note({ reader: reader.reader, type: event ?? '', id: last, data })
      }
    } catch {
      // The connection was cut, before the answer or in it.
    }
    await pause(retry)
  }
}

for (const reader of readers) follow(reader)
