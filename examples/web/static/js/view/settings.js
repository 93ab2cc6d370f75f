// The dialog for the settings of the open room, and for its end.

import { confirm } from './confirm.js';
import { choice, closeDialog, field, openDialog } from './dialog.js';
import { el } from './dom.js';

const speeds = [['0', 'Off'], ['5', '5 seconds'], ['10', '10 seconds'], ['30', '30 seconds'], ['60', '1 minute'], ['300', '5 minutes'], ['3600', '1 hour']];

/** @param {import('../store/room.js').Room} room @param {import('../store/rights.js').Rights} rights @param {import('../desk.js').Desk} desk */
export function roomSettings(room, rights, desk) {
  const fixed = room.archived; // it is read, until it is opened again
  const title = el('input', { id: 'set-title', type: 'text', maxLength: 200, autocomplete: 'off', value: room.title, disabled: fixed });
  const topic = el('textarea', { id: 'set-topic', rows: 2, maxLength: 2000, value: room.topic, disabled: fixed });
  const known = speeds.some(([value]) => value === String(room.slow));
  const options = /** @type {[string, string][]} */ (known ? speeds : [...speeds, [String(room.slow), `${room.slow} seconds`]]);
  const slow = choice(options, String(room.slow), { id: 'set-slow', disabled: fixed });
  const receipts = el('input', { id: 'set-receipts', type: 'checkbox', checked: room.receipts, disabled: fixed });
  const reopen = el('button', { type: 'button', class: 'plain' }, 'Open it again');
  const archive = el('button', { type: 'button', class: 'plain', onclick: () => askArchive(room, desk) }, 'Archive');
  const erase = rights.erase && el('button', { type: 'button', class: 'plain danger', onclick: () => askErase(room, desk) }, 'Delete the room');
  openDialog({
    title: 'Room settings',
    parts: [
      fixed && el('p', {}, 'This room is archived. Open it again to change it.'),
      field('Title', title),
      field('Topic', topic),
      field('Slow mode', slow, 'How long members wait between two messages. Owners and admins do not.'),
      el(
        'label',
        { class: 'kind' },
        receipts,
        el('span', {}, el('strong', {}, 'Show who has read'), el('span', { class: 'hint' }, 'Everybody in the room sees how far the others have read.')),
      ),
      el('div', { class: 'ends' }, fixed ? reopen : archive, erase),
    ],
    action: 'Save',
    act: () => {
      const fields = {};
      if (title.value.trim() !== room.title) fields.title = title.value.trim();
      if (topic.value.trim() !== room.topic) fields.topic = topic.value.trim();
      if (Number(slow.value) !== room.slow) fields.slow_mode_s = Number(slow.value);
      if (receipts.checked !== room.receipts) fields.receipts = receipts.checked;
      return Object.keys(fields).length === 0 ? undefined : desk.change(fields);
    },
  });
  reopen.addEventListener('click', async () => {
    reopen.disabled = true;
    try {
      await desk.archive(false);
      closeDialog();
    } catch (problem) {
      /** @type {any} */ (reopen.closest('form')?.querySelector('.form-error')).textContent = problem.message;
      reopen.disabled = false;
    }
  });
}

function askArchive(room, desk) {
  confirm({
    title: `Archive ${room.name}?`,
    text: 'It can still be read, but nobody writes in it until it is opened again.',
    action: 'Archive',
    act: () => desk.archive(true),
  });
}

function askErase(room, desk) {
  confirm({
    title: `Delete ${room.name}?`,
    text: 'The room goes, for everybody, and everything that was said in it is erased. This cannot be undone.',
    action: 'Delete for everybody',
    act: () => desk.erase(),
  });
}
