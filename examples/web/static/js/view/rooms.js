// The list of rooms, which on a phone is a drawer: those of the user by their last
// activity, and other public ones. While somebody points at the list, everything
// in it stays where it is.

import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { dot, names, number } from './presence.js';
import { briefly } from './time.js';

const roomId = /^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$/;

/**
 * What is shown of a room beside itself.
 * @typedef {object} Looks
 * @property {string} open id of the room that is open
 * @property {boolean} reading it is being read, so nothing in it is unread
 * @property {(room: import('../store/room.js').Room) => string} status of the other one in a direct room, or nothing
 */

export class RoomsView {
  #sidebar = byId('sidebar');
  #own = byId('rooms');
  #others = byId('other-rooms');
  #button = byId('open-rooms');
  #narrow = matchMedia('(max-width: 760px)');
  #nodes = new Map(); // room -> {node, shape}
  #order = new Map(); // room -> its place when the list was last put in order
  #pointed = false;
  /** @type {[import('../store/room.js').Room[], Looks] | null} what was shown last */
  #shown = null;

  /**
   * @param {{open: (room: string, create?: boolean) => void, looked: () => void}} actions
   *   looked is called when other public rooms are to be looked for
   */
  constructor(actions) {
    this.#button.append(icon('menu'));
    byId('close-rooms').append(icon('close'));
    this.#button.addEventListener('click', () => {
      this.#drawer(true);
      actions.looked();
    });
    for (const id of ['close-rooms', 'backdrop']) byId(id).addEventListener('click', () => this.#drawer(false));
    this.#sidebar.addEventListener('keydown', (event) => event.key === 'Escape' && this.#drawer(false));
    this.#narrow.addEventListener('change', () => this.#drawer(false));
    const lists = byId('room-lists');
    lists.addEventListener('click', (event) => {
      const button = event.target.closest('button[data-room]');
      if (button) this.#choose(button.dataset.room, actions.open);
    });
    lists.addEventListener('pointerover', ({ pointerType }) => (this.#pointed = pointerType === 'mouse'));
    for (const name of ['pointerleave', 'focusout']) {
      lists.addEventListener(name, () => {
        if (name === 'pointerleave') this.#pointed = false;
        setTimeout(() => this.#shown && this.show(...this.#shown));
      });
    }
    byId('look-rooms').append(icon('again'));
    byId('look-rooms').addEventListener('click', () => actions.looked());
    byId('room-form').querySelector('button').append(icon('enter'));
    byId('room-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#typed(actions.open);
    });
    byId('room-name').addEventListener('focus', () => actions.looked());
    byId('room-name').addEventListener('input', () => (byId('room-error').textContent = ''));
    this.#drawer(false);
  }

  /** Shows the rooms, the open one marked. @param {import('../store/room.js').Room[]} rooms by last activity @param {Looks} looks */
  show(rooms, looks) {
    this.#shown = [rooms, looks];
    if (this.#held) rooms = rooms.toSorted((a, b) => this.#place(a) - this.#place(b));
    else this.#order = new Map(rooms.map(({ id }, i) => [id, i]));
    const other = ({ id, role }) => role === '' && id !== looks.open;
    for (const id of this.#nodes.keys()) if (!rooms.some((room) => room.id === id)) this.#nodes.delete(id);
    const [own, others] = [rooms.filter((room) => !other(room)), rooms.filter(other)];
    arrange(this.#own, own.map((room) => this.#node(room, looks)));
    arrange(this.#others, others.map((room) => this.#node(room, looks)));
    byId('no-other-rooms').hidden = others.length > 0;
    this.#announce(own, looks);
  }

  /** Says on the button that opens the drawer that something in it is unread. */
  #announce(rooms, { open }) {
    const news = rooms.some(({ id, unread, fresh }) => id !== open && (unread > 0 || fresh));
    if (news === this.#button.classList.contains('news')) return;
    this.#button.classList.toggle('news', news);
    this.#button.setAttribute('aria-label', news ? 'Show the rooms: there is something new' : 'Show the rooms');
    fill(this.#button, icon('menu'), news && el('span', { class: 'dot', 'aria-hidden': 'true' }));
  }

  /** Closes the drawer. */
  close() {
    this.#drawer(false);
  }

  /** Whether somebody is about to choose a room. */
  get #held() {
    if (this.#narrow.matches) return document.body.classList.contains('drawer-open');
    return this.#pointed || Boolean(byId('room-lists').querySelector(':focus-visible'));
  }

  /** Where a room stood; one that is new comes last. */
  #place({ id }) {
    return this.#order.get(id) ?? this.#order.size;
  }

  /** The element of a room: the one that is there, whatever it shows now. */
  #node(room, looks) {
    const entry = entryOf(room, looks);
    const shape = JSON.stringify([entry, new Date().toDateString()]);
    if (!this.#nodes.has(room.id)) {
      const button = el('button', { type: 'button', 'data-room': room.id });
      this.#nodes.set(room.id, { node: el('li', {}, button), shape: '' });
    }
    const known = this.#nodes.get(room.id);
    if (known.shape !== shape) paint(known.node.firstElementChild, entry);
    known.shape = shape;
    return known.node;
  }

  #choose(room, open) {
    this.#drawer(false);
    open(room);
  }

  #typed(open) {
    const input = byId('room-name');
    const name = input.value.trim().replace(/^#/, '').replace(/\s+/g, '-');
    if (name === '') return;
    if (!roomId.test(name)) {
      byId('room-error').textContent = 'A room name has letters, digits, dots and dashes, up to 128.';
      return;
    }
    input.value = '';
    this.#choose(name, (room) => open(room, true));
  }

  #drawer(open) {
    const was = document.body.classList.contains('drawer-open');
    document.body.classList.toggle('drawer-open', open);
    this.#sidebar.inert = this.#narrow.matches && !open;
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) this.#own.querySelector('[aria-current]')?.focus();
    else if (was && this.#narrow.matches) this.#button.focus();
  }
}

/** Puts elements into a list in an order, and moves only those that must be. */
function arrange(list, nodes) {
  for (const node of [...list.children]) if (!nodes.includes(node)) node.remove();
  let next = list.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else move(list, node, next);
  }
}

/** An element that is moved loses the focus. */
function move(list, node, next) {
  const active = /** @type {any} */ (document.activeElement);
  const had = node.contains(active);
  list.insertBefore(node, next);
  if (had) active.focus({ preventScroll: true });
}

/** All that decides how a room looks. */
function entryOf(room, { open, reading, status }) {
  const { id, name, kind, archived, at, last, more, fresh } = room;
  const current = id === open;
  const unread = current && reading ? 0 : room.unread;
  const mentioned = unread > 0 && room.mentioned > 0;
  return { name, kind, archived, at, last: last && `${last.name}: ${last.text}`, said: Boolean(last?.text), unread, more, mentioned, fresh, current, status: status(room) };
}

function paint(button, { name, kind, archived, at, last, said, unread, more, mentioned, fresh, current, status }) {
  button.className = ['room', archived && 'archived', (unread > 0 || fresh) && 'news'].filter(Boolean).join(' ');
  button.dataset.kind = kind;
  if (current) button.setAttribute('aria-current', 'page');
  else button.removeAttribute('aria-current');
  const mark = kind === 'private' ? icon('lock') : kind === 'direct' ? icon('person') : '#';
  const kinds = { private: 'private room', direct: `direct message${status ? `, ${names[status]}` : ''}`, public: '' };
  fill(
    button,
    el('span', { class: 'room-mark', 'aria-hidden': 'true' }, mark, status && dot(status)),
    el('span', { class: 'room-name' }, name, kinds[kind] && el('span', { class: 'sr-only' }, `, ${kinds[kind]}`)),
    at && el('time', { class: 'room-time', dateTime: at }, briefly(new Date(at))),
    el('span', { class: 'room-last' }, archived ? 'Archived' : said ? last : ''),
    badge(unread, more, mentioned, fresh),
  );
}

function badge(unread, more, mentioned, fresh) {
  if (unread === 0) return fresh && el('span', { class: 'badge', 'aria-label': 'You have been added' }, 'New');
  const count = number(unread, more);
  const label = mentioned ? `${count} unread, you are mentioned` : `${count} unread`;
  return el('span', { class: mentioned ? 'badge mentioned' : 'badge', 'aria-label': label }, mentioned ? `@ ${count}` : count);
}
