// The head of a conversation: the room and its topic, and how much is to be read
// here.

import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { number } from './presence.js';

export class Header {
  #title = byId('room-title');
  #topic = byId('room-topic');
  #settings = byId('open-settings');
  #connection;
  #room = '';
  #messages = '';
  #unread = '';
  #mark = '';

  /** @param {import('./connection.js').Connection} connection */
  constructor(connection) {
    this.#connection = connection;
  }

  /**
   * @param {import('../store/room.js').Room} room
   * @param {import('../timeline.js').Timeline} timeline
   * @param {import('../store/rights.js').Rights} rights
   */
  room(room, timeline, rights) {
    this.#room = room.name;
    const { count, hasMore, loaded } = timeline;
    this.#messages = !loaded ? 'loading' : `${count}${hasMore ? '+' : ''} ${count === 1 && !hasMore ? 'message' : 'messages'}`;
    this.#settings.hidden = !rights.change;
    this.#about(room);
    this.#entitle();
    this.#show();
  }

  /** How much is unread in all rooms. @param {number} unread @param {boolean} more there is more than that */
  unread(unread, more) {
    this.#unread = unread > 0 ? `(${number(unread, more)}) ` : '';
    this.#entitle();
  }

  /** No room is open. */
  none() {
    this.#room = 'No room';
    this.#messages = '';
    this.#mark = '';
    fill(this.#topic);
    this.#entitle();
    this.#show();
  }

  /** The marks of the room, and its topic. */
  #about({ kind, archived, topic }) {
    const mark = JSON.stringify([kind, archived, topic]);
    if (mark === this.#mark) return;
    this.#mark = mark;
    const lock = kind === 'private' && el('span', { class: 'tag' }, icon('lock'), 'private');
    fill(this.#topic, lock, archived && el('span', { class: 'tag' }, 'archived'), topic && el('span', { class: 'topic-text', title: topic, dir: 'auto' }, topic));
  }

  #entitle() {
    const title = `${this.#unread}${this.#room} · Chat`;
    if (document.title !== title) document.title = title;
  }

  #show() {
    if (this.#title.textContent !== this.#room) this.#title.textContent = this.#room;
    this.#connection.messages(this.#messages);
  }
}
