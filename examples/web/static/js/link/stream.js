// The link over server-sent events: one stream for all rooms, one for the list of
// them, and commands over HTTP. Over HTTP/1.1 browsers allow six connections to a
// host, so there is never a stream a room; beyond two such tabs it needs HTTP/2,
// or the socket.

import * as api from '../api.js';
import { Backoff } from '../backoff.js';
import { Following } from './link.js';
import { ListStream } from './list.js';

export class StreamLink {
  #listener;
  #list;
  #told = Promise.resolve(); // the last signal that was sent has been answered
  #source = null;
  #ready = false;
  #store = '';
  #rooms = new Map(); // room -> Following
  #backoff = new Backoff();
  #timer = 0;
  #watch = 0;
  #heard = 0;
  #heartbeat = 15_000;

  /** @param {import('./link.js').Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#list = new ListStream(listener.rooms);
  }

  start() {
    this.#watch = setInterval(() => this.#listen(), 5_000);
    this.#listener.state({ phase: 'connecting' });
    this.#list.open();
    this.#reopen();
  }

  stop() {
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    this.#list.close();
    this.#rooms.clear();
    this.#drop();
    this.#listener.state({ phase: 'stopped' });
  }

  /** Makes the next attempt now instead of later. */
  hurry() {
    if (!this.#ready) this.#reopen();
    this.#list.hurry();
  }

  get open() {
    return this.#ready;
  }

  follows(room) {
    return this.#rooms.has(room) && this.#rooms.get(room).state !== 'reset';
  }

  /** Follows a room from a cursor on, instead of from where it was followed. */
  follow(room, after) {
    this.#rooms.set(room, new Following(after));
    this.#reopen();
  }

  unfollow(room) {
    if (this.#rooms.delete(room)) this.#reopen();
  }

  /** Carries out a command. */
  async run(command) {
    await Promise.race([this.#told, pause(500)]); // typing does not overtake its message
    return api.run(command);
  }

  /** Says that the user is typing in a room. */
  typing(room) {
    const told = api.typing(room);
    this.#told = told.catch(() => {});
    return told;
  }

  /** Moves the user's marker in a room. */
  read(room, upTo) {
    return api.read(room, upTo);
  }

  /** Asks who is in a room. */
  presence(room) {
    return api.presence(room);
  }

  /** Sets what others see of the user. */
  status(fields) {
    return api.status(fields);
  }

  /** Opens a stream of the rooms as they are now, once for many changes. */
  #reopen() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), 0);
  }

  #open() {
    this.#drop();
    const followed = [...this.#rooms].filter(([, { state }]) => state !== 'reset');
    if (followed.length === 0) return;
    // The stream has one cursor. From the oldest of the rooms' own cursors on
    // nothing is missed; what a room has had already is left out below.
    const after = followed.map(([, { cursor }]) => cursor).reduce((a, b) => (a < b ? a : b));
    for (const [, following] of followed) following.state = 'live';
    const query = new URLSearchParams(followed.map(([room]) => ['room', room]));
    query.set('after', after);
    const source = new EventSource(api.address(`events?${query}`));
    this.#source = source;
    this.#heard = Date.now();
    const on = (name, handle) => source.addEventListener(name, ({ data }) => {
      this.#heard = Date.now();
      if (source === this.#source) handle(JSON.parse(data));
    });
    on('message', (event) => this.#event(event));
    on('chat.hello', (hello) => this.#greet(hello));
    on('chat.live', ({ cursor }) => this.#live(cursor));
    on('chat.reset', ({ room }) => this.#reset(room));
    on('chat.end', ({ room, reason }) => this.#end(room, reason));
    for (const name of ['presence', 'typing', 'read']) {
      on(`chat.${name}`, ({ room, ...data }) => this.#rooms.has(room) && this.#listener.signal(room, name, data));
    }
    on('chat.ping', () => {});
    source.onerror = () => source === this.#source && this.#failed();
  }

  #drop() {
    this.#source?.close();
    this.#source = null;
  }

  async #failed() {
    this.#ready = false;
    if (this.#source.readyState === EventSource.CONNECTING) {
      // The browser comes back by itself, with the last id that it has seen.
      return this.#listener.state({ phase: 'connecting' });
    }
    // The browser has given up: an answer that is no stream, such as a
    // proxy's 502. It is opened again from where we are.
    this.#drop();
    this.#wait(this.#backoff.next());
    if (!(await this.#listener.check())) this.stop();
  }

  #wait(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), delay);
    this.#listener.state({ phase: 'waiting', until: Date.now() + delay });
  }

  #greet({ store, rooms, heartbeat_ms: heartbeat }) {
    this.#heartbeat = heartbeat ?? this.#heartbeat;
    this.#ready = true;
    this.#backoff.reset();
    this.#listener.state({ phase: 'open' });
    const replaced = this.#store !== '' && store !== this.#store;
    this.#store = store;
    for (const room of [...this.#rooms.keys()]) {
      if (replaced) this.#reset(room);
      else if (rooms?.[room]?.verdict === 'not_found') this.#end(room, 'room_not_found');
    }
  }

  #event(event) {
    const following = this.#rooms.get(event.room);
    if (following?.state !== 'live') return; // of a stream that did not have the room
    const fresh = following.advance([event]);
    if (fresh.length > 0) this.#listener.events(event.room, fresh);
    this.#reach(event.id);
  }

  #live(cursor) {
    this.#reach(cursor);
    for (const [room, { state }] of this.#rooms) {
      if (state === 'live') this.#listener.live(room, cursor);
    }
  }

  /** A stream has one order: what it has reached, it has reached in all rooms. */
  #reach(cursor) {
    for (const following of this.#rooms.values()) {
      if (following.state === 'live') following.reach(cursor);
    }
  }

  #reset(named) {
    const following = this.#rooms.get(named ?? this.#only());
    if (!following || following.state === 'reset') return;
    following.state = 'reset';
    this.#listener.reset(named ?? this.#only());
  }

  #end(named, reason) {
    if (reason === 'draining') return; // the browser comes back by itself
    if (reason === 'too_many') {
      this.#ready = false;
      this.#drop();
      return this.#wait(30_000);
    }
    if (reason === 'expired') return void this.#listener.check().then((known) => known || this.stop());
    const room = named ?? this.#only();
    if (this.#rooms.delete(room)) this.#listener.ended(room, reason);
  }

  /** The room that is meant where none is named: a stream of one room. */
  #only() {
    return this.#rooms.size === 1 ? this.#rooms.keys().next().value : undefined;
  }

  /** A stream that is quiet for longer than the server's heartbeat is dead. */
  #listen() {
    if (this.#ready && Date.now() - this.#heard > 2 * this.#heartbeat + 5_000) {
      this.#ready = false;
      this.#wait(this.#backoff.next());
    }
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
