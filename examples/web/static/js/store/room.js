// One room of the list: what it is, who is in it, its newest message, and what
// was not read yet. What the server tells of a room holds as of a position of
// the log; events after it are folded in. What is unread only the server counts.

const remembered = 200; // events that are folded into a roster which was read before them

/** @typedef {{id: string, name: string, role: 'owner' | 'admin' | 'member'}} Member */

export class Room {
  id;
  /** @type {'public' | 'private' | 'direct'} */
  kind = 'public';
  title = '';
  topic = '';
  slow = 0; // seconds between two posts of one member
  archived = false;
  role = ''; // one's own: owner, admin, member, or nothing
  members = 0;
  at = ''; // when something last happened, RFC 3339
  /** @type {{name: string, text: string, id: string} | null} the newest message */
  last = null;
  receipts = false; // all see how far the others have read
  upTo = ''; // how far the user has read: what is behind it is new; empty where nothing says so
  unread = 0; // messages of others behind that, up to 1,000
  more = false; // there are more than that
  mentioned = 0; // of them, those that speak to the user
  fresh = false; // somebody has just brought the user here
  /** @type {Map<string, Member> | null} by id; null until the room was opened */
  roster = null;
  /** Those of whom the log that was read here says so. @type {Map<string, Sanction>} */
  muted = new Map();
  /** @type {Map<string, Sanction>} */
  banned = new Map();
  #me;
  #counted = ''; // the position of the log at which the server counted
  #asOf = ''; // the position of the log that all but the roster shows
  #recent = []; // the newest events about members

  /** @param {string} id @param {string} me id of the user who looks */
  constructor(id, me) {
    this.id = id;
    this.#me = me;
  }

  /** What to call it: the title, of a direct room the others in it, else the id. */
  get name() {
    if (this.title) return this.title;
    if (this.kind !== 'direct') return this.id;
    const others = [...(this.roster?.values() ?? [])].filter(({ id }) => id !== this.#me);
    return others.map(({ name, id }) => name || id).join(', ') || 'Direct message';
  }

  /** Takes the room as the server tells it, as of a position of the log. */
  take(info, cursor) {
    const { kind, title = '', topic = '', slow_mode_s: slow = 0, archived = false, receipts = false, role = '', members, last, last_activity: at } = info;
    if (at && at >= this.at) this.at = at;
    if (last) this.#newest(last.id, last.user?.name, last.deleted ? '' : last.text);
    if (cursor >= this.#counted) {
      this.#counted = cursor;
      if ((info.read_up_to ?? '') >= this.upTo) this.#count({ ...info, up_to: info.read_up_to });
    }
    if (cursor < this.#asOf) return;
    Object.assign(this, { kind, title, topic, slow, archived, receipts, role, members });
    this.#asOf = cursor;
  }

  /** Takes the members as of a position of the log. @param {Member[]} members */
  enter(members, cursor) {
    this.roster = new Map(members.map((member) => [member.id, { ...member }]));
    for (const event of this.#recent) if (event.id > cursor) this.#enroll(event);
  }

  /** Takes how far the user has read, which only goes forward. */
  mark(state) {
    if ((state.up_to ?? '') > this.upTo) this.#count(state);
  }

  /** The user has read all up to here: the server is being told. */
  read(upTo) {
    this.#count({ up_to: upTo });
  }

  #count({ up_to: upTo, unread = 0, unread_more: more = false, mentions = 0 }) {
    Object.assign(this, { upTo: upTo ?? '', unread, more, mentioned: mentions });
  }

  /** Takes an event of the room. */
  apply(event) {
    if (event.at > this.at) this.at = event.at;
    const { message, text, member } = event.data ?? {};
    switch (event.type) {
      case 'MessagePosted':
        this.#newest(event.id, event.user.name, text);
        break;
      case 'MessageEdited':
      case 'MessageDeleted':
        if (this.last?.id === message) this.last.text = text ?? '';
        break;
    }
    if (event.id > this.#asOf) {
      this.#asOf = event.id;
      this.#describe(event);
    }
    if (!member) return;
    this.#recent.push(event);
    if (this.#recent.length > 2 * remembered) this.#recent.splice(0, remembered);
    this.#enroll(event);
    this.learn(event);
  }

  /** Learns from the log, also from long ago, who is muted and who is banned. */
  learn({ id, type, data }) {
    const user = data?.member;
    if (!user) return;
    const until = data.until ?? '';
    if (type === 'UserMuted') note(this.muted, user, id, { until });
    if (type === 'UserUnmuted') note(this.muted, user, id, null);
    if (type === 'UserBanned' || (type === 'UserLeft' && data.reason === 'banned')) note(this.banned, user, id, { until });
    if (type === 'UserUnbanned' || type === 'UserJoined') note(this.banned, user, id, null);
  }

  /** What an event makes of the room and of one's own place in it. */
  #describe({ type, data = {} }) {
    const mine = data.member?.id === this.#me;
    switch (type) {
      case 'RoomCreated':
      case 'RoomChanged':
        this.kind = data.kind ?? this.kind;
        this.title = data.title ?? '';
        this.topic = data.topic ?? '';
        this.slow = data.slow_mode_s ?? 0;
        this.archived = data.archived ?? false;
        this.receipts = data.receipts ?? false;
        break;
      case 'RoomArchived':
        this.archived = true;
        break;
      case 'UserJoined':
        this.members++;
        if (mine) this.role = data.role ?? 'member';
        break;
      case 'UserLeft':
        this.members--;
        if (mine) this.role = '';
        break;
      case 'RoleChanged':
        if (mine) this.role = data.role;
        break;
    }
  }

  #enroll({ type, data }) {
    const { member, role } = data;
    if (type === 'UserJoined' || type === 'RoleChanged') this.roster?.set(member.id, { ...member, role: role ?? 'member' });
    if (type === 'UserLeft') this.roster?.delete(member.id);
  }

  #newest(id, name, text) {
    if (this.last && this.last.id > id) return;
    this.last = { id, name: name ?? '', text: text ?? '' };
  }
}

/** @typedef {{user: {id: string, name: string}, id: string, on: {until: string} | null}} Sanction */

/** Keeps the newest that is known of a user. */
function note(map, user, id, on) {
  if (!(map.get(user.id)?.id > id)) map.set(user.id, { user, id, on });
}

/** Whether a user is muted or banned now, and until when: '' is for ever; null if not. */
export function lasts(map, user) {
  const on = map.get(user)?.on;
  return on && (!on.until || Date.parse(on.until) > Date.now()) ? on.until : null;
}
