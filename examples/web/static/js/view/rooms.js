// The list of rooms, which on a phone is a drawer.

import { avatar } from './avatar.js';
import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { briefly } from './time.js';

const roomId = /^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$/;

export class RoomsView {
  #sidebar = byId('sidebar');
  #list = byId('rooms');
  #button = byId('open-rooms');
  #narrow = matchMedia('(max-width: 760px)');
  #shown = '';
  #actions;

  /**
   * @param {{open: (room: string, create?: boolean) => void, rename: () => void, looked: () => void}} actions
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
    this.#list.addEventListener('click', (event) => {
      const button = event.target.closest('button[data-room]');
      if (button) this.#choose(button.dataset.room, actions.open);
    });
    byId('room-form').querySelector('button').append(icon('enter'));
    byId('room-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#typed(actions.open);
    });
    byId('room-name').addEventListener('input', () => (byId('room-error').textContent = ''));
    this.#actions = actions;
    this.#drawer(false);
  }

  /** Shows the rooms, the open one marked. @param {import('../store/room.js').Room[]} rooms */
  show(rooms, open) {
    const looks = rooms.map(({ id, name, kind, archived, at, last, unread, mentioned }) => [id, name, kind, archived, at, last, unread, mentioned]);
    const shape = JSON.stringify([looks, open, new Date().toDateString()]);
    if (shape === this.#shown) return;
    this.#shown = shape;
    const focused = /** @type {any} */ (document.activeElement)?.dataset?.room;
    fill(this.#list, ...rooms.map((room) => el('li', {}, entry(room, room.id === open))));
    if (focused) this.#list.querySelector(`[data-room="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Shows who is writing here, with the id under which others can add them. */
  showMe(me) {
    const change = el('button', { type: 'button', class: 'link', onclick: () => this.#actions.rename() }, 'Change name');
    const copy = el('button', { type: 'button', class: 'link', title: `Your id is ${me.id}. With it others can add you to a room.` }, 'Copy id');
    copy.addEventListener('click', async () => {
      const done = await navigator.clipboard?.writeText(me.id).then(() => true, () => false);
      copy.textContent = done ? 'Copied' : me.id;
      if (done) setTimeout(() => (copy.textContent = 'Copy id'), 3_000);
    });
    fill(byId('me'), avatar(me), el('div', {}, el('strong', {}, me.name), el('span', { class: 'me-links' }, change, copy)));
  }

  /** Closes the drawer. */
  close() {
    this.#drawer(false);
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
    if (open) this.#list.querySelector('[aria-current]')?.focus();
    else if (was && this.#narrow.matches) this.#button.focus();
  }
}

function entry({ id, name, kind, archived, at, last, unread, mentioned }, current) {
  const mark = kind === 'private' ? icon('lock') : kind === 'direct' ? icon('person') : '#';
  const kinds = { private: 'private room', direct: 'direct message', public: '' };
  const count = unread > 99 ? '99+' : String(unread);
  return el(
    'button',
    { type: 'button', class: archived ? 'room archived' : 'room', 'data-room': id, 'data-kind': kind, 'aria-current': current ? 'page' : null },
    el('span', { class: 'room-mark', 'aria-hidden': 'true' }, mark),
    el('span', { class: 'room-name' }, name, kinds[kind] && el('span', { class: 'sr-only' }, `, ${kinds[kind]}`)),
    at && el('time', { class: 'room-time', dateTime: at }, briefly(new Date(at))),
    el('span', { class: 'room-last' }, archived ? 'Archived' : last?.text ? `${last.name}: ${last.text}` : ''),
    unread > 0 && el('span', { class: 'badge', 'aria-label': mentioned ? `${unread} unread, you are mentioned` : `${unread} unread` }, mentioned ? `@ ${count}` : count),
  );
}
