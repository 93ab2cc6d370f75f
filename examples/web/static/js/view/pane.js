// A conversation as it is read and written in: the list of messages and the
// composer below it. There is one of the room, and one of a thread.

import { byId } from './dom.js';
import { Composer } from './composer.js';
import { TimelineView } from './timeline.js';
import { TypingLine } from './typing.js';
import { showVersions } from './versions.js';

export class Pane {
  list;
  composer;
  #me;
  #typing;
  /** @type {{id: string, name: string}[]} */
  #people = [];

  /**
   * @param {{id: string, name: string}} me
   * @param {Record<'scroller' | 'list' | 'older' | 'empty' | 'pill' | 'form' | 'note' | 'reply' | 'names' | 'typing', string>} ids of its elements
   * @param {import('./palette.js').Palette} palette
   * @param {any} actions of the user, and `send`, `older`, `read` and `thread` of this pane
   */
  constructor(me, ids, palette, actions) {
    this.#me = me;
    this.#typing = new TypingLine(byId(ids.typing), byId(`${ids.typing}-said`));
    const elements = /** @type {any} */ (Object.fromEntries(Object.entries(ids).map(([part, id]) => [part, byId(id)])));
    elements.input = elements.form.querySelector('textarea');
    const toggle = ({ message }, emoji) => {
      const mine = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.mine);
      actions.react(message.id, emoji, !mine);
    };
    this.list = new TimelineView(elements, {
      me: me.id,
      pick: (shown, anchor) => palette.open(anchor, (emoji) => toggle(shown, emoji)),
      toggle,
      remove: ({ message }) => actions.remove(message.id),
      save: ({ message, names }, text) => actions.save(message.id, text, [...names, ...this.#people]),
      again: ({ message }) => actions.again(message.key),
      discard: ({ message }) => actions.discard(message.key),
      reply: ({ message }) => {
        this.composer.answer({ id: message.id, user: message.user, text: message.text });
        elements.input.focus({ preventScroll: true });
      },
      jump: actions.jump,
      thread: actions.thread,
      versions: ({ message }) => showVersions(message.id, actions.versions(message.id)),
      older: actions.older,
      refresh: actions.refresh,
      read: actions.read,
    });
    this.composer = new Composer(elements, {
      send: (text, about) => {
        actions.send(text, about);
        this.list.toEnd();
      },
      editLast: () => {
        const id = this.list.lastOwn();
        if (id) this.list.edit(id);
      },
      typing: actions.typing,
      people: () => this.#people.filter(({ id }) => id !== this.#me.id),
    });
  }

  /**
   * @param {string} place what the list belongs to
   * @param {import('../timeline.js').Timeline} timeline
   * @param {import('./shown.js').Context} context
   * @param {{id: string, name: string}[]} typists
   * @param {import('../timeline.js').Timeline} whole that of the room, also for a thread
   */
  show(place, timeline, context, typists, whole) {
    const { room, rights, known } = context;
    this.#people = nearby(room, timeline, known);
    this.list.show(place, timeline, context);
    this.#typing.show(typists);
    this.composer.refresh((id) => timeline.message(id));
    this.composer.state(blocked(room, rights), hint(room), soonest(room, whole, this.#me.id));
  }

  /** Another place is to be shown. */
  turned() {
    this.#typing.show([]);
  }
}

/** Those who can be mentioned: the members, and in a public room all who write there. */
function nearby(room, timeline, known) {
  const users = new Map([...(room.roster?.values() ?? [])].map((member) => [member.id, member]));
  if (room.kind === 'public') {
    for (const { user } of timeline.messages) if (!users.has(user.id)) users.set(user.id, known.get(user.id));
  }
  return [...users.values()];
}

/** Why nothing can be written here. */
function blocked(room, { write, muted }) {
  if (write || !room.roster) return '';
  if (room.archived) return 'This room is archived: it can be read, but nobody writes in it.';
  if (muted !== null) return muted ? `You are muted here until ${new Date(muted).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}.` : 'You are muted here.';
  return 'You cannot write here.';
}

const limited = ({ slow, role }) => slow > 0 && role !== 'owner' && role !== 'admin';

function hint(room) {
  if (room.slow === 0 || room.archived) return '';
  const often = `Slow mode: one message every ${room.slow < 120 ? `${room.slow} s` : `${Math.round(room.slow / 60)} min`}.`;
  return limited(room) ? often : `${often} It does not hold for you.`;
}

/** When slow mode lets one write again, in ms since 1970; the server's clock may differ. */
function soonest(room, timeline, me) {
  if (!limited(room)) return 0;
  const own = timeline.items.findLast(({ user }) => user?.id === me);
  if (!own) return 0;
  const until = Date.parse(own.at) + room.slow * 1000;
  return until < Date.now() ? 0 : Math.min(until, Date.now() + room.slow * 1000);
}
