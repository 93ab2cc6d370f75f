// How far the user has read. What has been before their eyes for a moment is
// marked as read, for all their tabs and devices; and where they left off, a line
// says what is new.

const moment = 500; // ms

export class Reader {
  #chat;
  #timer = 0;
  #room = '';
  /** What is behind it is new to the user, in the open room; empty if nothing is. */
  divider = '';

  /**
   * @param {{unseen: () => string, reading: () => boolean, marker: () => string, mark: (room: string, upTo: string) => void}} chat
   *   of the open room: its newest message if others have posted behind the marker, else nothing; whether that is
   *   before the user's eyes; the marker; moves it
   */
  constructor(chat) {
    this.#chat = chat;
  }

  /** The user is about to turn to another room: what they have had before their eyes is read. */
  turn(room) {
    if (room === this.#room) return;
    if (this.#timer) this.#now();
    this.#room = room;
    this.divider = '';
  }

  /** The messages of the open room are there, or others have posted. */
  came() {
    if (this.#chat.unseen() && !this.#chat.reading()) this.divider = this.#chat.marker();
    this.look();
  }

  /** The room is opened: what is behind the marker is new, also if it is seen at once. */
  opened() {
    if (this.#chat.unseen()) this.divider = this.#chat.marker();
    this.look();
  }

  /** The user has answered what was new. */
  sent() {
    this.divider = '';
    if (this.#timer) this.#now();
  }

  /** Looks, in a moment, whether there is something to mark. */
  look() {
    if (this.#timer || !this.#chat.unseen() || !this.#chat.reading()) return;
    this.#timer = setTimeout(() => this.#now(), moment);
  }

  /** Marks what is before the user's eyes. */
  #now() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const upTo = this.#chat.unseen();
    if (upTo && this.#chat.reading()) this.#chat.mark(this.#room, upTo);
  }
}
