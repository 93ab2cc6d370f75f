import { makeApi, type Api, type Call } from './api.js';
import { Emitter } from './emitter.js';
import { ChatError, lost } from './errors.js';
import type { End, Host, Link } from './link.js';
import { makeOutbox, type Outbox } from './outbox.js';
import { Room } from './room.js';
import { openSocket } from './socket.js';
import type { Cursor, LogEvent, Options, RoomsUpdate, Signalled, State, Transport, User } from './types.js';
import { delay, onAbort, once, pause } from './wait.js';

export interface ChatEvents {
  /** The connection stands otherwise than before. */
  state: State;
  /** What has changed in the list of rooms. RoomList makes a list of it. */
  rooms: RoomsUpdate;
  /** It is known who one is. */
  user: User;
  /** An event of any open room. */
  event: LogEvent;
}

const aside = 120_000; // ms for which a socket that cannot be opened is not tried again

/** A client of one server, for one user. It connects when it is first needed, and stays so until it is closed. */
export class Chat extends Emitter<ChatEvents> {
  state: State = { phase: 'idle' };
  /** Who one is, once the server has said so. */
  user?: User;

  /** @internal The store of the server, by its hello. */ store?: string;
  /** @internal */ outbox: Outbox;
  #api: Api;
  #rooms = new Map<string, Room>();
  #open = new Set<Room>();
  #link?: Link;
  #stop?: AbortController;
  #nap?: AbortController; // ends the pause between two attempts
  #listed = 0;
  #renewal: any;
  #over?: Transport;
  #alive = false; // the connection has brought what it was made for

