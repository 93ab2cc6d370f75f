// What is known of one room, or of one thread in it: the messages and what
// else happened, in the order of the log. Pages of history and events of the
// link go in; views read.

import { line } from './line.js';
import { change, countReply, fromEvent, fromHistory, threadOf } from './message.js';

const most = 4_000; // items kept before the oldest are let go
const fewest = 1_000; // items that are left then
const remembered = 300; // events that are folded into pages which were read before them

/** @typedef {import('./message.js').Message} Message */
/** @typedef {import('./line.js').Line} Line */

export class Timeline {
  /** @type {(Message | Line)[]} sorted by id */
  items = [];
  /** Whether there are older messages than the first one here. */
  hasMore = false;
  /** Whether a first page has come. */
  loaded = false;
  /** The position of the log up to which everything is here. */
  seen = '';
  /** The message whose thread this is; empty if it is the room itself. */
  root = '';
  #before = null; // cursor of the next older page
  #messages = new Map();
  #ids = new Set();
  #recent = []; // the newest events about messages
  #waiting = []; // events that came before the first page
  #asked = new Set(); // messages that are answered and are being fetched, to be shown above the answer
  #me;

  /** @param {string} me id of the user who looks @param {string} [root] */
  constructor(me, root = '') {
    this.#me = me;
    this.root = root;
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

  /** What a message answers, as it is now; null if that is not known. @returns {import('./message.js').Parent | null} */
  parent(message) {
    if (!message.replyTo) return null;
    return this.#messages.get(message.replyTo) ?? message.parent;
  }

  /** The newest message, if behind a position of the log somebody else has posted; else nothing. */
  unseen(upTo) {
    let newest = '';
    for (let i = this.items.length - 1; i >= 0 && this.items[i].id > upTo; i--) {
      const item = this.items[i];
      if (item.kind !== 'message') continue;
      newest ||= item.id;
      if (item.user.id !== this.#me && !item.deleted) return newest;
    }
    return '';
  }

  /** Whether a message is shown in its thread alone: if there is a way to that thread here. */
  folded({ thread }) {
    const root = thread && thread !== this.root && this.#messages.get(thread);
    return Boolean(root && !root.deleted);
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
    this.#asked.clear();
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
    for (const event of this.#recent) {
      if (event.id > page.cursor) this.#about(event);
    }
  }

  /** Takes an event of the link. It may have been here before. */
  apply(event) {
    if (!this.loaded) return void this.#waiting.push(event);
    if (event.id > this.seen) this.seen = event.id;
    const item = this.#itemOf(event);
    if (item && !this.#ids.has(item.id)) this.#insert(item);
    this.#about(event);
    if (event.data?.message || event.type === 'MessagePosted') {
      this.#recent.push(event);
      if (this.#recent.length > 2 * remembered) this.#recent.splice(0, remembered);
    }
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

  /** Ids of messages that are answered here and of which nothing is known. Each is told once. */
  unknownParents() {
    const unknown = new Set();
    for (const message of this.#messages.values()) {
      const id = message.replyTo;
      if (id && !message.deleted && !this.parent(message) && !this.#asked.has(id)) unknown.add(id);
    }
    for (const id of unknown) this.#asked.add(id);
    return [...unknown];
  }

  /** Takes a message that is answered here. @param {import('./message.js').Parent} parent */
  adopt(parent) {
    for (const message of this.#messages.values()) {
      if (message.replyTo !== parent.id || message.deleted) continue;
      message.parent = { ...parent };
      message.revision++;
    }
    for (const event of this.#recent) this.#quoted(event); // it may have been read before them
  }

  #itemOf(event) {
    if (event.type === 'MessagePosted') {
      const message = fromEvent(event);
      return this.root && threadOf(message) !== this.root ? null : message;
    }
    const item = this.root ? null : line(event);
    return item && { ...item, live: true };
  }

  /** Folds an event into the messages that it says something about. */
  #about(event) {
    const about = this.#messages.get(event.data?.message);
    if (event.type === 'MessagePosted') {
      const root = this.#messages.get(threadOf({ replyTo: event.data?.reply_to, thread: event.data?.thread }));
      if (root && !event.erased) countReply(root, event, 1);
    } else if (event.type === 'MessageDeleted' && about && !about.deleted) {
      const root = this.#messages.get(threadOf(about));
      if (root) countReply(root, event, -1);
    }
    if (about) change(about, event, this.#me);
    this.#quoted(event);
  }

  /** An edit, or the end, of a message shows above the answers to it. */
  #quoted({ type, data, erased }) {
    if (type !== 'MessageDeleted' && (type !== 'MessageEdited' || erased)) return;
    for (const message of this.#messages.values()) {
      const { parent } = message;
      if (parent?.id !== data.message || parent.deleted) continue;
      message.parent = { ...parent, text: data.text ?? '', deleted: type === 'MessageDeleted' };
      message.revision++;
    }
  }

  #insert(item) {
    this.#index(item);
    this.items.push(item);
    if (this.items.at(-2)?.id > item.id) this.items.sort(byId);
  }

  #index(item) {
    this.#ids.add(item.id);
    if (item.kind === 'message') this.#messages.set(item.id, item);
  }
}

function byId(a, b) {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
