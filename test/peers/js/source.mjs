// A reader that is an EventSource, whoever has made that. It is left to itself
// after every cut: when to come back and with which Last-Event-ID is its own
// business. Only when it has given up for good does a new one take over.
const CLOSED = 2

export function follow(reader, open, note) {
  let last = reader.after

  const connect = () => {
    const url = new URL(reader.url)
    if (last) url.searchParams.set('after', last)
    const source = open(url)
    const take = (type) => (e) => {
      if (e.lastEventId) last = e.lastEventId
      note({ reader: reader.reader, type, id: e.lastEventId, data: e.data })
    }
    source.addEventListener('message', take(''))
    for (const type of reader.types) source.addEventListener(type, take(type))
    source.addEventListener('error', () => {
      if (source.readyState !== CLOSED) return
      note({ reader: reader.reader, type: 'reopened' })
      setTimeout(connect, reader.pause)
    })
  }
  connect()
}
