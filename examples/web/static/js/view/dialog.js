// The one dialog of the page: a heading, what is asked, and the buttons. The
// browser keeps the focus in it and closes it with Escape.

import { byId, el, fill } from './dom.js';

/** @returns {any} */
const dialog = () => byId('dialog');

/**
 * Opens the dialog. act is called when it is confirmed, and the dialog closes
 * unless that fails: then it says why and stays. An act may return false to
 * keep it open.
 * @param {{title: string, parts: (Node | false | null)[], action: string, danger?: boolean, act: () => Promise<any> | any, room?: boolean}} content
 *   room says that it is about the open room, and closes with it
 */
export function openDialog({ title, parts, action, danger = false, act, room = true }) {
  const box = dialog();
  const error = el('p', { class: 'form-error', role: 'alert' });
  const submit = el('button', { type: 'submit', class: danger ? 'primary danger' : 'primary' }, action);
  const form = el(
    'form',
    { class: 'dialog-form' },
    el('h2', { id: 'dialog-title' }, title),
    ...parts,
    error,
    el('div', { class: 'dialog-buttons' }, el('button', { type: 'button', class: 'plain', onclick: () => box.close() }, 'Cancel'), submit),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    error.textContent = '';
    try {
      if ((await act()) !== false && form.isConnected) box.close();
    } catch (problem) {
      error.textContent = problem.message;
    }
    submit.disabled = false;
  });
  show(box, room, form);
  (form.querySelector('input, textarea, select') ?? submit).focus();
}

/** Opens the dialog to show something. @param {string} title @param {...Node} parts */
export function openSheet(title, ...parts) {
  const box = dialog();
  const close = el('button', { type: 'button', class: 'primary', onclick: () => box.close() }, 'Close');
  show(box, true, el('div', { class: 'dialog-form' }, el('h2', { id: 'dialog-title' }, title), ...parts, el('div', { class: 'dialog-buttons' }, close)));
  close.focus();
}

/** Closes the dialog if it is about the open room. */
export function closeRoomDialog() {
  const box = dialog();
  if (box.open && box.dataset.room === 'true') box.close();
}

export function closeDialog() {
  dialog().close();
}

function show(box, room, content) {
  box.dataset.room = String(room);
  fill(box, content);
  box.onclose = () => {
    if (!box.open) fill(box); // nothing of it stays in the page; it may be open again by now
  };
  box.onclick = (event) => {
    if (event.target === box) box.close(); // beside it
  };
  if (!box.open) box.showModal();
}

let last = 0;

/** A field with its label. @param {string} label @param {any} control @param {string} [hint] */
export function field(label, control, hint = '') {
  control.id ||= `field-${++last}`;
  control.classList.add('field');
  return el('div', { class: 'field-row' }, el('label', { htmlFor: control.id }, label), control, hint && el('p', { class: 'hint' }, hint));
}

/** A choice of one. @param {[string, string][]} options values and texts */
export function choice(options, value, properties = {}) {
  const select = el('select', properties, ...options.map(([of, text]) => el('option', { value: of }, text)));
  select.value = value;
  return select;
}
