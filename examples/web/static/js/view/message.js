// One message: bubble, time, reactions, and what can be done with it.

import { avatar, tint } from './avatar.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { isEmoji, parts } from './text.js';
import { inFull, timeOfDay } from './time.js';

/**
 * A message as it is to be shown: what the log says, and what is on its way.
 * @typedef {object} Shown
 * @property {import('../store/message.js').Message} message
 * @property {string} text
 * @property {boolean} own
 * @property {boolean} first of a group by one user
 * @property {boolean} last of it
 * @property {boolean} pending a command about it is on its way
 * @property {string} key of the command that posts it, while that is on its way
 * @property {string} error why it was refused
 * @property {[string, import('../store/message.js').Reaction][]} reactions
 */

/**
 * @typedef {object} Actions
 * @property {(shown: Shown, anchor: Element) => void} pick chooses a reaction
 * @property {(shown: Shown, emoji: string) => void} toggle
 * @property {(shown: Shown) => void} edit
 * @property {(shown: Shown) => void} remove
 * @property {(shown: Shown) => void} again
 * @property {(shown: Shown) => void} discard
 */

/** @param {Shown} shown @param {Actions} actions */
export function messageNode(shown, actions) {
  const { message, own, first, last, pending, error } = shown;
  const arrived = message.live && (!own || shown.key); // an own one has been there before it was confirmed
  const states = { own, first, last, pending, failed: Boolean(error), deleted: message.deleted, arrived };
  const names = Object.keys(states).filter((name) => states[name]);
  const node = el(
    'li',
    { class: ['message', ...names].join(' '), 'data-id': message.id || null, 'data-key': shown.key || null, tabIndex: -1 },
    !own && (first ? avatar(message.user) : el('span', { class: 'avatar-space' })),
    el(
      'article',
      { class: 'body', 'aria-label': `${own ? 'You' : message.user.name}, ${timeOfDay(new Date(message.at))}` },
      !own && first && el('h3', { class: 'author' }, message.user.name),
      el('div', { class: 'bubble-row' }, bubble(shown), toolbar(shown, actions)),
      reactions(shown, actions),
      error && refusal(shown, actions),
    ),
  );
  if (!own) tint(node, message.user);
  return node;
}

function bubble({ message, text, pending, error }) {
  const time = new Date(message.at);
  const meta = el(
    'span',
    { class: 'meta' },
    message.edited && !message.deleted && 'edited ',
    pending && !error && el('span', { class: 'sending' }, 'sending '),
    el('time', { dateTime: message.at, title: inFull(time) }, timeOfDay(time)),
  );
  if (message.deleted) return el('div', { class: 'bubble' }, el('p', { class: 'text' }, 'This message was deleted', meta));
  const large = isEmoji(text) && !message.edited;
  return el('div', { class: large ? 'bubble large' : 'bubble' }, el('p', { class: 'text', dir: 'auto' }, ...parts(text), meta));
}

function toolbar(shown, actions) {
  const { message, own } = shown;
  if (message.deleted || !message.id) return null;
  const tool = (name, label, act) =>
    el('button', { type: 'button', class: `tool ${name}`, title: label, 'aria-label': label, 'data-act': name, onclick: act }, icon(name));
  return el(
    'div',
    { class: 'tools' },
    tool('smile', 'React', (event) => actions.pick(shown, event.currentTarget)),
    own && tool('edit', 'Edit', () => actions.edit(shown)),
    own && tool('trash', 'Delete', (event) => confirmed(event.currentTarget, () => actions.remove(shown))),
  );
}

/** Deleting cannot be undone: the button asks, and acts when pressed again. */
function confirmed(button, act) {
  if (button.classList.contains('sure')) return act();
  const calm = () => {
    button.classList.remove('sure');
    button.setAttribute('aria-label', 'Delete');
    button.replaceChildren(icon('trash'));
  };
  button.classList.add('sure');
  button.setAttribute('aria-label', 'Delete for everyone');
  button.replaceChildren('Delete for everyone');
  button.addEventListener('blur', calm, { once: true });
  setTimeout(calm, 4_000);
}

function reactions(shown, actions) {
  if (shown.reactions.length === 0) return null;
  return el(
    'ul',
    { class: 'reactions', 'aria-label': 'Reactions' },
    ...shown.reactions.map(([emoji, { count, mine, users }]) =>
      el(
        'li',
        {},
        el(
          'button',
          {
            type: 'button',
            class: 'reaction',
            title: users.join(', '),
            'aria-pressed': String(mine),
            'aria-label': `${emoji} ${count}`,
            'data-act': `react ${emoji}`,
            onclick: () => actions.toggle(shown, emoji),
          },
          el('span', { class: 'emoji' }, emoji),
          el('span', { class: 'count' }, String(count)),
        ),
      ),
    ),
  );
}

function refusal(shown, actions) {
  return el(
    'p',
    { class: 'refusal', role: 'alert' },
    `Not sent: ${shown.error} `,
    el('button', { type: 'button', class: 'link', onclick: () => actions.again(shown) }, 'Try again'),
    el('button', { type: 'button', class: 'link', onclick: () => actions.discard(shown) }, 'Discard'),
  );
}
