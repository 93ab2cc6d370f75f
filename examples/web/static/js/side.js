// What can be open beside the conversation, and has data of its own: a thread,
// a search of the room, the mentions of the user.

import * as api from './api.js';
import { Finder } from './finder.js';
import { Thread } from './thread.js';

const found = 20; // messages a page

export class Side {
  /** @type {Thread | null} */
  thread = null;
  /** @type {Finder | null} */
  search = null;
  /** @type {Finder | null} */
  mentions = null;
  words = '';
  #me;
  #changed;
  #unknown;

  /** @param {string} me @param {{changed: () => void, unknown: () => void}} handlers */
  constructor(me, { changed, unknown }) {
    this.#me = me;
    this.#changed = changed;
    this.#unknown = unknown;
  }

  async openThread(room, root) {
    if (this.thread?.room === room && this.thread.root === root) return;
    this.closeThread();
    this.thread = new Thread(room, root, this.#me);
    await this.#loadThread();
  }

  closeThread() {
    this.thread?.close();
    this.thread = null;
  }

  find(room, words) {
    this.closeSearch();
    this.words = words;
    if (words === '') return this.#changed();
    this.search = new Finder((before) => api.search(room, { q: words, before, limit: found }), this.#changed);
    this.search.more();
  }

  closeSearch() {
    this.search?.stop();
    this.search = null;
    this.words = '';
  }

  openMentions() {
    this.closeMentions();
    this.mentions = new Finder((before) => api.mentions({ before, limit: found }), this.#changed);
    this.mentions.more();
  }

  closeMentions() {
    this.mentions?.stop();
    this.mentions = null;
  }

  /** The user has turned to another room: only mentions are of all rooms. */
  turned() {
    this.closeThread();
    this.closeSearch();
  }

  /** Takes an event of the link. */
  apply(event) {
    this.thread?.apply(event);
    this.search?.apply(event);
    this.mentions?.apply(event);
  }

  /** A room is not to be had any more. */
  forget(room) {
    if (this.thread?.room === room) this.closeThread();
    this.mentions?.forget(room);
  }

  /** A room's cursor was of no use: what was missed is not known. */
  reset(room) {
    if (this.thread?.room !== room) return;
    const { root } = this.thread;
    this.closeThread();
    this.openThread(room, root);
  }

  async #loadThread() {
    const { thread } = this;
    try {
      await thread?.load();
    } catch {
      this.#unknown();
    }
    if (thread === this.thread) this.#changed();
  }
}
