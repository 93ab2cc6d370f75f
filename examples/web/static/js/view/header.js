// The head of a conversation: the room, how we are connected, and how much is
// to be read here.

import { byId, el, fill } from './dom.js';

export class Header {
  #title = byId('room-title');
  #status = byId('status');
  #state = { phase: 'connecting' };
  #room = '';
  #messages = '';
  #timer = 0;
  #onHurry;

  /** @param {() => void} onHurry called when the user does not want to wait */
  constructor(onHurry) {
    this.#onHurry = onHurry;
  }

  /** @param {import('../link/link.js').State} state */
  connection(state) {
    this.#state = state;
    this.#show();
  }

  /** @param {string} room @param {import('../store/timeline.js').Timeline} timeline @param {number} unread elsewhere */
  room(room, timeline, unread) {
    this.#room = room;
    const { count, hasMore, loaded } = timeline;
    this.#messages = !loaded ? 'loading' : `${count}${hasMore ? '+' : ''} ${count === 1 && !hasMore ? 'message' : 'messages'}`;
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${room} · Chat`;
    this.#show();
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
      stopped: 'Not connected',
    };
    if (phase === 'waiting' && seconds > 1) this.#timer = setTimeout(() => this.#show(), 1000);
    this.#status.dataset.state = phase;
    const text = `${texts[phase]} — ${this.#messages}`;
    if (this.#status.firstElementChild?.textContent === text) return;
    const hurry = phase === 'waiting' && seconds > 2 && el('button', { type: 'button', class: 'link', onclick: this.#onHurry }, 'now');
    fill(this.#status, el('span', {}, text), hurry);
  }
}