  constructor(readonly options: Options) {
    super();
    this.#api = makeApi(options, (at) => {
      clearTimeout(this.#renewal);
      // Timers of more than 24 days fire at once.
      this.#renewal = setTimeout(() => this.renew().catch(() => {}), Math.min(2e9, Math.max(1000, at - Date.now() - 30_000)));
    });
    this.outbox = makeOutbox({
      options,
      open: () => this.online,
      run: ({ op, room, user, at, status, error, id, ...fields }) => this.run(op, room, fields),
      shown: (room) => this.#rooms.get(room)?.cursor,
      changed: (room) => this.#rooms.get(room)?.touch(),
    });
    onAbort(options.signal, () => this.close());
  }

  /** Whether there is a connection. */
  get online(): boolean {
    return this.state.phase == 'open';
  }

  /** The room of an id, always the same object. */
  room(id: string): Room {
    let room = this.#rooms.get(id);
    if (!room) this.#rooms.set(id, (room = new Room(this, id)));
    if (this.state.phase == 'idle') this.connect();
    return room;
  }

  /** Connects, and tries again and again. What uses the connection calls it by itself; call it when somebody has signed in again. */
  connect(): void {
    if (this.#stop || this.options.signal?.aborted) return;
    const { signal } = (this.#stop = new AbortController());
    // The network has come or gone, or somebody is back.
    const wake = () => (globalThis as any).document?.hidden || this.hurry();
    for (const name of ['pageshow', 'visibilitychange', 'online', 'offline']) globalThis.addEventListener?.(name, wake, { signal });
    this.#run(signal);
  }

  /** Makes the next attempt now, unless the server has refused one too many; where there is a connection, finds out whether it is alive. */
  hurry(): void {
    if (this.state.reason == 'too_many') return;
    this.#nap?.abort();
    this.#link?.probe();
  }

  /** Closes all rooms, and the connection. What was not sent is kept, and sent once there is another one. */
  close(): void {
    this.#rooms.forEach((room) => room.close());
    this.#end('closed');
  }

  #end(reason: string): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#nap?.abort();
    clearTimeout(this.#renewal);
    this.#link?.close();
    this.#link = undefined;
    this.#set({ phase: 'closed', reason });
  }

  /** Gets new credentials and shows them to the server, without a cut where there is a socket. */
  async renew(): Promise<void> {
    const token = await this.#fresh();
    if (token) this.#link?.renew(token);
  }

  async #fresh(): Promise<string | undefined> {
    return this.#api.token(await this.#api.token());
  }

  /** Follows the list of the user's rooms, told as `rooms`, until the function that it returns is called, or the signal is aborted. */
  watchRooms({ signal }: Signalled = {}): () => void {
    const off = once(() => --this.#listed || this.#link?.list());
    if (!this.#listed++) this.#link?.list();
    this.connect();
    onAbort(signal, off);
    return off;
  }

  /** Any call of the API, such as ("PATCH", "rooms/general", {body: {title: "Pub"}}). The path is relative to where the chat is mounted. */
  call(method: string, path: string, options?: Call): Promise<any> {
    return this.#api.call(method, path, options);
  }

  /** @internal Carries out a command over the link. */
  async run(op: string, room: string, fields?: object): Promise<any> {
    if (!this.#link) throw lost();
    return this.#link.run(op, { room, ...fields });
  }

  /** @internal */
  follow(room: Room): void {
    this.#open.add(room);
    this.#link?.follow(room);
  }

  /** @internal */
  drop(room: Room): void {
    if (this.#open.delete(room)) this.#link?.unfollow(room.id);
  }

  #set(state: State): void {
    this.state = state;
    this.emit('state', state);
  }

  #host = (): Host => ({
    options: this.options,
    api: this.#api,
    rooms: () => [...this.#open].filter((room) => room.cursor),
    lists: () => this.#listed > 0,
    hello: ({ store, user }) => {
      if (store) this.store = store;
      if (user) this.#known(user);
      this.#set({ phase: 'open', transport: this.#over });
      this.#alive ||= !this.#open.size;
      this.outbox.flush();
      this.#open.forEach((room) => room.tell());
    },
    take: (id, what, data) => {
      if (what != 'end') this.#alive = true;
      if (what == 'rooms') this.emit(what, data);
      else {
        const room = this.#rooms.get(id);
        if (this.#open.has(room!)) room!.take(what, data);
      }
    },
    reach: (ids, cursor) => {
      ids.forEach((id) => this.#rooms.get(id)?.reach(cursor));
    },
  });

  #known(user: User): void {
    if (this.user?.id == user.id) return;
    this.user = user;
    this.outbox.adopt(user.id);
    this.emit('user', user);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { transport = 'auto', backoff, WebSocket: given } = this.options;
    let refused = 0; // sockets in a row that were never open
    let until = 0; // when a socket is tried again
    for (let tries = 0; !signal.aborted; ) {
      const socket = transport == 'socket' || (transport == 'auto' && Date.now() > until && !!(given ?? globalThis.WebSocket));
      this.#alive = false;
      this.#set({ ...this.state, phase: 'connecting', until: undefined });
      const end = await this.#attempt(socket, refused > 0, signal);
      if (signal.aborted) return; // there may be another link already
      this.#link = undefined;
      if (socket) refused = end.never ? refused + 1 : 0;
      // The server answers, but lets no socket through, time and again: a proxy, most likely.
      if (refused > 1 && transport == 'auto' && end.reason == 'blocked') {
        until = Date.now() + aside;
        refused = tries = 0;
        continue;
      }
      if (this.#alive) tries = 0;
      let again = delay(tries++, backoff, end.retry);
      if (end.reason == 'expired') {
        // What the new one is worth shows with the ticket, or with the stream.
        await this.#fresh().catch(() => {});
        if (this.#alive) again = 0;
      }
      if (signal.aborted) return;
      if (end.final) return this.#end(end.reason);
      this.#set({ phase: 'waiting', reason: end.reason, until: Date.now() + again });
      this.#nap = new AbortController();
      await pause(again, this.#nap.signal).catch(() => {});
    }
  }

  /** Makes one connection and resolves when it has ended. */
  async #attempt(socket: boolean, look: boolean, signal: AbortSignal): Promise<End> {
    try {
      // A browser does not tell why a socket was refused: HTTP does.
      if (!this.user || look) this.#known((await this.call('GET', 'me', { signal })).user);
      let ticket: string | undefined;
      if (socket && this.options.token !== undefined) ({ ticket } = await this.call('POST', 'ticket', { signal }));
      this.#over = socket ? 'socket' : 'stream';
      const open = socket ? openSocket : (await import('./stream.js')).openStream;
      signal.throwIfAborted();
      const end = await new Promise<End>((done) => (this.#link = open(this.#host(), done, ticket)));
      if (end.never && look && end.reason == 'lost') end.reason = 'blocked';
      return end;
    } catch (e: any) {
      const { code, status, retryAfter, transient } = e instanceof ChatError ? e : lost();
      if (status == 401) return { reason: 'unauthenticated', final: true };
      // Hosts need not give tickets.
      if (socket && status == 404 && this.options.transport != 'socket' && this.user) return { reason: 'blocked', never: true };
      return { reason: code, retry: retryAfter, final: !transient };
    }
  }
}
