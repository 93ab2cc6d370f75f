// A room that has been opened: its messages and lines, as they are now.

import { join, overview, patient } from '@roomlog/chat/calls';
import { Messages } from '@roomlog/chat/messages';
import { Lines } from './lines.js';
import { Timeline } from './timeline.js';

const most = 4_000; // messages kept before the oldest are let go
const fewest = 1_000; // messages that are left then

export class Conversation {
  room;
  timeline;
  /** Whether the room was there, and its members are known. */
  opened = false;
  /** Resolves when it is opened, or has come to nothing. @type {Promise<void>} */
  opening = Promise.resolve();
  #messages;
  #lines;
  #changed;
  #learn;
  #filled = false; // the lines of what is there are on their way
  #closed = new AbortController();
  #offs;

  /**
   * @param {import('@roomlog/chat').Room} room
   * @param {{changed: () => void, learn: (events: object[]) => void}} handlers learn gets what the log tells of the past, beside messages
   */
  constructor(room, { changed, learn }) {
    this.room = room;
    this.#changed = changed;
    this.#learn = learn;
    this.#messages = new Messages(room);
    this.#lines = new Lines(room);
    this.timeline = new Timeline(this.#messages, this.#lines);
    this.#offs = [
      room.on('events', (events) => this.#lines.apply(events)),
      room.on('reset', () => this.#again()),
      this.#messages.on('change', () => {
        if (this.#messages.ready && !this.#filled) this.#fill();
        changed();
      }),
    ];
  }

  /**
   * Enters the room, joining it if it is public.
   * @param {boolean} create whether it is made if there is none
   * @returns {Promise<import('@roomlog/chat').Overview>} fails if it is not to be had
   */
  async open(create) {
    const { room } = this;
    const { signal } = this.#closed;
    const ask = () => patient(room.chat, () => overview(room, { signal }), { signal });
    const enter = () => patient(room.chat, () => join(room, { signal }), { signal });
    let view = await ask().catch(async (error) => {
      if (error.code !== 'room_not_found' || !create) throw error;
      await enter();
      return ask();
    });
    if (!view.room.role && view.room.kind === 'public' && !view.room.archived) {
      await enter();
      view = await ask();
    }
    await room.open().catch(() => {}); // before it was made it was not there
    await room.open();
    await this.#ready();
    this.opened = true;
    return view;
  }

  /** Loads the page before the first message. */
  async older(limit) {
    const { first } = this.timeline;
    await this.#messages.older({ limit });
    this.#read(first);
  }

  /** Lets go of the oldest messages of a very long room; they can be loaded again. */
  trim() {
    if (this.timeline.items.length <= most) return;
    this.#messages.trim(fewest);
    this.#lines.trim(this.timeline.first);
  }

  close() {
    this.#closed.abort(new DOMException('The room was left.', 'AbortError'));
    for (const off of this.#offs) off();
    this.#messages.close();
  }

  #ready() {
    if (this.#messages.ready) return;
    return new Promise((resolve, reject) => {
      this.#messages.on('change', () => this.#messages.ready && resolve(undefined), { signal: this.#closed.signal });
      this.#closed.signal.addEventListener('abort', () => reject(this.#closed.signal.reason));
    });
  }

  /** What was missed is not known, and the newest page is here. */
  #again() {
    this.#lines.clear();
    this.timeline.begin();
    this.#fill();
  }

  #fill() {
    this.#filled = true;
    this.#read(this.room.cursor);
  }

  /** Reads the lines from the first message up to a place. */
  async #read(until) {
    const { first, hasMore } = this.timeline;
    this.#learn(await this.#lines.load(hasMore ? first : undefined, until));
    this.#changed();
  }
}
