// What can be open beside the conversation, and has data of its own: a thread,
// a search of the room, the mentions of the user.

import { mentions, search } from '@roomlog/chat/calls';
import { Messages } from '@roomlog/chat/messages';
import { Finder } from './finder.js';
import { explain } from './problem.js';
import { Timeline } from './timeline.js';

const found = 20; // messages a page

export class Side {
  /** The thread that is open: the message that began it, and the replies. @type {{room: string, root: string, messages: Messages, timeline: Timeline} | null} */
  thread = null;
  /** @type {Finder | null} */
  search = null;
  /** @type {Finder | null} */
  mentions = null;
  words = '';
  #client;
  #changed;

  /** @param {import('@roomlog/chat').Chat} client @param {() => void} changed */
  constructor(client, changed) {
    this.#client = client;
    this.#changed = changed;
  }

  /** Why the thread cannot be shown. */
  get error() {
    const error = this.thread?.messages.error;
    return error ? `The thread cannot be shown: ${explain(error)}` : '';
  }

  /** Opens a thread, and resolves when it is there. */
  async openThread(room, root) {
    if (this.thread?.room === room && this.thread.root === root) return;
    this.closeThread();
    const messages = new Messages(this.#client.room(room), { thread: root });
    this.thread = { room, root, messages, timeline: new Timeline(messages, null, root) };
    await new Promise((resolve) => {
      messages.on('change', () => {
        if (messages.ready || messages.error) resolve(undefined);
        this.#changed();
      });
    });
  }

  closeThread() {
    this.thread?.messages.close();
    this.thread = null;
  }

  find(room, words) {
    this.closeSearch();
    this.words = words;
    if (words === '') return this.#changed();
    this.search = new Finder((before) => search(this.#client.room(room), words, { before, limit: found }), this.#changed);
    this.search.more();
  }

  closeSearch() {
    this.search?.stop();
    this.search = null;
    this.words = '';
  }

  openMentions() {
    this.closeMentions();
    this.mentions = new Finder((before) => mentions(this.#client, { before, limit: found }), this.#changed);
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

  /** Takes an event of a room that is followed. */
  apply(event) {
    this.search?.apply(event);
    this.mentions?.apply(event);
  }

  /** A room is not to be had any more. */
  forget(room) {
    if (this.thread?.room === room) this.closeThread();
    this.mentions?.forget(room);
  }
}
