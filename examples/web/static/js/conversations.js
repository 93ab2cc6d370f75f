// The rooms that have been opened, each with its conversation.

import { Conversation } from './conversation.js';

export class Conversations {
  #client;
  #follows;
  #handlers;
  /** @type {Map<string, Conversation>} */
  #open = new Map();

  /**
   * @param {import('@roomlog/chat').Chat} client
   * @param {import('./follows.js').Follows} follows
   * @param {{changed: () => void, learn: (room: string, events: object[]) => void, entered: (view: import('@roomlog/chat').Overview) => void,
   *   failed: (room: string, error: import('@roomlog/chat').ChatError) => void}} handlers
   *   entered tells what a room is and who is in it; failed that it cannot be opened
   */
  constructor(client, follows, handlers) {
    this.#client = client;
    this.#follows = follows;
    this.#handlers = handlers;
  }

  get(room) {
    return this.#open.get(room);
  }

  /** Opens a room, if it is not open; resolves when it is there, or has come to nothing. @param {boolean} create whether it is made if there is none */
  open(room, create) {
    if (!this.#open.has(room)) this.#begin(room, create);
    return this.get(room)?.opening;
  }

  /** Lets go of a room: nothing of it stays, nor what was not sent. */
  drop(room) {
    this.#follows.unfollow(room);
    this.get(room)?.close();
    this.#open.delete(room);
    for (const { key } of this.#client.room(room).pending) this.#client.room(room).drop(key);
  }

  #begin(room, create) {
    const { changed, learn } = this.#handlers;
    const conversation = new Conversation(this.#client.room(room), { changed, learn: (events) => learn(room, events) });
    this.#open.set(room, conversation);
    this.#follows.follow(room);
    this.#follows.people(room);
    conversation.opening = this.#enter(room, conversation, create);
  }

  async #enter(room, conversation, create) {
    try {
      const view = await conversation.open(create);
      if (this.get(room) === conversation) this.#handlers.entered(view);
    } catch (error) {
      if (this.get(room) === conversation) this.#handlers.failed(room, error);
    }
  }
}
