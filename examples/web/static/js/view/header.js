// The head of a conversation: the room and its topic, how we are connected, and
// how much is to be read here.

import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { number } from './presence.js';

export class Header {
  #title = byId('room-title');
  #topic = byId('room-topic');
  #settings = byId('open-settings');
  #status = byId('status');
  #state = { phase: 'connecting' };
  #room = '';
  #messages = '';
  #unread = '';
  #mark = '';
  #timer = 0;
  #onHurry;

  /** @param {() => void} onHurry called when the user does not want to wait */
  constructor(onHurry) {
    this.#onHurry = onHurry;
  }

  /** @param {import('@roomlog/chat').State} state */
  connection(state) {
    this.#state = state;
    document.body.classList.toggle('cut-off', state.phase !== 'open'); // what is so just now may be so no more
    this.#show();
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
    clearTimeout(this.#timer);
    if (this.#title.textContent !== this.#room) this.#title.textContent = this.#room;
    const { phase, until = 0 } = this.#state;
    const seconds = Math.ceil((until - Date.now()) / 1000);
    const texts = {
      open: 'Connected',
      connecting: 'Connecting…',
      waiting: seconds > 1 ? `Reconnecting in ${seconds} s` : 'Reconnecting…',
      idle: 'Connecting…',
      closed: 'Not connected',
    };
    if (phase === 'waiting' && seconds > 1) this.#timer = setTimeout(() => this.#show(), 1000);
    this.#status.dataset.state = phase;
    const text = this.#messages ? `${texts[phase]} — ${this.#messages}` : texts[phase];
    if (this.#status.firstElementChild?.textContent === text) return;
    const hurry = phase === 'waiting' && seconds > 2 && el('button', { type: 'button', class: 'link', onclick: this.#onHurry }, 'now');
    fill(this.#status, el('span', {}, text), hurry);
  }
}
