// Tells others that the user is writing something: not with every key.

const every = 3_000; // ms, at least, between two that are told

export class Typing {
  #tell;
  #told = new Map(); // room -> when it was told last

  /** @param {(room: string) => Promise<any>} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** The user has written something in a room that is not sent yet. */
  wrote(room, text) {
    const now = Date.now();
    if (text.trim() === '' || now - (this.#told.get(room) ?? 0) < every) return;
    this.#told.set(room, now);
    this.#tell(room).catch(() => {}); // it is of no use later
  }

  /** What was written has been sent: that ends it, for the others too. */
  sent(room) {
    this.#told.delete(room);
  }
}
