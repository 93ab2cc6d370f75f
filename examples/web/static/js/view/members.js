// Who is in the open room, and what one may do about them: only that is
// offered. What the server refuses all the same is told above the list.

import { lasts } from '../store/room.js';
import { avatar } from './avatar.js';
import { confirm, confirmFor } from './confirm.js';
import { choice } from './dialog.js';
import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { picker } from './picker.js';
import { away, dot, words } from './presence.js';

const rank = { owner: 0, admin: 1, member: 2 };
const labels = { owner: 'Owner', admin: 'Admin', member: '' };
/** @type {[string, string][]} */
const roles = [['owner', 'Owner'], ['admin', 'Admin'], ['member', 'Member']];

export class Members {
  #button = byId('people-button');
  #list = byId('people');
  #error = byId('members-error');
  #me;
  #actions;
  #shown = '';
  #unfolded = ''; // the member whose actions are shown
  /** @type {any} */
  #room = null;
  /** @type {any} */
  #rights = null;
  /** @type {any} */
  #presence;

  /** @param {{id: string, name: string}} me @param {{desk: import('../desk.js').Desk, known: () => {id: string, name: string}[]}} actions */
  constructor(me, actions) {
    this.#me = me;
    this.#actions = actions;
  }

  /** @param {number} members @param {number | undefined} here how many of those who may read the room are there, if that is known */
  count(members, here) {
    const all = members === 1 ? '1 member' : `${members} members`;
    const text = here === undefined ? all : `${all}, ${here} here`;
    if (this.#button.getAttribute('aria-label') === text) return;
    this.#button.setAttribute('aria-label', text);
    this.#button.title = text;
    const shown = here ?? members;
    fill(this.#button, icon('people'), el('span', {}, shown.toLocaleString('en'), here !== undefined && el('span', { class: 'here' }, ' here')));
  }

  /**
   * @param {import('../store/room.js').Room} room
   * @param {import('../store/rights.js').Rights} rights
   * @param {import('../store/presence.js').Presence} [presence]
   */
  show(room, rights, presence) {
    this.#presence = presence;
    this.#roll(room, rights);
    this.#mark(presence);
  }

  #roll(room, rights) {
    if (room !== this.#room) this.clear();
    this.#room = room;
    this.#rights = rights;
    const members = [...(room.roster?.values() ?? [])].sort(byRank);
    const marks = members.map(({ id }) => lasts(room.muted, id));
    const shape = JSON.stringify([room.id, room.roster === null, members, marks, this.#banned(), room.role, room.archived, room.kind, rights, this.#unfolded]);
    if (shape === this.#shown) return;
    this.#shown = shape;
    const focused = /** @type {any} */ (document.activeElement)?.dataset?.act;
    const typed = this.#list.querySelector('.picker input')?.value ?? '';
    fill(
      this.#list,
      !room.roster && el('p', { class: 'hint' }, 'Loading…'),
      el('ul', { class: 'member-list' }, ...members.map((member) => this.#member(member))),
      rights.add && this.#adding(typed),
      this.#bans(),
      this.#wayOut(),
    );
    if (focused) this.#list.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  clear() {
    this.#shown = this.#unfolded = '';
    this.#error.textContent = '';
    fill(this.#list);
  }

  /** Marks who is there. */
  #mark(presence) {
    for (const row of this.#list.querySelectorAll('.member')) {
      const present = presence?.get(row.dataset.user);
      const known = presence?.listed ?? false; // of too many nobody is listed
      const text = !known ? '' : present ? words(present) : away(presence.lastSeen(row.dataset.user));
      const [mark, line] = [row.querySelector('.dot'), row.querySelector('.member-status')];
      mark.hidden = !known;
      mark.dataset.status = present?.status ?? 'offline';
      if (line.textContent !== text) line.textContent = text;
    }
  }

  #member(member) {
    const { id, name, role } = member;
    const me = id === this.#me.id;
    const until = lasts(this.#room.muted, id);
    const open = id === this.#unfolded;
    const tools = this.#tools(member);
    const unfold = () => {
      this.#unfolded = open ? '' : id;
      this.show(this.#room, this.#rights, this.#presence);
    };
    return el(
      'li',
      { class: 'member', 'data-user': id },
      el(
        'div',
        { class: 'member-row' },
        el('span', { class: 'marked' }, avatar(member, 'avatar small'), dot('offline')),
        el('span', { class: 'member-name' }, name || id, me && el('span', { class: 'hint' }, ' (you)'), el('span', { class: 'member-status hint', dir: 'auto' })),
        until !== null && el('span', { class: 'tag warn' }, 'muted'),
        labels[role] && el('span', { class: 'tag' }, labels[role]),
        tools.length > 0 &&
          el('button', { type: 'button', class: 'icon-button', 'aria-label': `What to do about ${name || id}`, 'aria-expanded': String(open), 'data-act': `member ${id}`, onclick: unfold }, icon('more')),
      ),
      open && tools.length > 0 && el('div', { class: 'member-tools' }, ...tools),
    );
  }

  /** What the user may do about a member. */
  #tools(member) {
    const { desk } = this.#actions;
    const { id } = member;
    if (id === this.#me.id) return [];
    const name = member.name || id;
    const room = this.#room.name;
    const over = this.#rights.over(member);
    const muted = lasts(this.#room.muted, id) !== null;
    const tool = (text, act, danger = false) =>
      el('button', { type: 'button', class: danger ? 'plain danger' : 'plain', 'data-act': `${text} ${id}`, onclick: act }, text);
    return [
      this.#room.kind !== 'direct' && tool('Message', () => this.#do(desk.direct(member))),
      this.#rights.roles && this.#role(member),
      over && muted && tool('Unmute', () => this.#do(desk.unmute(member))),
      over && !muted && tool('Mute', () => confirmFor({
        title: `Mute ${name}?`, text: `${name} can go on reading ${room}, but not write in it.`, action: 'Mute', act: (seconds) => desk.mute(member, seconds),
      })),
      over && tool('Remove', () => confirm({
        title: `Remove ${name}?`, text: `${name} will no longer be in ${room}.`, action: 'Remove', act: () => desk.remove(member),
      }), true),
      over && tool('Ban', () => confirmFor({
        title: `Ban ${name}?`, text: `${name} is removed from ${room} and can neither come back nor read it.`, action: 'Ban', act: (seconds) => desk.ban(member, seconds),
      }), true),
    ].filter(Boolean);
  }

  #role(member) {
    const select = choice(roles, member.role, { class: 'field', 'aria-label': `Role of ${member.name || member.id}`, 'data-act': `role ${member.id}` });
    select.addEventListener('change', async () => {
      await this.#do(this.#actions.desk.setRole(member, select.value));
      this.#shown = ''; // a refused choice is put back
      this.show(this.#room, this.#rights, this.#presence);
    });
    return select;
  }

  #adding(typed) {
    const { node, input, refresh } = picker({
      label: 'Add somebody to this room',
      known: () => this.#actions.known().filter(({ id }) => !this.#room.roster?.has(id)),
      choose: (user) => this.#do(this.#actions.desk.add(user)),
    });
    input.dataset.act = 'add';
    input.value = typed;
    if (typed) refresh();
    return el('div', { class: 'adding' }, el('h3', {}, 'Add somebody'), node);
  }

  /** Those who are banned, as far as the log that was read here tells. */
  #banned() {
    if (!this.#rights.change) return [];
    return [...this.#room.banned.values()].filter(({ user }) => lasts(this.#room.banned, user.id) !== null).map(({ user }) => user);
  }

  #bans() {
    const users = this.#banned();
    const lift = (user) => el('button', { type: 'button', class: 'plain', 'data-act': `unban ${user.id}`, onclick: () => this.#do(this.#actions.desk.unban(user)) }, 'Unban');
    const row = (user) => el('li', { class: 'banned' }, el('span', { class: 'member-name' }, user.name || user.id), lift(user));
    return users.length > 0 && el('div', { class: 'bans' }, el('h3', {}, 'Banned'), el('ul', {}, ...users.map(row)));
  }

  #wayOut() {
    const { leave, handOn } = this.#rights;
    if (handOn) return el('p', { class: 'hint' }, 'You are the only owner. To leave, make somebody else an owner first.');
    if (!leave) return null;
    const { desk } = this.#actions;
    const go = () => {
      if (this.#room.kind === 'public') return this.#do(desk.leave());
      const alone = this.#room.members === 1;
      const text = alone ? 'Nobody will be in it then, and nobody can come back.' : 'You can only come back if somebody adds you again.';
      confirm({ title: `Leave ${this.#room.name}?`, text, action: 'Leave', act: () => desk.leave() });
    };
    return el('button', { type: 'button', class: 'leave', 'data-act': 'leave', onclick: go }, icon('leave'), 'Leave this room');
  }

  async #do(answer) {
    this.#error.textContent = '';
    try {
      await answer;
    } catch (problem) {
      this.#error.textContent = problem.message;
    }
  }
}

function byRank(a, b) {
  return rank[a.role] - rank[b.role] || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
}
