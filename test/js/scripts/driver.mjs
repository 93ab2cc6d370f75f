// Runs under Node and does what the test says: each line of standard input is
// {id, code}, an async function's body; each answer is a line {id, value} or
// {id, error}. What bodies share they keep in `here`.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { prepare } from './prepare.mjs'

// A Node that has no WebSocket is given that of ws.
if (process.argv[3]) globalThis.WebSocket = (await import(pathToFileURL(process.argv[3]).href)).WebSocket

const dist = pathToFileURL(process.argv[2] + '/').href
const here = await prepare((name) => import(new URL(name, dist).href))
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
