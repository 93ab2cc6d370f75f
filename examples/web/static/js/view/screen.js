// The whole screen of the chat: makes the views and passes on what the user
// does in them.

import { presenceOf } from '../store/presence.js';
import { rightsIn } from '../store/rights.js';
import { listen } from './buttons.js';
import { Connection } from './connection.js';
import { closeRoomDialog } from './dialog.js';
import { byId } from './dom.js';
import { Found } from './found.js';
import { Header } from './header.js';
import { Members } from './members.js';
import { Me } from './me.js';
import { showNotice } from './notice.js';
import { Palette } from './palette.js';
import { Pane } from './pane.js';
import { Panel } from './panel.js';
import { RoomsView } from './rooms.js';
import { forgetVersions } from './versions.js';

const ofRoom = {
  scroller: 'scroller', list: 'timeline', older: 'older', empty: 'empty', pill: 'pill',
  form: 'composer', note: 'composer-note', reply: 'reply', names: 'names', typing: 'typing',
};
const ofThread = {
  scroller: 'thread-scroller', list: 'thread', older: 'thread-older', empty: 'thread-empty', pill: 'thread-pill',
  form: 'thread-composer', note: 'thread-note', reply: 'thread-reply', names: 'thread-names', typing: 'thread-typing',
};

export class Screen {
  #me;
  #actions;
  #main;
  #thread;
  #rooms;
  #header;
  #connection;
  #members;
  #meView;
  #panel;
  #search;
  #mentions;
  #room = '';
  /** @type {any} what was shown last, see show */
  #state = null;

