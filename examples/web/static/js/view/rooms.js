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
   * @param {{open: (room: string) => void, rename: () => void, looked: () => void}} actions
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
    byId('room-form').querySelector('button').append(icon('plus'));
    byId('room-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#typed(actions.open);
    });
    byId('room-name').addEventListener('input', () => (byId('room-error').textContent = ''));
    this.#actions = actions;
    this.#drawer(false);
  }

  /** Shows the rooms, the open one marked. */
  show(rooms, open) {
    const shape = JSON.stringify([rooms, open, new Date().toDateString()]);
    if (shape === this.#shown) return;
    this.#shown = shape;
    const focused = /** @type {any} */ (document.activeElement)?.dataset?.room;
    fill(this.#list, ...rooms.map((room) => el('li', {}, entry(room, room.id === open))));
    if (focused) this.#list.querySelector(`[data-room="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Shows who is writing here. */
  showMe(me) {
    const change = el('button', { type: 'button', class: 'link', onclick: () => this.#actions.rename() }, 'Change name');
    fill(byId('me'), avatar(me), el('div', {}, el('strong', {}, me.name), change));
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
    this.#choose(name, open);
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

function entry({ id, at, last, unread }, current) {
  return el(
    'button',
    { type: 'button', class: 'room', 'data-room': id, 'aria-current': current ? 'page' : null },
    el('span', { class: 'room-mark', 'aria-hidden': 'true' }, '#'),
    el('span', { class: 'room-name' }, id),
    at && el('time', { class: 'room-time', dateTime: at }, briefly(new Date(at))),
    el('span', { class: 'room-last' }, last?.text ? `${last.name}: ${last.text}` : ''),
    unread > 0 && el('span', { class: 'badge', 'aria-label': `${unread} unread` }, unread > 99 ? '99+' : String(unread)),
  );
}
