// The lines between the messages of a room: what else has happened there.

import { isLine, line } from './store/line.js';

const pages = 3; // of a thousand events, that are read for one page of messages

export class Lines {
  /** Sorted by id. @type {import('./store/line.js').Line[]} */
  items = [];
  #room;

  /** @param {import('@roomlog/chat').Room} room */
  constructor(room) {
    this.#room = room;
  }

  /** Takes events of the room, live. */
  apply(events) {
    this.#add(events);
  }

  /**
   * Reads the log from one place to another, and returns what is of lines there.
   * They are an addition: without them the messages are still good.
   * @param {string | undefined} after id of the first message; nothing is the beginning
   */
  async load(after, until) {
    const found = [];
    try {
      for (let page = 0; page < pages; page++) {
        const { events, next } = await this.#room.call('GET', 'log', { query: { after, limit: 1000 } });
        found.push(...events.filter((event) => event.id <= until && isLine(event)));
        if (events.length === 0 || next >= until) break;
        after = next;
      }
    } catch {
      // Then there are fewer of them.
    }
    this.#add(found);
    return found;
  }

  /** Those before a message are of no interest any more. */
  trim(first) {
    this.items = this.items.filter(({ id }) => id >= first);
  }

  clear() {
    this.items = [];
  }

  #add(events) {
    const known = new Set(this.items.map(({ id }) => id));
    const fresh = events.map(line).filter((item) => item && !known.has(item.id));
    if (fresh.length) this.items = [...this.items, ...fresh].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
