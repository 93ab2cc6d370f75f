// When the screen is shown anew: soon, and once for many changes.

const frame = 16; // ms from a change to its showing, at least
const longest = 250; // ms, at most, where showing takes long

export class Painter {
  #paint;
  #scheduled = false;
  #pause = frame;

  /** @param {() => void} paint */
  constructor(paint) {
    this.#paint = paint;
  }

  /** Shows what is known, soon. */
  show() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => this.now(), this.#pause);
  }

  /** Shows what is known now. */
  now() {
    this.#scheduled = false;
    const from = performance.now();
    this.#paint();
    this.#pause = Math.min(longest, Math.max(frame, 3 * (performance.now() - from)));
  }
}
