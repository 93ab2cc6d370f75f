// One message: bubble, time, reactions, and what can be done with it.

import { avatar, tint } from './avatar.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { isEmoji, parts } from './text.js';
import { inFull, timeOfDay } from './time.js';

const listed = 3; // names of those who have read a message

/**
 * A message as it is to be shown: what the log says, and what is on its way.
 * @typedef {object} Shown
 * @property {import('@roomlog/chat').Message} message
 * @property {string} text
 * @property {boolean} stored it has its id; without that it goes by the key that it is sent with
 * @property {boolean} live it has come while the user was looking
 * @property {boolean} own
 * @property {boolean} first of a group by one user
 * @property {boolean} last of it
 * @property {boolean} pending it is on its way, or a change of it
 * @property {string} error why it was refused
 * @property {import('../store/rights.js').Rights} rights
 * @property {{id: string, name: string}[]} names of those whom it mentions
 * @property {boolean} toMe it mentions the user
 * @property {boolean} inThread it is shown in its thread
 * @property {{id: string, user: {id: string, name: string} | null, text: string, deleted?: boolean} | null} parent what it answers
 * @property {boolean} fresh it is the first that is new to the user
 * @property {string[]} seen names of those who have read it, where that is told
 * @property {string} root of the thread that it belongs to and is not shown in
 */

/**
 * @typedef {object} Actions
 * @property {(shown: Shown, anchor: Element) => void} pick chooses a reaction
 * @property {(shown: Shown, emoji: string) => void} toggle
 * @property {(shown: Shown) => void} edit
 * @property {(shown: Shown) => void} remove
 * @property {(shown: Shown) => void} again
 * @property {(shown: Shown) => void} discard
 * @property {(shown: Shown) => void} reply
 * @property {(root: string) => void} thread opens it at the side
 * @property {(id: string) => void} jump goes to a message
 * @property {(shown: Shown) => void} versions shows what it said before
 * @property {string} me id of the user
 */

/** @param {Shown} shown @param {Actions} actions */
export function messageNode(shown, actions) {
  const { message, own, first, last, pending, error, stored, live: arrived } = shown;
  const states = { own, first, last, pending, failed: Boolean(error), deleted: message.deleted, arrived, 'to-me': shown.toMe };
  const names = Object.keys(states).filter((name) => states[name]);
  const node = el(
    'li',
    { class: ['message', ...names].join(' '), 'data-id': stored && message.id, tabIndex: -1 },
    !own && (first ? avatar(message.user) : el('span', { class: 'avatar-space' })),
    el(
      'article',
      { class: 'body', 'aria-label': `${own ? 'You' : message.user.name}, ${timeOfDay(new Date(message.at))}` },
      !own && first && el('h3', { class: 'author' }, message.user.name),
      el('div', { class: 'bubble-row' }, bubble(shown, actions), toolbar(shown, actions)),
      reactions(shown, actions),
      thread(shown, actions),
      seenBy(shown.seen),
      error && refusal(shown, actions),
    ),
  );
  if (!own) tint(node, message.user);
  return node;
}

function bubble(shown, actions) {
  const { message, text, pending, error, names } = shown;
  const time = new Date(message.at);
  const meta = el(
    'span',
    { class: 'meta' },
    message.edited_at && !message.deleted &&
      el('button', { type: 'button', class: 'edited', title: 'Show what it said before', 'data-act': 'edited', onclick: () => actions.versions(shown) }, 'edited'),
    pending && !error && el('span', { class: 'sending' }, 'sending '),
    el('time', { dateTime: message.at, title: inFull(time) }, timeOfDay(time)),
  );
  if (message.deleted) return el('div', { class: 'bubble' }, el('p', { class: 'text' }, 'This message was deleted', meta));
  const large = isEmoji(text) && !message.edited_at && !shown.parent;
  return el(
    'div',
    { class: large ? 'bubble large' : 'bubble' },
    quote(shown, actions),
    el('p', { class: 'text', dir: 'auto' }, ...parts(text, names, actions.me), meta),
  );
}

/** What a message answers, and the way to it. */
function quote({ parent, root }, actions) {
  if (!parent && !root) return null;
  if (!parent) return el('button', { type: 'button', class: 'quote', 'data-act': 'quote', onclick: () => actions.thread(root) }, 'In a thread');
  const text = parent.deleted ? 'This message was deleted' : parent.text || 'An earlier message';
  return el(
    'button',
    { type: 'button', class: 'quote', title: 'Go to this message', 'data-act': 'quote', onclick: () => actions.jump(parent.id) },
    el('span', { class: 'sr-only' }, 'In reply to '),
    parent.user && el('strong', {}, parent.user.name),
    el('span', { class: parent.deleted ? 'quote-text gone' : 'quote-text', dir: 'auto' }, text),
  );
}

function toolbar(shown, actions) {
  const { message, own, rights, inThread, stored } = shown;
  if (message.deleted || !stored) return null;
  const tool = (name, label, act) =>
    el('button', { type: 'button', class: `tool ${name}`, title: label, 'aria-label': label, 'data-act': name, onclick: act }, icon(name));
  const tools = [
    rights.write && tool('smile', 'React', (event) => actions.pick(shown, event.currentTarget)),
    rights.write && tool('reply', 'Reply', () => actions.reply(shown)),
    !inThread && (rights.write || message.replies > 0) && tool('thread', 'Open the thread', () => actions.thread(message.id)),
    rights.write && own && tool('edit', 'Edit', () => actions.edit(shown)),
    (own || rights.leads) && tool('trash', 'Delete', (event) => confirmed(event.currentTarget, () => actions.remove(shown))),
  ].filter(Boolean);
  return tools.length > 0 && el('div', { class: 'tools' }, ...tools);
}

/** How many have answered. */
function thread({ message, inThread }, actions) {
  if (!message.replies || inThread || message.deleted) return null;
  const text = message.replies === 1 ? '1 reply' : `${message.replies} replies`;
  return el('button', { type: 'button', class: 'replies', 'data-act': 'replies', onclick: () => actions.thread(message.id) }, icon('thread'), text);
}

/** Who has read a message. @param {string[]} names */
function seenBy(names) {
  if (names.length === 0) return null;
  const more = names.length - listed;
  const text = names.slice(0, listed).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return el('p', { class: 'seen', title: names.join(', ') }, `Seen by ${text}`);
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
  const list = shown.message.reactions;
  if (list.length === 0) return null;
  return el(
    'ul',
    { class: 'reactions', 'aria-label': 'Reactions' },
    ...list.map(({ emoji, count, mine, users }) =>
      el(
        'li',
        {},
        el(
          'button',
          {
            type: 'button',
            class: 'reaction',
            title: users.map(({ name }) => name).join(', '),
            'aria-pressed': String(mine),
            'aria-label': `${emoji} ${count}`,
            'data-act': `react ${emoji}`,
            disabled: !shown.rights.write,
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
