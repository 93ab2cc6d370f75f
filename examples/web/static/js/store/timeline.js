// What is known of one room: its messages and who came and went, in the order
// of the log. Pages of history and events of the link go in; views read.

import { change, fromEvent, fromHistory } from './message.js';

const most = 4_000; // items kept before the oldest are let go
const fewest = 1_000; // items that are left then

/** @typedef {import('./message.js').Message} Message */
/** @typedef {{kind: 'line', id: string, at: string, text: string}} Line */

export class Timeline {
  /** @type {(Message | Line)[]} sorted by id */
  items = [];
  /** Whether there are older messages than the first one here. */
  hasMore = false;
  /** Whether a first page has come. */
  loaded = false;
  /** The position of the log up to which everything is here. */
  seen = '';
  #before = null; // cursor of the next older page
  #messages = new Map();
  #ids = new Set();
  #waiting = []; // events that came before the first page
  #me;

  /** @param {string} me id of the user who looks */
  constructor(me) {
    this.#me = me;
  }

  get count() {
    let count = 0;
    for (const message of this.#messages.values()) if (!message.deleted) count++;
    return count;
  }

  /** What goes into `before` to get the next older page. */
  get before() {
    return this.#before;
  }

  /** The id of the oldest item, or undefined. */
  get first() {
    return this.items[0]?.id;
  }

  /** @returns {Message | undefined} */
  message(id) {
    return this.#messages.get(id);
  }

  /**
   * Begins with the newest page of history. What was here is forgotten, and
   * events that came meanwhile follow it.
   * @param {{messages: object[], has_more: boolean, prev: string | null, cursor: string}} page
   * @param {object[]} log events of the room within the page
   */
  begin(page, log) {
    this.items = [];
    this.#messages.clear();
    this.#ids.clear();
    this.loaded = true;
    this.seen = page.cursor;
    this.extend(page, log);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.apply(event);
  }

  /** Adds an older page, with the events of the room within it. */
  extend(page, log) {
    this.hasMore = page.has_more;
    this.#before = page.prev;
    const older = page.messages.map((view) => fromHistory(view, page.cursor));
    const lines = log.map(line).filter(Boolean);
    const fresh = [...older, ...lines].filter(({ id }) => !this.#ids.has(id)).sort(byId);
    for (const item of fresh) this.#index(item);
    this.items = [...fresh, ...this.items].sort(byId);
  }

  /** Takes an event of the link. It may have been here before. */
  apply(event) {
    if (!this.loaded) return void this.#waiting.push(event);
    if (event.id > this.seen) this.seen = event.id;
    if (event.type === 'MessagePosted') return this.#insert(fromEvent(event));
    const about = this.#messages.get(event.data?.message);
    if (about) return change(about, event, this.#me);
    const item = line(event);
    if (item) this.#insert({ ...item, live: true });
  }

  /** Everything up to the cursor has been here. */
  reach(cursor) {
    if (this.loaded && cursor > this.seen) this.seen = cursor;
  }

  /** Lets go of the oldest items of a very long timeline; they can be loaded again. */
  trim() {
    if (this.items.length <= most) return;
    const gone = this.items.splice(0, this.items.length - fewest);
    for (const { id } of gone) {
      this.#messages.delete(id);
      this.#ids.delete(id);
    }
    this.hasMore = true;
    this.#before = this.first;
  }

  #insert(item) {
    if (this.#ids.has(item.id)) return;
    this.#index(item);
    this.items.push(item);
    if (this.items.at(-2)?.id > item.id) this.items.sort(byId);
  }

  #index(item) {
    this.#ids.add(item.id);
    if (item.kind === 'message') this.#messages.set(item.id, item);
  }
}

/** The line that tells of an event which is no message, or null. @returns {Line | null} */
function line({ id, at, type, user, data }) {
  const name = data?.member?.name ?? user?.name;
  const texts = {
    UserJoined: () => `${name} joined`,
    UserLeft: () => {
      if (data?.reason === 'removed') return `${user.name} removed ${name}`;
      if (data?.reason === 'banned') return `${user.name} banned ${name}`;
      return `${name} left`;
    },
  };
  return texts[type] ? { kind: 'line', id, at, text: texts[type]() } : null;
}

function byId(a, b) {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
