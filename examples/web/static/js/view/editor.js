// Editing a message where it stands: Enter saves, Escape leaves it as it was.

import { el } from './dom.js';

/**
 * Puts an editor in the place of a message's bubble.
 * @param {HTMLElement} node the message's element
 * @param {string} text
 * @param {(text: string | null) => void} done gets the new text, or null to leave it
 */
export function openEditor(node, text, done) {
  const row = node.querySelector('.bubble-row');
  const area = el('textarea', { class: 'edit-text', 'aria-label': 'Edit the message', value: text, rows: 1 });
  const form = el(
    'form',
    { class: 'editor', onsubmit: (event) => finish(event) },
    area,
    el(
      'div',
      { class: 'editor-buttons' },
      el('span', { class: 'hint' }, 'Enter saves · Esc cancels'),
      el('button', { type: 'button', onclick: () => done(null) }, 'Cancel'),
      el('button', { type: 'submit', class: 'primary' }, 'Save'),
    ),
  );
  const finish = (event) => {
    event.preventDefault();
    const changed = area.value.trim();
    done(changed && changed !== text ? changed : null);
  };
  area.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') done(null);
    else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) finish(event);
  });
  area.addEventListener('input', () => grow(area));
  node.classList.add('editing');
  row.replaceWith(form);
  grow(area);
  area.focus();
  area.setSelectionRange(text.length, text.length);
}

/** Makes a text area as high as its text, up to what CSS allows. */
export function grow(area) {
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}
