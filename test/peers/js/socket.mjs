// A reader that is a WebSocket, whoever has made that. After every cut it opens
// a new one and subscribes after the last event that it has taken in.
export function follow(reader, open, note) {
  const cursors = new Map(reader.rooms.map((room) => [room, reader.after]))

  const connect = () => {
    const socket = open(reader.url)
    socket.addEventListener('message', ({ data }) => {
      note({ reader: reader.reader, frame: data })
      const frame = JSON.parse(data)
      if (frame.hello) {
        for (const [room, after] of cursors) {
          socket.send(JSON.stringify({ id: room, op: 'subscribe', room, after: after || undefined }))
        }
      }
      if (frame.events) cursors.set(frame.room, frame.events.at(-1).id)
      if (frame.live) cursors.set(frame.room, frame.live)
    })
    socket.addEventListener('error', () => {}) // a close follows
    socket.addEventListener('close', () => setTimeout(connect, reader.pause))
  }
  connect()
}
