// How we are connected: in a word below the room's name, and, where that lasts, in
// a banner that tells what it means for what is written meanwhile.

import { byId, el, fill } from './dom.js';

const patience = 1_000; // ms for which a broken connection is not worth a banner

export class Connection {
  #status = byId('status');
  #banner = byId('offline');
  #state = { phase: 'idle' };
  #messages = '';
  #clock = 0; // the next second
  #delay = 0; // until the banner is shown
  #onHurry;

  /** @param {() => void} onHurry called when the user does not want to wait */
  constructor(onHurry) {
    this.#onHurry = onHurry;
    for (const name of ['online', 'offline']) addEventListener(name, () => this.#banner.hidden || this.#explain());
  }

  /** @param {import('@roomlog/chat').State} state */
  state(state) {
    this.#state = state;
    const open = state.phase === 'open';
    document.body.classList.toggle('cut-off', !open); // what is so just now may be so no more
    if (open) this.#hide();
    else if (state.phase !== 'connecting' && this.#banner.hidden) this.#delay ||= setTimeout(() => this.#explain(), patience);
    this.#show();
  }

  /** How many messages there are. @param {string} text */
  messages(text) {
    this.#messages = text;
    this.#show();
  }

  #hide() {
    clearTimeout(this.#delay);
    this.#delay = 0;
    this.#banner.hidden = true;
  }

  #explain() {
    const why = navigator.onLine ? 'There is no connection to the server.' : 'You are offline.';
    const now = el('button', { type: 'button', class: 'plain', onclick: this.#onHurry }, 'Try now');
    fill(this.#banner, el('p', {}, `${why} What you write is kept, and sent when it is back.`), navigator.onLine && now);
    this.#banner.hidden = false;
  }

  #show() {
    clearTimeout(this.#clock);
    const { phase, until = 0 } = this.#state;
    const seconds = Math.ceil((until - Date.now()) / 1000);
    const words = {
      open: 'Connected',
      idle: 'Connecting…',
      connecting: 'Connecting…',
      waiting: seconds > 1 ? `Reconnecting in ${seconds} s` : 'Reconnecting…',
      closed: 'Not connected',
    };
    if (phase === 'waiting' && seconds > 1) this.#clock = setTimeout(() => this.#show(), 1000);
    this.#status.dataset.state = phase;
    const text = this.#messages && phase === 'open' ? `${words[phase]} — ${this.#messages}` : words[phase];
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}
