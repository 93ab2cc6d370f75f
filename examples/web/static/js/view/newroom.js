// The dialog that makes a room.

import { newKey } from '@roomlog/chat';
import { avatar } from './avatar.js';
import { field, openDialog } from './dialog.js';
import { el, fill } from './dom.js';
import { icon } from './icons.js';
import { picker } from './picker.js';

/** @param {{known: () => {id: string, name: string}[], me: {id: string}, create: (fields: object, key: string) => Promise<void>}} options */
export function newRoom({ known, me, create }) {
  const key = newKey(); // pressed twice, it is still one room
  const members = new Map();
  const kind = (value, checked, title, text) => {
    const radio = el('input', { type: 'radio', name: 'kind', value, checked });
    return el('label', { class: 'kind' }, radio, el('span', {}, el('strong', {}, title), el('span', { class: 'hint' }, text)));
  };
  const kinds = el(
    'fieldset',
    { class: 'kinds' },
    el('legend', {}, 'Who may come in'),
    kind('public', true, 'Public', 'Everybody finds it, reads and writes.'),
    kind('private', false, 'Private', 'Members alone; to all others it is not there.'),
  );
  const title = el('input', { id: 'new-title', type: 'text', maxLength: 200, autocomplete: 'off', required: true });
  const topic = el('input', { id: 'new-topic', type: 'text', maxLength: 2000, autocomplete: 'off' });
  const chosen = el('ul', { class: 'chosen', 'aria-label': 'Chosen members' });
  const people = picker({
    label: 'Add a member',
    known: () => known().filter(({ id }) => id !== me.id && !members.has(id)),
    choose: (user) => {
      members.set(user.id, user);
      show();
    },
  });
  const show = () => {
    const drop = (id) => {
      members.delete(id);
      show();
      people.refresh();
      people.input.focus();
    };
    const chip = (user) =>
      el('li', { class: 'chip' }, avatar({ ...user, name: user.name || '#' }, 'avatar small'), el('span', {}, user.name || user.id),
        el('button', { type: 'button', 'aria-label': `Without ${user.name || user.id}`, onclick: () => drop(user.id) }, icon('close')));
    fill(chosen, ...[...members.values()].map(chip));
  };
  openDialog({
    title: 'New room',
    parts: [
      field('Title', title),
      field('Topic', topic, 'What it is about. It can be left empty.'),
      kinds,
      el('div', { class: 'field-row' }, el('span', { class: 'label' }, 'Members beside you'), chosen, people.node),
    ],
    action: 'Make the room',
    room: false,
    act: () => {
      const of = /** @type {any} */ (kinds.querySelector(':checked')).value;
      const users = [...members.values()].map(({ id, name }) => (name ? { id, name } : { id }));
      return create({ kind: of, title: title.value.trim(), topic: topic.value.trim() || undefined, members: users.length ? users : undefined }, key);
    },
  });
}
