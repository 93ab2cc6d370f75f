// What the readers under Node share: their orders come on standard input as one
// JSON document, their notes go to standard output, one line of JSON each.
import { readFileSync } from 'node:fs'

export const readers = JSON.parse(readFileSync(0, 'utf8'))

export const note = (what) => process.stdout.write(JSON.stringify(what) + '\n')

export const credentials = (reader) => ({ Authorization: 'Bearer ' + reader.token })
