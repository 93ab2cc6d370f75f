// The link over one WebSocket, which carries all rooms and the commands.

import { address, explain } from '../api.js';
import { Backoff } from '../backoff.js';
import { Following, LinkLost } from './link.js';

const protocol = 'chat.v1.json';
const patience = 10_000; // ms to wait for the answer to a ping or an opening

export class SocketLink {
  #listener;
  #socket = null;
  #ready = false; // the server has said hello
  #store = ''; // cursors belong to this store
  #rooms = new Map(); // room -> Following
  #calls = new Map(); // id of a frame -> {resolve, reject}
  #lastCall = 0;
  #backoff = new Backoff();
  #timer = 0; // the next attempt, or the limit of the present one
  #watch = 0; // interval that looks whether the connection is alive
  #heard = 0;
  #openedAt = 0;
  #heartbeat = 15_000;

  /** @param {import('./link.js').Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  start() {
    this.#open();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#rooms.clear();
    this.#drop();
    this.#listener.state({ phase: 'stopped' });
  }

  /** Makes the next attempt now instead of later. */
  hurry() {
    if (!this.#socket) this.#open();
  }

  get open() {
    return this.#ready;
  }

  follows(room) {
    return this.#rooms.has(room) && this.#rooms.get(room).state !== 'reset';
  }

  /** Follows a room from a cursor on, instead of from where it was followed. */
  async follow(room, after) {
    const before = this.#rooms.get(room);
    const following = new Following(after);
    this.#rooms.set(room, following);
    if (!this.#ready) return;
    if (before && before.state !== 'idle') {
      await this.#call({ op: 'unsubscribe', room }).catch(() => {});
    }
    if (this.#rooms.get(room) === following) this.#subscribe(room, following);
  }

  unfollow(room) {
    if (this.#rooms.delete(room) && this.#ready) this.#call({ op: 'unsubscribe', room }).catch(() => {});
  }

  /**
   * Carries out a command.
   * @param {import('../outbox.js').Command} command
   * @returns {Promise<{event?: object}>}
   */
  run({ op, room, key, message, text, emoji, mentions, reply_to, thread }) {
    return this.#call({ op, room, key, message, text, emoji, mentions, reply_to, thread }); // what is undefined is left out
  }

  /** Says that the user is typing in a room. */
  typing(room) {
    return this.#call({ op: 'typing', room });
  }

  /** Moves the user's marker in a room. */
  read(room, upTo) {
    return this.#call({ op: 'read', room, up_to: upTo });
  }

  /** Asks who is in a room. */
  presence(room) {
    return this.#call({ op: 'presence', room });
  }

  /** Sets what others see of the user. */
  status(fields) {
    return this.#call({ op: 'status', ...fields });
  }

  #open() {
    clearTimeout(this.#timer);
    this.#listener.state({ phase: 'connecting' });
    const url = address('ws');
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url, protocol);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      this.#heard = Date.now();
      this.#receive(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#lost(code);
    };
    this.#timer = setTimeout(() => this.#lost(0), patience);
  }

  /** Lets go of the socket. Commands without an answer fail with LinkLost. */
  #drop() {
    clearInterval(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    socket?.close();
    for (const following of this.#rooms.values()) {
      if (following.state !== 'reset') following.state = 'idle';
    }
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(new LinkLost('The connection broke.'));
  }

  async #lost(code) {
    clearTimeout(this.#timer);
    const greeted = this.#ready;
    if (greeted && Date.now() - this.#openedAt > 5_000) this.#backoff.reset();
    this.#drop();
    const delay = code === 4429 ? 30_000 : this.#backoff.next();
    this.#listener.state({ phase: 'waiting', until: Date.now() + delay });
    this.#timer = setTimeout(() => this.#open(), delay);
    // A browser does not tell why a socket was refused: HTTP does.
    if ((!greeted || code === 4401) && !(await this.#listener.check())) this.stop();
  }

  #receive(frame) {
    if (frame.hello) return this.#greet(frame.hello);
    if (frame.re !== undefined) return this.#answer(frame);
    if (frame.signal === 'rooms') return this.#listener.rooms(frame.data);
    const { room } = frame;
    const following = this.#rooms.get(room);
    if (following?.state !== 'live') return; // of a subscription that was given up
    if (frame.events) {
      const fresh = following.advance(frame.events);
      if (fresh.length > 0) this.#listener.events(room, fresh);
    } else if (frame.live) {
      following.reach(frame.live);
      this.#listener.live(room, frame.live);
    } else if (frame.signal) {
      this.#listener.signal(room, frame.signal, frame.data);
    } else if (frame.reset) {
      following.state = 'reset';
      this.#listener.reset(room);
    } else if (frame.end) {
      this.#rooms.delete(room);
      this.#listener.ended(room, frame.end.reason);
    }
  }

  #greet(hello) {
    clearTimeout(this.#timer);
    this.#ready = true;
    this.#openedAt = this.#heard = Date.now();
    this.#heartbeat = hello.heartbeat_ms ?? this.#heartbeat;
    this.#watch = setInterval(() => this.#listen(), 5_000);
    const replaced = this.#store !== '' && hello.store !== this.#store;
    this.#store = hello.store;
    this.#listener.state({ phase: 'open' });
    this.#call({ op: 'watch_rooms' }).catch(() => {});
    for (const [room, following] of this.#rooms) {
      if (replaced) {
        following.state = 'reset';
        this.#listener.reset(room);
      } else if (following.state === 'idle') {
        this.#subscribe(room, following);
      }
    }
  }

  async #subscribe(room, following) {
    following.state = 'asking';
    try {
      await this.#call({ op: 'subscribe', room, after: following.cursor });
      if (following.state === 'asking') following.state = 'live';
    } catch (error) {
      if (error instanceof LinkLost || this.#rooms.get(room) !== following) return;
      this.#rooms.delete(room);
      this.#listener.ended(room, error.code);
    }
  }

  /** Sends a frame and waits for its answer. */
  #call(frame) {
    if (!this.#ready) return Promise.reject(new LinkLost('There is no connection.'));
    const id = String(++this.#lastCall);
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, ...frame }));
    });
  }

  #answer({ re, ok, error }) {
    const call = this.#calls.get(re);
    this.#calls.delete(re);
    if (error) call?.reject(refusal(error));
    else call?.resolve(ok);
  }

  /** Pings when it was quiet for long: a dead connection stays open for minutes otherwise. */
  #listen() {
    if (Date.now() - this.#heard < this.#heartbeat) return;
    const socket = this.#socket;
    const limit = setTimeout(() => socket === this.#socket && this.#lost(0), patience);
    this.#heard = Date.now(); // one ping at a time
    this.#call({ op: 'ping' }).catch(() => {}).finally(() => clearTimeout(limit));
  }
}

/** An error frame as the same error that HTTP would have given. */
function refusal(problem) {
  const transient = [429, 503].includes(problem.status);
  const { code, status, retry_after: retryAfter = 0 } = problem;
  return Object.assign(new Error(explain(problem, status)), { code, status, transient, retryAfter });
}
