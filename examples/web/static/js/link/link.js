// What the two ways to the server have in common: which rooms are followed and
// from where. A cursor is the id of the last event that was handed on; after
// any interruption the link asks for what comes after it.

/**
 * What a link tells. All are called in the order in which things happened.
 * @typedef {object} Listener
 * @property {(state: State) => void} state
 * @property {(room: string, events: object[]) => void} events new events of a room, oldest first
 * @property {(room: string, cursor: string) => void} live the room has been read up to here
 * @property {(room: string) => void} reset the room's cursor cannot be resumed: load it again, then follow it again
 * @property {(room: string, reason: string) => void} ended the room is not to be had any more
 * @property {(room: string, name: string, data: any) => void} signal something is so just now: presence, typing or read
 * @property {(update: {full?: boolean, rooms: object[], removed?: string[], cursor: string}) => void} rooms the list of the user's rooms
 * @property {() => Promise<boolean>} check the link was refused: asks the server, over HTTP, why; false if it does not know the user
 */

/**
 * @typedef {object} State
 * @property {'connecting' | 'open' | 'waiting' | 'stopped'} phase
 * @property {number} [until] when the next attempt is made, in ms since 1970
 */

/** The command cannot have been answered: the connection broke. */
export class LinkLost extends Error {
  transient = true;
  retryAfter = 0;
  status = 0;
  code = 'link_lost';
}

/** How a room is followed. */
export class Following {
  /** @param {string} cursor */
  constructor(cursor) {
    this.cursor = cursor;
    /** @type {'idle' | 'asking' | 'live' | 'reset'} */
    this.state = 'idle';
  }

  /** Moves the cursor forward and returns the events that lie behind it. */
  advance(events) {
    const fresh = events.filter((event) => event.id > this.cursor);
    if (fresh.length > 0) this.cursor = fresh.at(-1).id;
    return fresh;
  }

  /** Moves the cursor to a position of the log, if that is forward. */
  reach(cursor) {
    if (cursor > this.cursor) this.cursor = cursor;
  }
}
