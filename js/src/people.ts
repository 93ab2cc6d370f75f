// Who is in a room, and how far they have read.

import { Emitter, type Presence, type Receipt, type Room } from './chat.js';

export interface PeopleEvents {
  /** Somebody has come, gone, or changed. */
  change: People;
  /** Somebody has read further. */
  receipts: readonly Receipt[];
}

const tries = 3; // to get who is there as of now

/** Who is in a room just now, live. It opens the room as Messages does. */
export class People extends Emitter<PeopleEvents> {
  /** Above 100 only the count is told, and users is empty. */
  presence: Presence = { version: 0, count: 0, users: [] };
  /** It is known who is there. */
  ready = false;
  /** When those who are not there last were, by their ids, as far as it was told. See load. */
  lastSeen = new Map<string, string>();
  /** How far others have read, where the room shows it: of those who have moved since, and of all after loadReceipts. */
  receipts: readonly Receipt[] = [];

  #room: Room;
  #newest = 0; // the version that was heard of last
  #asking?: Promise<void>;
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
    if (known) this.load();
  }

  /** Asks who is there, and when the others last were. */
  load(): Promise<void> {
    return (this.#asking ??= this.#ask()
      .catch(() => {}) // the next change asks again
      .finally(() => (this.#asking = undefined)));
  }

  /** Asks how far all have read: once, and again when the room is live again. It rejects where the room does not show it. */
  async loadReceipts(): Promise<void> {
    this.#read((await this.#room.call('GET', 'receipts')).receipts);
  }

  /** Follows them no more. */
  close(): void {
    for (const off of this.#offs.splice(0)) off();
  }

  #take({ version, from, count, users }: Presence): void {
    this.#newest = version;
    if (from && version <= this.presence.version) return; // what was asked for had it
    if (from && from != this.presence.version) return void this.load(); // a change was missed: until the whole is here what is shown stays
    if (from) {
      const changed = new Set(users.map(({ id }) => id));
      for (const { id, status, last_seen } of users) if (status == 'offline') this.lastSeen.set(id, last_seen);
      users = [...this.presence.users.filter(({ id }) => !changed.has(id)), ...users.filter(({ status }) => status != 'offline')].sort((a, b) => (a.id < b.id ? -1 : 1));
    }
    this.#set({ version, count, users });
  }

  #set(presence: Presence): void {
    this.presence = presence;
    this.ready = true;
    this.emit('change', this);
  }

  async #ask(): Promise<void> {
    for (let left = tries; left--; ) {
      const { version, count, users, offline = [] }: Presence = await this.#room.call('GET', 'presence');
      for (const { id, last_seen } of offline) this.lastSeen.set(id, last_seen);
      // What has been told meanwhile may be newer than the answer.
      this.#set(version < this.presence.version ? this.presence : { version, count, users });
      if (version >= this.#newest) return;
    }
  }

  #read(receipts: Receipt[]): void {
    const all = new Map(this.receipts.map((receipt) => [receipt.user.id, receipt]));
    for (const receipt of receipts) if (!(all.get(receipt.user.id)?.up_to! > receipt.up_to)) all.set(receipt.user.id, receipt);
    this.receipts = [...all.values()];
    this.emit('receipts', this.receipts);
  }
}
