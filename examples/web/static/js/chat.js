// The chat of one user: brings together what comes over the link, what is
// known of the rooms, the commands on their way, and the views.

import * as api from './api.js';
import { newest, older } from './history.js';
import { newKey } from './key.js';
import { SocketLink } from './link/socket.js';
import { StreamLink } from './link/stream.js';
import { Outbox } from './outbox.js';
import { retry } from './retry.js';
import { Rooms } from './store/rooms.js';
import { Timeline } from './store/timeline.js';
import { Screen } from './view/screen.js';

const home = 'general'; // where one is who is nowhere else
const followed = 30; // rooms that are followed without having been opened
const frame = 16; // ms from a change to its showing, at least

export class Chat {
  #me;
  #opened;
  #signOut;
  #rooms = new Rooms();
  /** @type {Map<string, Timeline>} rooms that have been opened */
  #timelines = new Map();
  #left = new Set(); // rooms that are not followed, because the user left them
  #room = '';
  #link;
  #outbox;
  #screen;
  #scheduled = false;
  #pause = frame; // ms from a change to its showing: more where showing takes long

  /**
   * @param {{id: string, name: string}} me
   * @param {{sse: boolean, opened: (room: string) => void, signOut: (why: string) => void}} options
   *   opened is called when the user turns to a room, signOut when the server does not know the user
   */
  constructor(me, { sse, opened, signOut }) {
    this.#me = me;
    this.#opened = opened;
    this.#signOut = signOut;
    this.#link = new (sse ? StreamLink : SocketLink)({
      state: (state) => this.#connection(state),
      events: (room, events) => this.#events(room, events),
      live: (room, cursor) => this.#live(room, cursor),
      reset: (room) => this.#reset(room),
      ended: (room, reason) => this.#ended(room, reason),
      check: () => this.#check(),
    });
    this.#outbox = new Outbox((command) => this.#link.run(command), {
      changed: (room) => room === this.#room && this.#show(),
      answered: (command, event) => this.#answered(command, event),
      refused: (command) => this.#refused(command),
      unauthenticated: () => this.#unknown(),
    });
    this.#screen = new Screen(me, {
      open: (room) => this.open(room),
      send: (text) => this.#outbox.add({ op: 'post', room: this.#room, text }),
      save: (message, text) => this.#outbox.add({ op: 'edit', room: this.#room, message, text }),
      remove: (message) => this.#outbox.add({ op: 'delete', room: this.#room, message }),
      react: (message, emoji, on) => this.#outbox.add({ op: on ? 'react' : 'unreact', room: this.#room, message, emoji }),
      again: (key) => this.#outbox.again(key),
      discard: (key) => this.#outbox.remove(key),
      older: () => this.#older(),
      members: async () => (await api.room(this.#room)).members,
      leave: () => this.#leave(),
      rename: () => this.#signOut(''),
      refresh: () => this.#show(),
      read: () => this.#read(),
      looked: () => this.#list(),
      hurry: () => this.#link.hurry(),
    });
  }

  /** Connects, and opens a room. */
  start(room) {
    this.#link.start();
    this.open(room || home);
    this.#list();
    setInterval(() => document.hidden || this.#list(), 30_000);
    addEventListener('online', () => this.#link.hurry());
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
      this.#link.hurry();
      this.#read();
    });
  }

  /** Turns to a room, joining it, and creating it if there is none. */
  open(room) {
    this.#room = room;
    this.#left.delete(room);
    this.#rooms.add(room);
    this.#opened(room);
    this.#screen.opened(room);
    if (!this.#timelines.has(room)) {
      this.#timelines.set(room, new Timeline(this.#me.id));
      this.#load(room);
    }
    this.#paint();
    this.#read();
  }

  /** Loads the newest page of a room and follows what comes after it. */
  async #load(room) {
    const timeline = this.#timelines.get(room);
    const wanted = () => this.#timelines.get(room) === timeline;
    const key = newKey();
    try {
      const { users, cursor } = await retry(() => api.join(room, key), wanted);
      this.#rooms.count(room, users.length, cursor);
      const { page, log } = await newest(room, wanted);
      if (!wanted()) return;
      timeline.begin(page, log);
      if (!this.#link.follows(room)) this.#link.follow(room, page.cursor);
      this.#settle(room, timeline.seen);
      this.#show();
    } catch (error) {
      if (!wanted()) return;
      if (error.status === 401) return this.#unknown();
      this.#timelines.delete(room);
      this.#rooms.remove(room);
      this.#screen.note(`${room} cannot be opened: ${error.message}`);
      if (room === this.#room && room !== home) this.open(home);
    }
  }

  async #older() {
    const room = this.#room;
    const timeline = this.#timelines.get(room);
    try {
      const { page, log } = await older(room, timeline.before, timeline.first);
      if (this.#timelines.get(room) !== timeline) return;
      timeline.extend(page, log);
      this.#paint();
    } catch (error) {
      if (error.status === 401) return this.#unknown();
      this.#screen.note('Older messages cannot be loaded now.');
    }
  }

  /** Gets the list of rooms, and follows those that are new in it. */
  async #list() {
    try {
      const { rooms, cursor } = await api.rooms();
      this.#rooms.take(rooms, cursor);
      for (const { id } of rooms.slice(0, followed)) {
        if (!this.#link.follows(id) && !this.#timelines.has(id) && !this.#left.has(id)) this.#link.follow(id, cursor);
      }
      this.#show();
    } catch (error) {
      if (error.status === 401) this.#unknown();
    }
  }

  #leave() {
    const room = this.#room;
    this.#outbox.add({ op: 'leave', room });
    this.#left.add(room);
    this.#link.unfollow(room);
    this.#timelines.delete(room);
    const next = this.#rooms.list().find(({ id }) => id !== room && !this.#left.has(id));
    this.open(next?.id ?? (room === home ? 'lobby' : home));
  }

  #events(room, events) {
    const timeline = this.#timelines.get(room);
    const looking = room === this.#room && this.#screen.looking;
    for (const event of events) {
      this.#rooms.apply(event, looking, this.#me.id);
      timeline?.apply(event);
    }
    if (room !== this.#room || this.#screen.looking) timeline?.trim();
    const mine = new Set(events.filter(({ user }) => user?.id === this.#me.id).map(({ key }) => key));
    this.#outbox.settle(room, ({ key }) => mine.has(key));
    this.#settle(room, events.at(-1).id);
    this.#show();
  }

  #live(room, cursor) {
    this.#timelines.get(room)?.reach(cursor);
    this.#settle(room, cursor);
    this.#show();
  }

  /** Ends the commands whose events the room's log has shown. */
  #settle(room, seen) {
    this.#outbox.settle(room, ({ event }) => event !== undefined && event <= seen);
  }

  #reset(room) {
    const timeline = this.#timelines.get(room);
    if (timeline) {
      timeline.loaded = false; // what is there stays to be seen until the new page has come
      this.#load(room);
    } else {
      this.#list();
    }
    this.#show();
  }

  #ended(room, reason) {
    this.#timelines.delete(room);
    this.#rooms.remove(room);
    if (room !== this.#room) return this.#show();
    if (reason === 'room_not_found') return this.open(room);
    this.#screen.note(`You are no longer in ${room}.`);
    this.#left.add(room);
    this.open(this.#rooms.list().find(({ id }) => !this.#left.has(id))?.id ?? home);
  }

  #connection(state) {
    this.#screen.connection(state);
    if (state.phase === 'open') this.#outbox.flush();
  }

  /** Asks why the link was refused. False if the server does not know the user. */
  async #check() {
    const room = this.#room;
    try {
      await api.room(room);
    } catch (error) {
      if (error.status === 401) {
        this.#unknown();
        return false;
      }
      if (error.status === 404 && this.#link.follows(room)) {
        this.#link.unfollow(room);
        this.#ended(room, error.code);
      }
    }
    return true;
  }

  #unknown() {
    this.#outbox.stop();
    this.#signOut('Your session has ended. Choose your name again to go on.');
  }

  #answered({ room }, event) {
    if (event && event.user.id !== this.#me.id) this.#signOut('You are signed in under another name now.');
    const timeline = this.#timelines.get(room);
    if (timeline) this.#settle(room, timeline.seen);
  }

  /** A refused message stays to be seen; of anything else it is enough to tell. */
  #refused(command) {
    if (command.op === 'post') return;
    this.#outbox.remove(command.key);
    this.#screen.note(`That did not work: ${command.error}`);
  }

  #read() {
    const entry = this.#rooms.get(this.#room);
    if (!entry?.unread || !this.#screen.looking) return;
    entry.unread = 0;
    this.#show();
  }

  /** Shows what is known now, soon, and once for many changes. */
  #show() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => this.#paint(), this.#pause);
  }

  #paint() {
    this.#scheduled = false;
    const timeline = this.#timelines.get(this.#room);
    if (!timeline) return;
    const from = performance.now();
    this.#screen.show(this.#room, timeline, this.#outbox.of(this.#room), this.#rooms);
    this.#pause = Math.min(250, Math.max(frame, 3 * (performance.now() - from)));
  }
}
