// Who is a member of the room, and the way out of it.

import { avatar } from './avatar.js';
import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';

export class People {
  #button = byId('people-button');
  #popover = byId('people');
  #actions;

  /** @param {{members: () => Promise<{id: string, name: string}[]>, leave: () => void}} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#popover.addEventListener('toggle', (event) => event.newState === 'open' && this.#fill());
  }

  /** @param {number} members */
  count(members) {
    const text = members === 1 ? '1 member' : `${members} members`;
    if (this.#button.getAttribute('aria-label') === text) return;
    this.#button.setAttribute('aria-label', text);
    this.#button.title = text;
    fill(this.#button, icon('people'), el('span', {}, String(members)));
  }

  async #fill() {
    const leave = () => {
      this.#popover.hidePopover();
      this.#actions.leave();
    };
    const way = el('button', { type: 'button', class: 'leave', onclick: leave }, icon('leave'), 'Leave this room');
    fill(this.#popover, el('p', { class: 'hint' }, 'Loading…'), way);
    const members = await this.#actions.members().catch(() => null);
    const list = members
      ? el('ul', {}, ...members.map((member) => el('li', {}, avatar(member, 'avatar small'), el('span', {}, member.name))))
      : el('p', { class: 'hint' }, 'The list cannot be loaded now.');
    fill(this.#popover, el('h2', {}, 'Members'), list, way);
  }
}
