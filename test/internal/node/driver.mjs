// Runs under Node and does what the test says: each line of standard input is
// {id, code}, an async function's body; each answer is a line {id, value} or
// {id, error}. What bodies share they keep in `here`, which is what the prepare of a
// module has made.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [, , module, dist, ws] = process.argv
// A Node that has no WebSocket is given that of ws.
if (ws) globalThis.WebSocket = (await import(pathToFileURL(ws).href)).WebSocket

const { prepare } = await import(pathToFileURL(module).href)
const here = await prepare((name) => import(new URL(name, pathToFileURL(dist + '/')).href))
const Body = Object.getPrototypeOf(async () => {}).constructor

for await (const line of createInterface({ input: process.stdin })) {
  const { id, code } = JSON.parse(line)
  const answer = (what) => process.stdout.write(JSON.stringify({ id, ...what }) + '\n')
  new Body('here', code)(here).then(
    (value) => answer({ value }),
    (error) => answer({ error: String(error?.stack ?? error) }),
  )
}
process.exit(0)
