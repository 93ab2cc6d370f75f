// The whole screen of the chat: makes the views and passes on what the user
// does in them.

import { byId } from './dom.js';
import { Composer } from './composer.js';
import { Header } from './header.js';
import { Palette } from './palette.js';
import { People } from './people.js';
import { RoomsView } from './rooms.js';
import { TimelineView } from './timeline.js';

export class Screen {
  #me;
  #timeline;
  #rooms;
  #header;
  #people;
  #composer;

  /** @param {{id: string, name: string}} me @param {any} actions what the user can do, see Chat */
  constructor(me, actions) {
    this.#me = me;
    const palette = new Palette();
    this.#timeline = new TimelineView({
      pick: (shown, anchor) => palette.open(anchor, (emoji) => toggle(shown, emoji)),
      toggle: (shown, emoji) => toggle(shown, emoji),
      remove: ({ message }) => actions.remove(message.id),
      save: actions.save,
      again: ({ key }) => actions.again(key),
      discard: ({ key }) => actions.discard(key),
      older: actions.older,
      refresh: actions.refresh,
      read: actions.read,
    });
    const toggle = ({ message, reactions }, emoji) => {
      const mine = reactions.some(([other, reaction]) => other === emoji && reaction.mine);
      actions.react(message.id, emoji, !mine);
    };
    this.#composer = new Composer({
      send: (text) => {
        actions.send(text);
        this.#timeline.toEnd();
      },
      editLast: () => {
        const id = this.#timeline.lastOwn();
        if (id) this.#timeline.edit(id);
      },
    });
    this.#rooms = new RoomsView(actions);
    this.#header = new Header(actions.hurry);
    this.#people = new People(actions);
    this.#rooms.showMe(me);
    byId('chat').hidden = false;
  }

  /** Whether the newest messages are before the user's eyes. */
  get looking() {
    return this.#timeline.atEnd && !document.hidden;
  }

  /** The user has turned to a room. */
  opened(room) {
    this.#composer.open(room);
    this.#composer.focus();
  }

  /**
   * @param {string} room
   * @param {import('../store/timeline.js').Timeline} timeline
   * @param {import('../outbox.js').Command[]} commands
   * @param {import('../store/rooms.js').Rooms} rooms
   */
  show(room, timeline, commands, rooms) {
    const list = rooms.list();
    this.#timeline.show(room, timeline, commands, this.#me);
    this.#rooms.show(list, room);
    this.#people.count(rooms.get(room)?.members ?? 0);
    this.#header.room(room, timeline, list.reduce((sum, { unread }) => sum + unread, 0));
  }

  connection(state) {
    this.#header.connection(state);
  }

  note(text) {
    this.#composer.note(text);
  }
}
