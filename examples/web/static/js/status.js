// How others see the user.

import { setStatus } from '@roomlog/chat/calls';
import { explain } from './problem.js';

export class Status {
  /** @type {{status: string, text: string}} */
  now = { status: 'online', text: '' };
  #client;
  #me;

  /** @param {import('@roomlog/chat').Chat} client @param {string} me id of the user */
  constructor(client, me) {
    this.#client = client;
    this.#me = me;
  }

  /** Takes who is in a room that is followed. @param {import('@roomlog/chat/people').People} people */
  seen({ presence: { users, count } }) {
    const own = users.find(({ id }) => id === this.#me);
    // Who is in the room and is not seen there has chosen that.
    if (own) this.now = { status: own.status, text: own.text ?? '' };
    else if (users.length === count) this.now = { ...this.now, status: 'offline' };
  }

  /** Asks for another one. Fails with the words for why not. */
  async set({ status, text }) {
    const now = await setStatus(this.#client, status, text).catch((error) => {
      throw new Error(explain(error));
    });
    this.now = { status: now.status, text: now.text ?? '' };
  }
}
