// The way back: older messages, and one that may be far back, or in a thread.

const far = 10; // pages of 200 that are loaded to get to a message

export class Past {
  #chat;

  /**
   * @param {{room: () => string, open: (room: string) => Promise<void> | undefined, screen: () => import('./view/screen.js').Screen,
   *   conversation: (room: string) => import('./conversation.js').Conversation | undefined, paint: () => void, unknown: () => void}} chat
   *   which room is open; turns to one; what is shown of it; shows what is known now; the server does not know the user
   */
  constructor(chat) {
    this.#chat = chat;
  }

  /** Loads the page before the first message of the open room. Resolves to whether it is there. @param {number} [limit] */
  async older(limit) {
    try {
      await this.#chat.conversation(this.#chat.room())?.older(limit);
      this.#chat.paint();
      return true;
    } catch (error) {
      if (error.status === 401) this.#chat.unknown();
      else this.#chat.screen().note('Older messages cannot be loaded now.');
      return false;
    }
  }

  /** Goes to a message, in whatever room, loading what lies between. */
  async jump(room, id) {
    if (room !== this.#chat.room()) await this.#chat.open(room);
    const timeline = this.#chat.conversation(room)?.timeline;
    if (room !== this.#chat.room() || !timeline) return;
    const missing = () => !timeline.message(id) && timeline.hasMore && timeline.first > id;
    for (let pages = 0; pages < far && missing(); pages++) {
      if (!(await this.older(200)) || room !== this.#chat.room()) return;
    }
    this.#chat.paint();
    const screen = this.#chat.screen();
    const message = timeline.message(id);
    if (!message) return screen.note(missing() ? 'That message is too far back to go to.' : 'That message is not there any more.');
    if (timeline.folded(message)) await screen.thread(message.thread);
    this.#chat.paint();
    screen.jump(id);
  }
}
