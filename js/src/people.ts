// Who is in a room, and how far they have read.

import { Emitter, type Presence, type Receipt, type Room } from './chat.js';

export interface PeopleEvents {
  /** Somebody has come, gone, or changed. */
  change: People;
  /** Somebody has read further. */
  receipts: readonly Receipt[];
}

/** Who is in a room just now, live. It opens the room as Messages does. */
export class People extends Emitter<PeopleEvents> {
  /** Above 100 only the count is told, and users is empty. */
  presence: Presence = { version: 0, count: 0, users: [] };
  /** How far others have read, where the room shows it. */
  receipts: readonly Receipt[] = [];

  #room: Room;
  #asking?: Promise<void>;
  #newest = 0; // version that was told of since the whole was asked for
  #offs: (() => void)[];

  constructor(room: Room) {
    super();
    this.#room = room;
    const known = room.cursor;
    this.#offs = [
      room.on('presence', (presence) => this.#take(presence)),
      room.on('receipts', (receipts) => this.#read(receipts)),
      room.retain(),
    ];
    // It was open before: the whole has been told.
    if (known) this.#ask();
  }

  /** Follows them no more. */
  close(): void {
    for (const off of this.#offs.splice(0)) off();
  }

  #take({ version, from, count, users }: Presence): void {
    this.#newest = version;
    if (from && from != this.presence.version) {
      // A change was missed. Until the whole is here what is shown stays.
      if (version > this.presence.version) this.#ask();
      return;
    }
    if (from) {
      const changed = new Set(users.map(({ id }) => id));
      users = [...this.presence.users.filter(({ id }) => !changed.has(id)), ...users.filter(({ status }) => status != 'offline')].sort((a, b) => (a.id < b.id ? -1 : 1));
    }
    this.presence = { version, count, users };
    this.emit('change', this);
  }

  #ask(): void {
    if (this.#asking) return;
    this.#newest = 0;
    this.#asking = this.#room
      .call('GET', 'presence')
      .then(
        (whole) => {
          const newest = this.#newest;
          this.#take(whole);
          return newest > whole.version;
        },
        () => {}, // the next change asks again
      )
      .then((late) => {
        this.#asking = undefined;
        if (late) this.#ask(); // what came meanwhile was passed over
      });
  }

  #read(receipts: Receipt[]): void {
    const moved = new Set(receipts.map(({ user }) => user.id));
    this.receipts = [...this.receipts.filter(({ user }) => !moved.has(user.id)), ...receipts];
    this.emit('receipts', this.receipts);
  }
}
