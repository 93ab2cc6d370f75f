// Who is writing here: the name, the status that others see, and the id under
// which others can add the user to a room.

import { avatar } from './avatar.js';
import { field, openDialog } from './dialog.js';
import { byId, el, fill } from './dom.js';
import { dot, names, words } from './presence.js';

const longest = 140; // characters of a status text

/** @type {[string, string, string][]} */
const choices = [
  ['online', 'Online', 'You are here.'],
  ['away', 'Away', 'You are here, but may not answer at once.'],
  ['busy', 'Busy', 'You do not want to be disturbed.'],
  ['offline', 'Appear offline', 'Others do not see that you are here.'],
];

export class Me {
  #actions;
  #button;
  #shown = '';

  /**
   * @param {{id: string, name: string}} me
   * @param {{rename: () => void, status: () => {status: string, text: string}, setStatus: (fields: object) => Promise<void>}} actions
   */
  constructor(me, actions) {
    this.#actions = actions;
    this.#button = el('button', { type: 'button', class: 'status-button', 'aria-haspopup': 'dialog', onclick: () => this.#choose() });
    const rename = el('button', { type: 'button', class: 'link', onclick: () => actions.rename() }, 'Change name');
    const copy = el('button', { type: 'button', class: 'link', title: `Your id is ${me.id}. With it others can add you to a room.` }, 'Copy id');
    copy.addEventListener('click', async () => {
      const done = await navigator.clipboard?.writeText(me.id).then(() => true, () => false);
      copy.textContent = done ? 'Copied' : me.id;
      if (done) setTimeout(() => (copy.textContent = 'Copy id'), 3_000);
    });
    fill(byId('me'), avatar(me), el('div', {}, el('strong', {}, me.name), this.#button, el('span', { class: 'me-links' }, rename, copy)));
  }

  /** @param {{status: string, text: string}} status as others see it */
  show(status) {
    const text = status.status === 'offline' ? 'You appear offline' : words(status);
    if (`${status.status} ${text}` === this.#shown) return;
    this.#shown = `${status.status} ${text}`;
    this.#button.title = 'Change your status';
    fill(this.#button, dot(status.status), el('span', { class: 'sr-only' }, 'Your status: '), el('span', { class: 'status-words', dir: 'auto' }, text));
  }

  #choose() {
    const now = this.#actions.status();
    const kinds = el(
      'fieldset',
      { class: 'kinds statuses' },
      el('legend', {}, 'What others see'),
      ...choices.map(([value, name, hint]) =>
        el(
          'label',
          { class: 'kind' },
          el('input', { type: 'radio', name: 'status', value, checked: value === now.status }),
          el('span', {}, el('strong', {}, name), el('span', { class: 'hint' }, hint)),
          dot(value),
        ),
      ),
    );
    const text = el('input', { id: 'status-text', type: 'text', maxLength: longest, autocomplete: 'off', value: now.text, placeholder: 'In a meeting until noon' });
    openDialog({
      title: 'Your status',
      parts: [kinds, field('In your own words', text, 'It can be left empty.')],
      action: 'Set it',
      room: false,
      act: () => {
        const { value: status } = /** @type {any} */ (kinds.querySelector(':checked')) ?? { value: Object.keys(names)[0] };
        return this.#actions.setStatus({ status, text: text.value.trim() || undefined });
      },
    });
  }
}
