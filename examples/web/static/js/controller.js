// The chat of one user: brings together what the client tells, what is known of
// the rooms, and the views.

import { overview } from '@roomlog/chat/calls';
import { actionsOf } from './actions.js';
import { Conversations } from './conversations.js';
import { Desk } from './desk.js';
import { Follows } from './follows.js';
import { home, Leaving } from './leaving.js';
import { List } from './list.js';
import { Painter } from './painter.js';
import { Past } from './past.js';
import { Reader } from './reader.js';
import { Side } from './side.js';
import { Status } from './status.js';
import { People } from './store/people.js';
import { Rooms } from './store/rooms.js';
import { Screen } from './view/screen.js';

export class Controller {
  #client;
  #me;
  #opened;
  #signOut;
  #rooms;
  #people = new People();
  #conversations;
  #room = '';
  #status;
  #list;
  #follows;
  #reader;
  #side;
  #leaving;
  #screen;
  #painter = new Painter(() => this.#paint());

  /**
   * @param {import('@roomlog/chat').Chat} client
   * @param {{id: string, name: string}} me
   * @param {{opened: (room: string) => void, signOut: (why: string) => void}} options
   *   opened is called when the user turns to a room, signOut when the server does not know the user
   */
  constructor(client, me, { opened, signOut }) {
    this.#client = client;
    this.#me = me;
    this.#opened = opened;
    this.#signOut = signOut;
    this.#rooms = new Rooms(me.id);
    this.#people.meet(me);
    this.#status = new Status(client, me.id);
    this.#follows = new Follows(client, {
      events: (room, events) => this.#events(room, events),
      changed: (room) => this.#marked(room),
      present: (people) => {
        this.#status.seen(people);
        this.#painter.show();
      },
      ended: (room, reason) => this.#leaving.ended(room, reason),
    });
    this.#conversations = new Conversations(client, this.#follows, {
      changed: () => this.#painter.show(),
      learn: (room, events) => events.forEach((event) => this.#rooms.get(room)?.learn(event)),
      entered: (view) => this.#entered(view),
      failed: (room, error) => this.#leaving.failed(room, error),
    });
    this.#list = new List(this.#rooms, client, {
      kept: (room) => this.#follows.has(room),
      follow: (room, cursor) => this.#follow(room, cursor),
      enter: (room) => void overview(client.room(room)).then((view) => this.#enter(view), () => {}),
      changed: () => this.#painter.show(),
      unknown: () => this.#unknown(),
    });
    this.#reader = new Reader({
      unseen: () => this.#unseen(),
      reading: () => this.#screen.reading,
      marker: () => this.#rooms.get(this.#room)?.upTo ?? '',
      mark: (room, upTo) => {
        this.#rooms.get(room)?.read(upTo);
        client.room(room).read(upTo);
      },
    });
    this.#side = new Side(client, () => this.#painter.show());
    const desk = new Desk(client, {
      room: () => this.#room,
      went: (room) => void this.open(room),
      gone: (room, why, event) => this.#leaving.gone(room, this.#leaving.words(room, why), event?.id),
      unknown: () => this.#unknown(),
    });
    const past = new Past({
      room: () => this.#room,
      open: (room) => this.open(room),
      conversation: (room) => this.#conversations.get(room),
      screen: () => this.#screen,
      paint: () => this.#painter.now(),
      unknown: () => this.#unknown(),
    });
    this.#screen = new Screen(me, actionsOf(client, desk, this.#side, this.#people, {
      room: () => this.#room,
      open: (room, create = false) => void this.open(room, create),
      older: () => past.older(),
      jump: (room, id) => past.jump(room, id),
      looked: () => this.#list.look(),
      rename: () => this.#signOut(''),
      refresh: () => this.#painter.show(),
      read: () => this.#reader.look(),
      sent: () => this.#reader.sent(),
      note: (text) => this.#screen.note(text),
      look: () => this.#follows.people(this.#room)?.load(),
      status: () => this.#status.now,
      setStatus: (fields) => this.#status.set(fields).finally(() => this.#painter.show()),
      hurry: () => {
        client.connect();
        client.hurry();
      },
    }));
    this.#leaving = new Leaving(this.#rooms, { list: this.#list, conversations: this.#conversations, side: this.#side, screen: this.#screen }, {
      room: () => this.#room,
      open: (room) => void this.open(room),
      none: () => this.#none(),
      unknown: () => this.#unknown(),
      changed: () => this.#painter.show(),
    });
  }

  /** Connects, and opens a room. */
  start(room) {
    this.#client.on('state', (state) => this.#connection(state));
    this.#client.on('user', ({ id }) => id !== this.#me.id && this.#signOut('You are signed in under another name now.'));
    this.open(room || home);
    this.#list.start();
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
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
    const opening = this.#conversations.open(room, create);
    this.#reader.opened();
    this.#painter.now();
    return opening;
  }

  /** A room that was opened is there. */
  #entered(view) {
    const { id } = view.room;
    this.#enter(view);
    this.#people.meet(...this.#conversations.get(id).timeline.messages.map(({ user }) => user));
    if (id === this.#room) this.#reader.opened();
  }

  /** Follows a room; of a direct one also who is there. */
  #follow(room, cursor) {
    this.#follows.follow(room, cursor);
    if (this.#rooms.get(room)?.kind === 'direct') this.#follows.people(room);
  }

  /** Takes what a room is and who is in it. */
  #enter({ room: info, members, cursor }) {
    const room = this.#rooms.add(info.id);
    this.#people.meet(...members);
    room.take(info, cursor);
    room.enter(members, cursor);
    this.#painter.show();
  }

  #events(room, events) {
    let gone = null;
    for (const event of events) {
      const words = this.#leaving.words(room, event, this.#me.id); // with the name that the room has now
      this.#people.learn(event);
      this.#rooms.apply(event);
      this.#side.apply(event);
      if (event.type === 'UserJoined' && event.data.member.id === this.#me.id) gone = null;
      else gone = words ?? gone;
    }
    if (gone !== null) return this.#leaving.gone(room, gone, events.at(-1).id);
    if (room !== this.#room || this.#screen.looking) this.#conversations.get(room)?.trim();
    if (room === this.#room) this.#reader.came();
    this.#painter.show();
  }

  /** Something of a room is other than before, maybe how far the user has read. */
  #marked(room) {
    const { unread } = this.#client.room(room);
    if (unread.up_to) this.#rooms.get(room)?.mark(unread);
    this.#painter.show();
  }

  /** No room is open. */
  #none() {
    this.#room = '';
    this.#opened('');
    this.#screen.empty();
  }

  #connection(state) {
    if (state.reason === 'unauthenticated' && state.phase === 'closed') return this.#unknown();
    this.#screen.connection(state);
    if (state.phase === 'open') this.#reader.look();
  }

  #unknown() {
    this.#signOut('Your session has ended. Choose your name again to go on.');
  }

  /** The user has turned to the page, or away from it. */
  #turned() {
    this.#reader.look();
    this.#painter.show();
  }

  /** The newest message of the open room, if the user has not read all that others have said there. */
  #unseen() {
    const room = this.#rooms.get(this.#room);
    const timeline = this.#conversations.get(this.#room)?.timeline;
    return room?.upTo && timeline?.loaded ? timeline.unseen(room.upTo, this.#me.id) : '';
  }

  #paint() {
    const { timeline } = this.#conversations.get(this.#room) ?? {};
    const room = this.#rooms.get(this.#room);
    this.#screen.list(this.#rooms.list(), this.#room, this.#side, { status: this.#status.now, people: (id) => this.#follows.people(id) });
    if (!timeline || !room) return;
    this.#follows.readers(room.id, room.receipts);
    this.#screen.show({
      room, timeline, known: this.#people, side: this.#side, divider: this.#reader.divider,
      people: this.#follows.people(this.#room), typists: this.#client.room(this.#room).typists,
    });
  }
}
