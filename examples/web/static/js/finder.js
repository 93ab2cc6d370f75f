// Looking for messages page by page: by words, or for mentions of the user.

import { explain } from './problem.js';
import { Results } from './store/results.js';

export class Finder {
  results = new Results();
  busy = false;
  error = '';
  #ask;
  #changed;
  #stopped = false;

  /**
   * @param {(before?: string) => Promise<{messages: object[], prev: string | null, cursor: string}>} ask
   * @param {() => void} changed
   */
  constructor(ask, changed) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Gets the next page. */
  async more() {
    if (this.busy) return;
    this.busy = true;
    this.error = '';
    this.#changed();
    try {
      const page = await this.#ask(this.results.before ?? undefined);
      if (!this.#stopped) this.results.add(page);
    } catch (error) {
      this.error = explain(error);
    }
    this.busy = false;
    if (!this.#stopped) this.#changed();
  }

  /** Takes an event of the link. */
  apply(event) {
    if (this.results.apply(event)) this.#changed();
  }

  forget(room) {
    if (this.results.forget(room)) this.#changed();
  }

  /** What is still to come is of no interest. */
  stop() {
    this.#stopped = true;
  }
}
