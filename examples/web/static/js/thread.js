// The thread that is open at the side: its messages, kept as they are now.

import { newestOfThread, olderOfThread } from './history.js';
import { Timeline } from './store/timeline.js';

export class Thread {
  room;
  root;
  /** @type {Timeline} the message that began it, and the replies */
  timeline;
  error = '';
  #closed = false;

  /** @param {string} room @param {string} root id of the message that began it @param {string} me */
  constructor(room, root, me) {
    this.room = room;
    this.root = root;
    this.timeline = new Timeline(me, root);
  }

  async load() {
    try {
      const { head, page } = await newestOfThread(this.room, this.root, () => !this.#closed);
      this.timeline.begin(head, []);
      this.timeline.extend(page, []);
    } catch (error) {
      this.error = `The thread cannot be shown: ${error.message}`;
      if (error.status === 401) throw error;
    }
  }

  async older() {
    this.timeline.extend(await olderOfThread(this.room, this.root, this.timeline.before), []);
  }

  /** Takes an event of the link. */
  apply(event) {
    if (event.room === this.room) this.timeline.apply(event);
  }

  close() {
    this.#closed = true;
  }
}
