// Commands on their way. A command stays here until the server has answered
// it and its event has come back, over every reconnect and also over a reload
// of the page; it is repeated with the same key, so it is carried out once.

import { Backoff } from './backoff.js';
import { newKey } from './key.js';

const place = 'chat.outbox';

/**
 * @typedef {object} Command
 * @property {'post' | 'edit' | 'delete' | 'react' | 'unreact'} op
 * @property {string} room
 * @property {string} key
 * @property {string} [message] id of the message it is about
 * @property {string} [text]
 * @property {string[]} [mentions] ids of users
 * @property {string} [reply_to] id of the message that it answers
 * @property {string} [thread] id of the message whose thread it goes to
 * @property {string} [emoji]
 * @property {number} at when it was given, ms since 1970
 * @property {string} [event] id of the event that it became
 * @property {string} [error] why the server refused it, for good
 */

export class Outbox {
  #run;
  #handlers;
  /** @type {Command[]} */
  #commands = [];
  #busy = new Set(); // rooms with a command on its way: one at a time keeps the order
  #backoffs = new Map();
  #timers = new Map();
  #stopped = false;

  /**
   * @param {(command: Command) => Promise<{event?: object}>} run
   * @param {{changed: (room: string) => void, answered: (command: Command, event?: object) => void, refused: (command: Command) => void, unauthenticated: () => void}} handlers
   */
  constructor(run, handlers) {
    this.#run = run;
    this.#handlers = handlers;
    this.#commands = load();
  }

  /** The commands of a room that are not settled, in the order given. */
  of(room) {
    return this.#commands.filter((command) => command.room === room);
  }

  /** Takes a command and sends it as soon as it is its turn. */
  add(fields) {
    const command = { ...fields, key: newKey(), at: Date.now() };
    this.#commands.push(command);
    this.#changed(command.room);
    this.#pump(command.room);
    return command;
  }

  /** Tries a refused command again. */
  again(key) {
    const command = this.#find(key);
    if (!command) return;
    delete command.error;
    this.#changed(command.room);
    this.#pump(command.room);
  }

  /** Gives a command up. */
  remove(key) {
    const command = this.#find(key);
    if (!command) return;
    this.#commands = this.#commands.filter((other) => other !== command);
    this.#changed(command.room);
  }

  /** Gives up all commands of a room: it is not to be had any more. */
  forget(room) {
    this.#commands = this.#commands.filter((command) => command.room !== room);
    this.#changed(room);
  }

  /** Settles what a room's log shows to have happened. @param {(command: Command) => boolean} happened */
  settle(room, happened) {
    const rest = this.#commands.filter((command) => command.room !== room || !happened(command));
    if (rest.length === this.#commands.length) return;
    this.#commands = rest;
    this.#changed(room);
  }

  /** Sends all that waits: there is a connection again. */
  flush() {
    for (const room of new Set(this.#commands.map((command) => command.room))) {
      this.#backoffs.delete(room);
      this.#pump(room);
    }
  }

  stop() {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  async #pump(room) {
    const next = this.#commands.find((command) => command.room === room && !command.event && !command.error);
    if (!next || this.#stopped || this.#busy.has(room)) return;
    clearTimeout(this.#timers.get(room));
    this.#busy.add(room);
    const wait = await this.#attempt(next);
    this.#busy.delete(room);
    if (wait === 0) this.#pump(room);
    else if (!this.#stopped) this.#timers.set(room, setTimeout(() => this.#pump(room), wait));
  }

  /** Returns the ms to wait before the room's next attempt. */
  async #attempt(command) {
    try {
      const { event } = await this.#run(command);
      this.#backoffs.delete(command.room);
      if (event) command.event = event.id;
      else this.#commands = this.#commands.filter((other) => other !== command);
      this.#changed(command.room);
      this.#handlers.answered(command, event);
      return 0;
    } catch (error) {
      if (error.status === 401) {
        this.#handlers.unauthenticated();
        return 60_000;
      }
      if (error.transient) return Math.max(error.retryAfter * 1000, this.#backoff(command.room).next());
      command.error = error.message;
      this.#changed(command.room);
      this.#handlers.refused(command);
      return 0;
    }
  }

  #backoff(room) {
    if (!this.#backoffs.has(room)) this.#backoffs.set(room, new Backoff(300, 10_000));
    return this.#backoffs.get(room);
  }

  #find(key) {
    return this.#commands.find((command) => command.key === key);
  }

  #changed(room) {
    save(this.#commands);
    this.#handlers.changed(room);
  }
}

function save(commands) {
  try {
    sessionStorage.setItem(place, JSON.stringify(commands));
  } catch {
    // Full or forbidden: then they do not outlive the page.
  }
}

/** What was not answered when the page was left; history shows the rest. */
function load() {
  try {
    return (JSON.parse(sessionStorage.getItem(place)) ?? []).filter((command) => !command.event);
  } catch {
    return [];
  }
}
