// A list of messages that were looked for: each leads to its place.

import { avatar } from './avatar.js';
import { el, fill } from './dom.js';
import { marked } from './text.js';
import { briefly, inFull } from './time.js';

export class Found {
  #box;
  #jump;
  #nothing;
  #shown = '';

  /** @param {HTMLElement} box @param {(room: string, id: string) => void} jump @param {string} nothing said where there is nothing */
  constructor(box, jump, nothing) {
    this.#box = box;
    this.#jump = jump;
    this.#nothing = nothing;
  }

  /**
   * @param {import('../finder.js').Finder | null} finder
   * @param {string[]} words that are marked
   * @param {(room: string) => string} [nameOf] the name of a message's room, where they are of many
   */
  show(finder, words = [], nameOf) {
    const items = finder?.results.items ?? [];
    const shape = finder ? JSON.stringify([items, words, finder.busy, finder.error, finder.results.before, nameOf && items.map(({ room }) => nameOf(room))]) : '';
    if (shape === this.#shown) return;
    this.#shown = shape;
    if (!finder) return fill(this.#box);
    const { busy, error, results } = finder;
    const more = results.before && !busy;
    const focused = this.#box.contains(document.activeElement) ? /** @type {any} */ (document.activeElement).dataset.id : '';
    fill(
      this.#box,
      el('ul', { class: 'found-list' }, ...items.map((item) => el('li', {}, this.#item(item, words, nameOf)))),
      error && el('p', { class: 'form-error', role: 'alert' }, error),
      el('p', { class: 'hint', role: 'status' }, this.#state(finder)),
      more && el('button', { type: 'button', class: 'plain more', onclick: () => finder.more() }, items.length ? 'Show more' : 'Look further back'),
    );
    if (focused) this.#box.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #state({ busy, error, results }) {
    if (busy) return 'Looking…';
    if (error || results.items.length > 0) return '';
    return results.before ? 'Nothing in the newest messages.' : this.#nothing;
  }

  #item({ id, room, user, at, text }, words, nameOf) {
    const time = new Date(at);
    return el(
      'button',
      { type: 'button', class: 'found-item', 'data-id': id, onclick: () => this.#jump(room, id) },
      avatar(user, 'avatar small'),
      el('strong', { class: 'found-author' }, user.name),
      el('time', { class: 'found-time', dateTime: at, title: inFull(time) }, briefly(time)),
      nameOf && el('span', { class: 'found-room' }, `in ${nameOf(room)}`),
      el('span', { class: 'found-text', dir: 'auto' }, ...marked(text, words)),
    );
  }
}