  /** @param {{id: string, name: string}} me @param {any} actions what the user can do, see actions.js */
  constructor(me, actions) {
    this.#me = me;
    this.#actions = actions;
    const palette = new Palette();
    const jump = (id) => actions.jump(this.#room, id);
    const thread = (root) => void this.thread(root);
    this.#main = new Pane(me, ofRoom, palette, { ...actions, jump, thread });
    this.#thread = new Pane(me, ofThread, palette, {
      ...actions, jump, thread,
      send: (text, about) => actions.send(text, { ...about, thread: this.#state?.side.thread?.root }),
      older: actions.olderReplies,
      read: () => {},
    });
    this.#panel = new Panel(() => this.#panelClosed());
    const far = (room, id) => {
      if (matchMedia('(max-width: 760px)').matches) this.#panel.close(); // it covers the place
      actions.jump(room, id);
    };
    this.#search = new Found(byId('search-found'), far, 'Nothing has been found.');
    this.#mentions = new Found(byId('mentions-found'), far, 'Nobody has mentioned you yet.');
    this.#rooms = new RoomsView(actions);
    this.#connection = new Connection(actions.hurry);
    this.#header = new Header(this.#connection);
    this.#members = new Members(me, actions);
    this.#meView = new Me(me, actions);
    listen(this.#panel, { me, actions, state: () => this.#state, drawer: () => this.#rooms.close() });
    byId('chat').hidden = false;
  }

  /** Whether the newest messages are before the user's eyes. */
  get looking() {
    return this.#main.list.atEnd && !document.hidden;
  }

  /** Whether they are, and the user is there. */
  get reading() {
    const covered = this.#panel.kind !== '' && matchMedia('(max-width: 760px)').matches;
    return this.looking && !covered && document.hasFocus();
  }

  /** The user has turned to a room. */
  opened(room, name) {
    if (room !== this.#room) {
      closeRoomDialog();
      if (this.#panel.kind === 'thread' || this.#panel.kind === 'search') this.#panel.close();
      this.#members.clear();
      this.#main.turned();
      if (this.#panel.kind === 'members') this.#actions.look();
    }
    this.#room = room;
    byId('room-tools').hidden = false;
    this.#main.composer.open(room);
    this.#main.composer.placeholder(`Message ${name}`);
    this.#main.composer.focus();
  }

  /**
   * Shows the list of rooms, and what is open of all rooms.
   * @param {import('../store/room.js').Room[]} rooms @param {string} open @param {import('../side.js').Side} side
   * @param {{status: {status: string, text: string}, people: (room: string) => import('@roomlog/chat/people').People | undefined}} now
   *   how others see the user, and who is in a room
   */
  list(rooms, open, side, now) {
    const status = ({ id, kind, roster }) => {
      const presence = kind === 'direct' && presenceOf(now.people(id));
      const other = presence && [...(roster?.keys() ?? [])].find((user) => user !== this.#me.id);
      return other ? presence.get(other)?.status ?? 'offline' : '';
    };
    const { reading } = this;
    this.#rooms.show(rooms, { open, reading, status });
    this.#meView.show(now.status);
    const unread = rooms.filter(({ id }) => !(reading && id === open));
    this.#header.unread(unread.reduce((sum, room) => sum + room.unread, 0), unread.some(({ more }) => more));
    const nameOf = (id) => rooms.find((other) => other.id === id)?.name ?? id;
    if (this.#panel.kind === 'mentions') this.#mentions.show(side.mentions, [], nameOf);
  }

  /**
   * Shows the open room as it is now.
   * @param {{room: import('../store/room.js').Room, timeline: import('../timeline.js').Timeline, known: import('../store/people.js').People,
   *   side: import('../side.js').Side, people: import('@roomlog/chat/people').People | undefined, typists: readonly {id: string, name: string}[],
   *   divider: string}} state
   */
  show(state) {
    const { room, timeline, known, side, people, typists, divider } = state;
    const rights = rightsIn(room, this.#me.id);
    this.#state = { ...state, rights };
    const context = { me: this.#me, rights, known, room, divider: '', readers: null };
    this.#main.show(room.id, timeline, { ...context, divider, readers: room.receipts ? people : null }, typists, timeline);
    this.#main.composer.placeholder(`Message ${room.name}`);
    const presence = presenceOf(people);
    this.#members.count(room.members, presence?.count);
    this.#header.room(room, timeline, rights);
    if (this.#panel.kind === 'members') this.#members.show(room, rights, presence);
    if (this.#panel.kind === 'search') this.#search.show(side.search, side.words.split(/\s+/).filter(Boolean));
    if (this.#panel.kind === 'thread') this.#showThread(side, context, typists, timeline);
    for (const { id, deleted } of timeline.messages) if (deleted) forgetVersions(id);
  }

  /** Opens a thread at the side. */
  async thread(root) {
    this.#panel.open('thread');
    this.#thread.composer.open(root);
    await this.#actions.openThread(root);
  }

  /** Brings a message before the user's eyes, in the room or in the open thread. */
  jump(id) {
    if (this.#panel.kind === 'thread' && this.#thread.list.jump(id)) return;
    this.#main.list.jump(id);
  }

  /** A room is gone: nothing that was begun there stays. */
  gone(room) {
    this.#main.composer.drop(room);
    if (room !== this.#room) return;
    closeRoomDialog();
    if (this.#panel.kind && this.#panel.kind !== 'mentions') this.#panel.close();
    this.#thread.list.empty();
    this.#members.clear();
  }

  /** No room is open. */
  empty() {
    this.#room = '';
    this.#state = null;
    this.#main.turned();
    this.#main.list.empty('You are in no room. Choose one, or make one.');
    this.#main.composer.open('');
    this.#main.composer.state('', '', 0);
    byId('composer').hidden = true;
    byId('room-tools').hidden = true;
    this.#header.none();
  }

  connection(state) {
    this.#connection.state(state);
  }

  /** Tells something for a few seconds. */
  note(text) {
    this.#main.composer.note(text);
  }

  /** Tells something that stays until it was read. */
  notice(text) {
    showNotice(text);
  }

  #showThread({ thread, error }, context, typists, whole) {
    if (!thread) return;
    if (byId('thread-error').textContent !== error) byId('thread-error').textContent = error;
    this.#thread.show(`${thread.room} ${thread.root}`, thread.timeline, context, typists, whole);
    this.#thread.composer.placeholder('Reply in the thread');
  }

  #panelClosed() {
    this.#actions.closePanel();
    this.#actions.read();
    this.#search.show(null);
    this.#mentions.show(null);
    this.#thread.list.empty();
    byId('search-words').value = '';
    this.#actions.refresh();
  }
}
