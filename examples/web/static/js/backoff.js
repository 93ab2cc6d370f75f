// Waiting times between attempts: anywhere between nothing and a bound that
// doubles ("full jitter"), so that the clients of a server that has come back
// do not all return at the same moment.

export class Backoff {
  #attempt = 0;
  #base;
  #cap;

  /** Both in milliseconds. */
  constructor(base = 500, cap = 15_000) {
    this.#base = base;
    this.#cap = cap;
  }

  /** The time to wait before the next attempt, in milliseconds. */
  next() {
    const bound = Math.min(this.#cap, this.#base * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 16);
    return 100 + Math.random() * bound;
  }

  /** Says that an attempt has succeeded. */
  reset() {
    this.#attempt = 0;
  }
}
