// The stream of the list of the user's rooms. It tells nothing of who the user is
// and whether the server is there: the other stream does.

import { address } from '../api.js';
import { Backoff } from '../backoff.js';

export class ListStream {
  #rooms;
  #source = null;
  #timer = 0;
  #backoff = new Backoff();

  /** @param {import('./link.js').Listener['rooms']} rooms */
  constructor(rooms) {
    this.#rooms = rooms;
  }

  open() {
    this.close();
    const source = new EventSource(address('me/events'));
    this.#source = source;
    source.addEventListener('chat.hello', () => this.#backoff.reset());
    source.addEventListener('chat.rooms', ({ data }) => source === this.#source && this.#rooms(JSON.parse(data)));
    source.addEventListener('chat.end', ({ data }) => {
      if (JSON.parse(data).reason !== 'draining') this.#later(30_000); // else the browser comes back by itself
    });
    source.onerror = () => {
      if (source === this.#source && source.readyState === EventSource.CLOSED) this.#later(this.#backoff.next());
    };
  }

  /** Makes the next attempt now instead of later. */
  hurry() {
    if (!this.#source) this.open();
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #later(delay) {
    this.close();
    this.#timer = setTimeout(() => this.open(), delay);
  }
}
