// The chat of one user: brings together what comes over the link, what is
// known of the rooms, the commands on their way, and the views.

import * as api from './api.js';
import { Desk } from './desk.js';
import { farewell } from './farewell.js';
import { newest, older } from './history.js';
import { newKey } from './key.js';
import { List } from './list.js';
import { SocketLink } from './link/socket.js';
import { StreamLink } from './link/stream.js';
import { Now } from './now.js';
import { Outbox } from './outbox.js';
import { Reader } from './reader.js';
import { retry } from './retry.js';
import { Side } from './side.js';
import { People } from './store/people.js';
import { rightsIn } from './store/rights.js';
import { Rooms } from './store/rooms.js';
import { Timeline } from './store/timeline.js';
import { Typing } from './typing.js';
import { actionsOf } from './actions.js';
import { Screen } from './view/screen.js';

const home = 'general'; // where one is who is nowhere else
const frame = 16; // ms from a change to its showing, at least
const far = 10; // pages of 200 that are loaded to get to a message

export class Chat {
  #me;
  #opened;
  #signOut;
  #rooms;
  #people = new People();
  /** @type {Map<string, Timeline>} rooms that have been opened */
  #timelines = new Map();
  #loading = new Map(); // room -> promise of its first page
  #room = '';
  #list;
  #now;
  #reader;
  #link;
  #outbox;
  #side;
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
    this.#rooms = new Rooms(me.id);
    this.#people.meet(me);
    this.#link = new (sse ? StreamLink : SocketLink)({
      state: (state) => this.#connection(state),
      events: (room, events) => this.#events(room, events),
      live: (room, cursor) => this.#live(room, cursor),
      reset: (room) => this.#reset(room),
      ended: (room, reason) => this.#ended(room, reason),
      signal: (room, name, data) => this.#signal(room, name, data),
      rooms: (update) => this.#list.take(update),
      check: () => this.#check(),
    });
    this.#list = new List(this.#rooms, {
      kept: (room) => this.#link.follows(room) || this.#timelines.has(room),
      follow: (room, cursor) => this.#link.follow(room, cursor),
      enter: (room) => void api.room(room).then((view) => this.#enter(view), () => {}).then(() => this.#show()),
      changed: () => this.#show(),
      unknown: () => this.#unknown(),
    });
    this.#now = new Now(me.id, {
      ask: (room) => this.#link.presence(room),
      changed: () => this.#show(),
    });
    const typing = new Typing((room) => this.#link.typing(room));
    this.#reader = new Reader({
      unseen: () => this.#unseen(),
      reading: () => this.#screen.reading,
      marker: () => this.#rooms.get(this.#room)?.upTo ?? '',
      mark: (room, upTo) => this.#mark(room, upTo),
    });
    this.#outbox = new Outbox((command) => this.#link.run(command), {
      changed: (room) => room === this.#room && this.#show(),
      answered: (command, event) => this.#answered(command, event),
      refused: (command) => this.#refused(command),
      unauthenticated: () => this.#unknown(),
    });
    this.#side = new Side(me.id, { changed: () => this.#show(), unknown: () => this.#unknown() });
    const desk = new Desk({
      room: () => this.#room,
      went: (room) => void this.open(room),
      gone: (room, why, event) => this.#gone(room, farewell(why, this.#nameOf(room)), event?.id ?? ''),
      unknown: () => this.#unknown(),
    });
    this.#screen = new Screen(me, actionsOf(desk, this.#outbox, this.#side, this.#people, {
      room: () => this.#room,
      open: (room, create = false) => void this.open(room, create),
      older: () => this.#older(),
      jump: (room, id) => this.#jump(room, id),
      list: () => this.#list.look(),
      rename: () => this.#signOut(''),
      refresh: () => this.#show(),
      read: () => this.#reader.look(),
      typing: (text) => typing.wrote(this.#room, text),
      sent: () => {
        typing.sent(this.#room);
        this.#reader.sent();
      },
      look: () => this.#now.look(this.#room),
      status: () => this.#now.status,
      setStatus: (fields) => this.#setStatus(fields),
      hurry: () => this.#link.hurry(),
    }));
  }

  /** Connects, and opens a room. */
  start(room) {
    this.#link.start();
    this.open(room || home);
    this.#list.look();
    addEventListener('online', () => this.#link.hurry());
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
      this.#link.hurry();
      this.#turned();
      this.#list.look();
    });
    for (const name of ['focus', 'blur']) addEventListener(name, () => this.#turned());
  }

  /** Turns to a room, joining it if it is public. @param {boolean} create whether it is made if there is none */
  open(room, create = room === home) {
    this.#reader.turn(room);
    if (room !== this.#room) this.#side.turned();
    this.#room = room;
    this.#list.enter(room);
    const { name } = Object.assign(this.#rooms.add(room), { fresh: false });
    this.#opened(room);
    this.#screen.opened(room, name);
    if (!this.#timelines.has(room)) {
      this.#timelines.set(room, new Timeline(this.#me.id));
      this.#load(room, create);
    }
    this.#reader.opened();
    this.#paint();
    return this.#loading.get(room);
  }

  #load(room, create = room === home) {
    const loading = this.#begin(room, create).finally(() => {
      if (this.#loading.get(room) === loading) this.#loading.delete(room);
    });
    this.#loading.set(room, loading);
  }

  /** Loads the newest page of a room and follows what comes after it. */
  async #begin(room, create) {
    const timeline = this.#timelines.get(room);
    const wanted = () => this.#timelines.get(room) === timeline;
    const key = newKey();
    const join = () => retry(() => api.join(room, key), wanted);
    const ask = () => retry(() => api.room(room), wanted);
    try {
      const { page, log } = await newest(room, wanted).catch(async (error) => {
        if (error.code !== 'room_not_found' || !create) throw error;
        await join();
        return newest(room, wanted);
      });
      let view = await ask();
      if (!view.room.role && view.room.kind === 'public' && !view.room.archived) {
        await join();
        view = await ask();
      }
      if (!wanted()) return;
      this.#people.meet(...page.messages.map(({ user }) => user));
      this.#enter(view, log);
      timeline.begin(page, log);
      if (!this.#link.follows(room)) this.#link.follow(room, page.cursor);
      this.#settle(room, timeline.seen);
      this.#adopt(room, timeline);
      if (room === this.#room) this.#reader.opened();
      this.#show();
    } catch (error) {
      if (!wanted()) return;
      if (error.status === 401) return this.#unknown();
      const why = error.status === 404 ? 'There is no such room, or it is not open to you.' : error.message;
      this.#gone(room, `${this.#nameOf(room)} cannot be opened. ${why}`, '');
    }
  }

  /** Takes what a room is and who is in it. */
  #enter({ room: info, members, cursor }, log = []) {
    const room = this.#rooms.add(info.id);
    this.#people.meet(...members);
    room.take(info, cursor);
    room.enter(members, cursor);
    for (const event of log) room.learn(event);
  }

  async #older(limit) {
    const room = this.#room;
    const timeline = this.#timelines.get(room);
    try {
      const { page, log } = await older(room, timeline.before, timeline.first, limit);
      if (this.#timelines.get(room) !== timeline) return false;
      timeline.extend(page, log);
      this.#adopt(room, timeline);
      this.#paint();
      return true;
    } catch (error) {
      if (error.status === 401) this.#unknown();
      else this.#screen.note('Older messages cannot be loaded now.');
      return false;
    }
  }

  /** Goes to a message, in whatever room, loading what lies between. */
  async #jump(room, id) {
    if (room !== this.#room) await this.open(room);
    const timeline = this.#timelines.get(room);
    if (room !== this.#room || !timeline) return;
    const missing = () => !timeline.message(id) && timeline.hasMore && timeline.first > id;
    for (let pages = 0; pages < far && missing(); pages++) {
      if (!(await this.#older(200)) || room !== this.#room) return;
    }
    this.#paint();
    const message = timeline.message(id);
    if (!message) return this.#screen.note(missing() ? 'That message is too far back to go to.' : 'That message is not there any more.');
    if (!timeline.folded(message)) return this.#screen.jump(id);
    await this.#screen.thread(message.thread);
    this.#paint();
    this.#screen.jump(id);
  }

  /** Gets what is answered and not here, to be shown above the answers. */
  async #adopt(room, timeline) {
    for (const id of timeline.unknownParents()) {
      const parent = await api.message(room, id).catch(() => null);
      if (this.#timelines.get(room) !== timeline) return;
      if (parent) timeline.adopt({ id, user: parent.user, text: parent.text ?? '', deleted: Boolean(parent.deleted) });
      this.#show();
    }
  }

  #events(room, events) {
    const timeline = this.#timelines.get(room);
    let gone = null;
    for (const event of events) {
      const name = this.#nameOf(room);
      this.#people.learn(event);
      this.#rooms.apply(event);
      timeline?.apply(event);
      this.#side.apply(event);
      if (event.type === 'MessagePosted') this.#now.posted(room, event.user.id);
      if (event.type === 'UserJoined' && event.data.member.id === this.#me.id) gone = null;
      else gone = farewell(event, name, this.#me.id) ?? gone;
    }
    if (gone !== null) return this.#gone(room, gone, events.at(-1).id);
    if (room !== this.#room || this.#screen.looking) timeline?.trim();
    const mine = new Set(events.filter(({ user }) => user?.id === this.#me.id).map(({ key }) => key));
    this.#outbox.settle(room, ({ key }) => mine.has(key));
    this.#settle(room, events.at(-1).id);
    if (timeline) this.#adopt(room, timeline);
    if (room === this.#room) this.#reader.came();
    this.#show();
  }

  #live(room, cursor) {
    this.#timelines.get(room)?.reach(cursor);
    this.#now.live(room);
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
      this.#side.reset(room);
    } else {
      this.#again(room);
    }
    this.#show();
  }

  /** Follows a room that is not open from where it is now. */
  async #again(room) {
    try {
      const view = await retry(() => api.room(room), () => !this.#timelines.has(room));
      this.#enter(view);
      if (!this.#timelines.has(room)) this.#link.follow(room, view.cursor);
    } catch {
      // The list tells whether it is gone.
    }
  }

  #ended(room, reason) {
    if (reason === 'room_not_found' && room === home) {
      this.#timelines.delete(room);
      return void (room === this.#room && this.open(room));
    }
    this.#gone(room, farewell(reason, this.#nameOf(room)), '');
  }

  /** Lets go of a room that one has left, or lost: nothing of it stays on the screen. */
  #gone(room, text, event) {
    const open = room === this.#room;
    this.#link.unfollow(room);
    this.#timelines.delete(room);
    this.#list.leave(room, event);
    this.#now.forget(room);
    this.#outbox.forget(room);
    this.#side.forget(room);
    this.#screen.gone(room);
    if (text) this.#screen.notice(text);
    if (open) this.#turn(room);
    this.#list.look(); // a public one can be joined again
    this.#show();
  }

  /** Turns to another room than the one that is gone. */
  #turn(gone) {
    const next = this.#rooms.list().find(({ id, role }) => role && id !== gone && !this.#list.left(id));
    if (next) return void this.open(next.id);
    if (!this.#list.left(home)) return void this.open(home);
    this.#room = '';
    this.#opened('');
    this.#screen.empty();
  }

  #nameOf(room) {
    return this.#rooms.get(room)?.name ?? room;
  }

  #connection(state) {
    this.#screen.connection(state);
    if (state.phase !== 'open') return;
    this.#outbox.flush();
    this.#reader.look();
  }

  /** Asks why the link was refused. False if the server does not know the user. */
  async #check() {
    const room = this.#room;
    try {
      await (room ? api.room(room) : api.rooms({ limit: 1 }));
    } catch (error) {
      if (error.status === 401) {
        this.#unknown();
        return false;
      }
      if ((error.status === 404 || error.status === 403) && this.#link.follows(room)) {
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

  /** Takes what is so just now. */
  #signal(room, name, data) {
    if (name === 'read' && !data.receipts) this.#rooms.get(room)?.mark(data);
    this.#now.signal(room, name, data);
    this.#show();
  }

  /** The user has turned to the page, or away from it. */
  #turned() {
    this.#reader.look();
    this.#show();
  }

  /** The newest message of the open room, if the user has not read all that others have said there. */
  #unseen() {
    const room = this.#rooms.get(this.#room);
    const timeline = this.#timelines.get(this.#room);
    return room?.upTo && timeline?.loaded ? timeline.unseen(room.upTo) : '';
  }

  /** Moves the user's marker. Fails if that may succeed later. */
  async #mark(room, upTo) {
    const undo = this.#rooms.get(room)?.read(upTo);
    try {
      await this.#link.read(room, upTo); // the list tells what is unread then
    } catch (error) {
      undo?.();
      this.#show();
      if (error.status === 401) this.#unknown();
      else if (error.transient) throw error;
    }
  }

  async #setStatus(fields) {
    const { status, text = '' } = await this.#link.status(fields);
    this.#now.status = { status, text };
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
    const from = performance.now();
    const timeline = this.#timelines.get(this.#room);
    const room = this.#rooms.get(this.#room);
    this.#screen.list(this.#rooms.list(), this.#room, this.#side, this.#now);
    if (!timeline || !room) return;
    const rights = rightsIn(room, this.#me.id);
    this.#now.follow(room.id, room.receipts);
    this.#screen.show({
      room, timeline, rights, commands: this.#outbox.of(this.#room), people: this.#people, side: this.#side,
      now: this.#now, divider: this.#reader.divider,
    });
    this.#pause = Math.min(250, Math.max(frame, 3 * (performance.now() - from)));
  }
}
